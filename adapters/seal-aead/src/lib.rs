//! Secrets at rest and sealed passes under XChaCha20-Poly1305, with rotating keys.
//!
//! An envelope is `version (1) · key id length (1) · key id · nonce (24) · ciphertext and tag`. The associated data
//! names version, purpose and key, so an envelope opens for what it was made alone. Nonces are random: 192 bits make a
//! repetition under one key impossible in practice.
//!
//! To rotate, put a new key in front and keep the old ones: the new one seals, all of them open. What was sealed at rest
//! needs its key for as long as it lies there; a pass needs it until it expires.

mod envelope;
mod keys;
mod passes;
mod sealer;
mod vault;

pub use keys::{KeysRefused, SealingKey};
pub use passes::{AeadPasses, PASS_TEXT_MAX};
pub use sealer::AeadSealer;
