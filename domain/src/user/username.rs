//! The name an account signs in with.

use crate::Invalid;
use core::fmt;

/// 3 to 32 characters of `[a-z0-9._-]`, the first a letter or digit.
///
/// Parsing folds ASCII upper case and nothing else: every other character that looks like a letter is refused, so
/// that no two names a person could confuse by case are two accounts (compare RFC 8265, section 3.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

impl Username {
    /// The fewest characters.
    pub const LENGTH_MIN: usize = 3;
    /// The most characters.
    pub const LENGTH_MAX: usize = 32;

    /// Parses a name into its canonical, lower-case form.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_length` or `invalid_characters`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        // Length in bytes first: a long hostile text is refused without being walked.
        if !(Self::LENGTH_MIN..=Self::LENGTH_MAX).contains(&text.len()) {
            return Err(Invalid::new("invalid_length", "must be 3 to 32 characters"));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let starts_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !starts_well || !text.bytes().all(allowed) {
            return Err(Invalid::new(
                "invalid_characters",
                "must be of A-Z a-z 0-9 . _ - and start with a letter or digit",
            ));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
