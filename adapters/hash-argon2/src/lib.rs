//! Argon2id for auth keys (RFC 9106), bounded in memory and concurrency.
//!
//! What is stored is `Argon2id(HMAC-SHA256(pepper, auth_key))` in PHC form: a stolen store alone, without the pepper,
//! cannot even be guessed against. Each of a fixed number of slots computes one hash at a time in memory that is kept
//! and used again; past a bounded queue a call is refused instead of made to wait for ever.

pub mod client_kdf;
mod cost;
mod hasher;
mod memory;
mod pepper;
mod settings;
mod slots;
mod stored;

pub use cost::{Argon2Cost, CostRefused};
pub use hasher::Argon2Hasher;
pub use settings::HasherSettings;
pub use slots::HasherStats;
