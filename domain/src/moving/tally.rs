//! Records counted and hashed in their order.

use super::RecordHash;
use sha2::{Digest, Sha256};

/// How many records there were, and a hash over their hashes in their order.
#[derive(Debug, Clone)]
pub struct Tally {
    count: u64,
    hasher: Sha256,
}

impl Tally {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self { count: 0, hasher: Sha256::new_with_prefix(b"epic/v1/records\0") }
    }

    /// Adds the next record.
    pub fn add(&mut self, hash: &RecordHash) {
        self.count = self.count.saturating_add(1);
        self.hasher.update(hash.as_bytes());
    }

    /// How many there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The SHA-256 over them.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.hasher.clone().finalize().into()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Tally {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.digest() == other.digest()
    }
}

impl Eq for Tally {}
