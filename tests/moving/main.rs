//! Moving house: from store to store, cut off and gone on with, compared, and by the command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod command;
mod hindered;
mod house;
mod use_case;

#[path = "../support/mod.rs"]
mod support;
