//! The key that proves the password, and what the server keeps of it.

use crate::Invalid;
use crate::secret::Secret;
use core::fmt;

/// The 32 bytes the client derives from the password. The server sees them in transit and keeps only a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthKey(Secret<32>);

impl AuthKey {
    /// Parses an auth key.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_length` when it is not 32 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        Secret::from_slice(bytes)
            .map(Self)
            .map_err(|_| Invalid::new("invalid_length", "must be exactly 32 bytes"))
    }

    /// The bytes, for hashing.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// The stored hash of an auth key in PHC string form (`$argon2id$v=19$m=…`).
#[derive(Clone, PartialEq, Eq)]
pub struct AuthKeyHash(String);

impl AuthKeyHash {
    /// Parses a stored hash.
    ///
    /// # Errors
    /// [`Invalid`] when it is not an Argon2id PHC string of at most 256 characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() <= 256
            && text.starts_with("$argon2id$")
            && text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("invalid_hash", "must be an Argon2id PHC string"))
        }
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthKeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthKeyHash(redacted)")
    }
}
