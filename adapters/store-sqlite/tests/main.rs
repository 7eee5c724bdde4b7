//! The store on SQLite, from outside.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod account_removal;
mod contract;
mod file_damage;
mod moving;
mod opening;
mod restart;
