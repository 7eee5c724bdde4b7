//! The use cases, on doubles for faults, counts and order, and on fakes for behaviour.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod authenticate;
mod cut_short;
mod gate;
mod held_codes;
mod housekeeping;
mod life;
mod readiness;
mod refresh;
mod register;
mod request_ids;
mod salts;
mod sign_in;
mod sign_in_order;
mod sign_out;
mod support;
mod wall_clock;
