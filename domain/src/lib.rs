//! The pure core of EPIC Server: what is a valid value, what may follow what, and who may do how much.
//!
//! Nothing here awaits, reads a clock, draws a random number or touches a disk: time and randomness arrive as
//! arguments, so every rule can be replayed and tested as a function.

pub mod audit;
pub mod decoy;
pub mod file;
pub mod id;
pub mod introspection;
pub mod invalid;
pub mod key_id;
pub mod moving;
pub mod network;
pub mod rate_limit;
pub mod secret;
pub mod session;
pub mod timestamp;
pub mod user;

pub use invalid::Invalid;
pub use timestamp::{Monotonic, Timestamp};
