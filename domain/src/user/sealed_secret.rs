//! A server-side secret as the store keeps it.

use crate::Invalid;
use core::fmt;

/// Ciphertext made by the sealer, with whatever the sealer needs to open it again; at most 512 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(Box<[u8]>);

impl SealedSecret {
    /// Takes an envelope over.
    ///
    /// # Errors
    /// [`Invalid`] when it is empty or longer than 512 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        if (1..=512).contains(&bytes.len()) {
            Ok(Self(bytes.into()))
        } else {
            Err(Invalid::new("invalid_length", "must be 1 to 512 bytes"))
        }
    }

    /// The envelope.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedSecret({} bytes)", self.0.len())
    }
}
