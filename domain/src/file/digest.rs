//! SHA-256 over content that arrives in pieces, over days and restarts.

use crate::Invalid;
use core::fmt;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};

/// The SHA-256 of a content (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses a digest.
    ///
    /// # Errors
    /// [`Invalid`] unless it has 32 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let bytes = bytes.try_into().map_err(|_| Invalid::new("invalid_length", "must be 32 bytes"))?;
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ContentDigest(..)")
    }
}

/// A SHA-256 under way, which can be put away and taken up again.
#[derive(Clone)]
pub struct ContentHasher(Sha256);

impl ContentHasher {
    /// Nothing hashed yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// Takes up a hash that [`ContentHasher::state`] put away.
    ///
    /// # Errors
    /// [`Invalid`] when the bytes are not such a state.
    pub fn resume(state: &[u8]) -> Result<Self, Invalid> {
        let refused = Invalid::new("invalid_state", "must be the state of a hash");
        let state = SerializedState::<Sha256>::try_from(state).map_err(|_| refused)?;
        Sha256::deserialize(&state).map(Self).map_err(|_| refused)
    }

    /// The state so far.
    #[must_use]
    pub fn state(&self) -> Box<[u8]> {
        self.0.serialize().as_slice().into()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of everything added.
    #[must_use]
    pub fn finish(self) -> ContentDigest {
        ContentDigest(self.0.finalize().into())
    }
}

impl Default for ContentHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ContentHasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ContentHasher(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_taken_up_at_any_byte_ends_in_the_same_digest() {
        let content: Vec<u8> = (0..=255).collect();
        let whole: [u8; 32] = Sha256::digest(&content).into();
        for cut in 0..content.len() {
            let mut first = ContentHasher::new();
            first.update(&content[..cut]);
            let mut second = ContentHasher::resume(&first.state()).unwrap();
            second.update(&content[cut..]);
            assert_eq!(second.finish().as_bytes(), &whole, "{cut}");
        }
    }

    #[test]
    fn what_is_not_a_state_is_refused() {
        assert!(ContentHasher::resume(&[]).is_err());
        assert!(ContentHasher::resume(&[0xFF; 105]).is_err());
        assert!(ContentHasher::resume(&[0; 32]).is_err());
    }
}
