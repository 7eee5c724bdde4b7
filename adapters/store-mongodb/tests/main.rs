//! The store on MongoDB, from outside.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod chain_end;
mod connection_strings;
mod contract;
mod faults;
mod feed;
mod file_damage;
mod limiter;
mod moving;
mod nodes;
mod nodes_files;
mod nodes_shares;
mod opening;
mod secured;
mod support;
