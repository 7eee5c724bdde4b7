//! The name of a server key, as tokens (`kid`, RFC 7515 section 4.1.4) and sealed values carry it.

use crate::Invalid;
use core::fmt;

/// 1 to 32 characters of `[A-Za-z0-9._-]`: safe in a header, a file and a log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// Parses a key id.
    ///
    /// # Errors
    /// [`Invalid`] for another length or alphabet.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=32).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("invalid_key_id", "must be 1 to 32 characters of A-Z a-z 0-9 . _ -"))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
