//! One content of a file: the bytes as they were written at one time.

use super::{ContentDigest, EncryptedDataKey};
use crate::Timestamp;
use crate::id::{BlobId, UserId};

/// Counts the contents of a file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentNumber(u32);

impl ContentNumber {
    /// The first.
    pub const FIRST: Self = Self(1);

    /// The number as stored or written by a client.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A whole, durable content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Which of the file's contents it is.
    pub number: ContentNumber,
    /// Where its bytes are.
    pub blob_id: BlobId,
    /// How many there are.
    pub size_bytes: u64,
    /// Their SHA-256.
    pub digest: ContentDigest,
    /// The key it is under, wrapped for the file's owner.
    pub encrypted_data_key: EncryptedDataKey,
    /// Who wrote it: the owner, or someone with a share that may write.
    pub written_by: UserId,
    /// When it became whole.
    pub written_at: Timestamp,
}
