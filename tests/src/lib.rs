//! The contract kit that every adapter passes, in-memory fakes that pass it too, and builders of sample values.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test kit fails by panicking"
)]

pub mod builders;
pub mod contract;
pub mod fakes;
pub mod steps;
