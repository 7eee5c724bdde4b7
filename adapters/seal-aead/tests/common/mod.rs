//! Helpers: keys, and sources of randomness that can be foreseen.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]
#![allow(dead_code, reason = "each test file uses some of the helpers")]

use epic_domain::id::UserId;
use epic_domain::key_id::KeyId;
use epic_domain::secret::Secret;
use epic_outbound::entropy::{Entropy, EntropyError};
use epic_seal_aead::SealingKey;
use std::sync::atomic::{AtomicU8, Ordering};

/// Gives other bytes with every call.
#[derive(Default)]
pub(crate) struct CountingEntropy(AtomicU8);

impl Entropy for CountingEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

pub(crate) struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError("none today".into()))
    }
}

pub(crate) fn key(id: &str, byte: u8) -> SealingKey {
    SealingKey::new(KeyId::parse(id).unwrap(), &Secret::new([byte; 32]))
}

pub(crate) fn user(byte: u8) -> UserId {
    UserId::from_bytes([byte; 16])
}
