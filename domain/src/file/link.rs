//! A link: whoever holds its token may fetch a file, for a time and a number of times.

use crate::id::{FileId, LinkId, UserId};
use crate::secret::Secret;
use crate::{Invalid, Timestamp};
use core::fmt;
use sha2::{Digest, Sha256};

/// The secret in a link's address: 32 random bytes. The server keeps its digest alone.
#[derive(Clone)]
pub struct LinkToken(Secret<32>);

impl LinkToken {
    /// The token with these bytes.
    #[must_use]
    pub const fn new(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// Parses a token.
    ///
    /// # Errors
    /// [`Invalid`] unless it has 32 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        Secret::from_slice(bytes).map(Self)
    }

    /// The bytes, for the one reply that hands them over.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// What the server keeps of it. The token has 256 random bits, so a plain hash is enough.
    #[must_use]
    pub fn digest(&self) -> LinkTokenDigest {
        let mut hasher = Sha256::new();
        hasher.update(b"epic/v1/link-token\0");
        hasher.update(self.0.expose());
        LinkTokenDigest(hasher.finalize().into())
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LinkToken(redacted)")
    }
}

/// The digest of a link's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkTokenDigest([u8; 32]);

impl LinkTokenDigest {
    /// The stored digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A link to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The link.
    pub id: LinkId,
    /// The file.
    pub file_id: FileId,
    /// Whose file it is.
    pub owner: UserId,
    /// The digest of the token that opens it.
    pub token_digest: LinkTokenDigest,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
    /// How many downloads it allows, if not any number.
    pub max_downloads: Option<u32>,
    /// How many there have been.
    pub downloads: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Link {
    /// The most links a file may have.
    pub const PER_FILE_MAX: u32 = 100;

    /// Whether it still opens the file at `now`.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
            && self.max_downloads.is_none_or(|most| self.downloads < most)
    }
}
