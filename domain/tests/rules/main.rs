//! The domain's rules against models too simple to be wrong, over random values and histories.

mod audit_chain;
mod file_access;
mod file_changes;
mod file_values;
mod quota;
mod refresh_family;
mod status;
mod usernames;
mod values;
mod windows;
