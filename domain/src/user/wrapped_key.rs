//! Keys the client has wrapped: opaque to the server.

use crate::Invalid;
use core::fmt;

/// 40 to 512 opaque bytes: a key under a key the server never sees.
///
/// The floor is what an AEAD nonce and tag leave no room below.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(Box<[u8]>);

impl WrappedKey {
    /// Parses a wrapped key.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_length`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        if (40..=512).contains(&bytes.len()) {
            Ok(Self(bytes.into()))
        } else {
            Err(Invalid::new("invalid_length", "must be 40 to 512 bytes"))
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WrappedKey({} bytes)", self.0.len())
    }
}
