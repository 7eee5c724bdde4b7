//! Codes that stand in for the authenticator, each used once.

use crate::Invalid;
use crate::secret::Secret;

/// Letters and digits that are not mistaken for each other (no l, o, 0, 1): 32 of them, 5 bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const CHARACTERS: usize = 12;

/// A code `xxxx-xxxx-xxxx` of 60 random bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCode(Secret<CHARACTERS>);

impl RecoveryCode {
    /// Codes in a set.
    pub const PER_SET: usize = 10;

    /// A code from random bytes; the low five bits of each are used.
    #[must_use]
    pub fn from_randomness(randomness: &[u8; CHARACTERS]) -> Self {
        Self(Secret::new(randomness.map(|byte| {
            let index = usize::from(byte) % ALPHABET.len();
            ALPHABET.get(index).copied().unwrap_or(b'a')
        })))
    }

    /// Parses `xxxx-xxxx-xxxx`; upper case is folded, since people type these by hand.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_otp`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refused = Invalid::new("invalid_otp", "must be a recovery code xxxx-xxxx-xxxx");
        let groups: Vec<&str> = text.split('-').collect();
        if text.len() != CHARACTERS + 2 || groups.len() != 3 || groups.iter().any(|group| group.len() != 4) {
            return Err(refused);
        }
        let letters: Vec<u8> =
            groups.iter().flat_map(|group| group.bytes()).map(|byte| byte.to_ascii_lowercase()).collect();
        if !letters.iter().all(|byte| ALPHABET.contains(byte)) {
            return Err(refused);
        }
        Secret::from_slice(&letters).map(Self).map_err(|_| refused)
    }

    /// The twelve characters without their hyphens, for hashing.
    #[must_use]
    pub fn expose(&self) -> &[u8; CHARACTERS] {
        self.0.expose()
    }

    /// The code as a person reads it, for the one reply that hands it over.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut text = String::with_capacity(CHARACTERS + 2);
        for (index, byte) in self.0.expose().iter().enumerate() {
            if index > 0 && index % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(*byte));
        }
        text
    }
}

/// What the store keeps of a recovery code: a keyed digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecoveryCodeDigest([u8; 32]);

impl RecoveryCodeDigest {
    /// The digest with these bytes.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_round_trips_through_what_a_person_types() {
        let code = RecoveryCode::from_randomness(&[0, 31, 32, 255, 5, 6, 7, 8, 9, 10, 11, 12]);
        assert_eq!(RecoveryCode::parse(&code.reveal()), Ok(code.clone()));
        assert_eq!(RecoveryCode::parse(&code.reveal().to_uppercase()), Ok(code));
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            "",
            "abcd-efgh",
            "abcd-efgh-ijk",
            "abcdefghijkm",
            "ab-cdefgh-ijkm",
            "abcd-efgh-ijk0",
            "abcd-efgh-ijké",
        ] {
            assert!(RecoveryCode::parse(text).is_err(), "{text:?}");
        }
    }
}
