//! Attack and fault cases, each test named by the id under which SECURITY.md lists it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

#[path = "../support/mod.rs"]
mod support;

mod access_tokens;
mod account_changes;
mod bad_input;
mod enumeration;
mod files;
mod floods;
mod http_layer;
mod limits;
mod one_time_codes;
mod operators;
mod own_sessions;
mod races;
mod recovery;
mod secrets;
mod services;
mod sessions;
