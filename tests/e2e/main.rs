//! The server as its users meet it: the binary, its flows over HTTP, and what a crash leaves.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod durability;
mod files;
mod flows;
mod nodes;
