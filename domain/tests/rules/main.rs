//! The domain's rules against models too simple to be wrong, over random values and histories.

mod audit_chain;
mod refresh_family;
mod status;
mod usernames;
mod values;
mod windows;
