//! The use cases, on doubles for faults, counts and order, and on fakes for behaviour.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod audit_trail;
mod authenticate;
mod change_credentials;
mod cut_short;
mod delete_account;
mod device_pass;
mod entry_limits;
mod files;
mod fresh;
mod gate;
mod guessing;
mod held_codes;
mod housekeeping;
mod introspect;
mod life;
mod meanwhile;
mod node_sync;
mod nodes;
mod own_sessions;
mod public_keys;
mod readiness;
mod recover;
mod recovery_codes;
mod recovery_key;
mod refresh;
mod register;
mod rehash;
mod replace_totp;
mod request_ids;
mod salts;
mod session_cap;
mod sign_in;
mod sign_in_order;
mod sign_out;
mod step_up;
mod support;
mod wall_clock;
