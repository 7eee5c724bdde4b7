//! Values that must not be printed and do not stay in memory.

use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret of exactly `N` bytes: wiped when dropped, silent in `Debug`, compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Takes the bytes over; the caller's copy is wiped.
    #[must_use]
    pub fn new(mut bytes: [u8; N]) -> Self {
        let secret = Self(Box::new(bytes));
        bytes.zeroize();
        secret
    }

    /// Parses a secret from a slice.
    ///
    /// # Errors
    /// [`Invalid`](crate::Invalid) when the slice is not exactly `N` bytes long.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, crate::Invalid> {
        let array: &[u8; N] =
            bytes.try_into().map_err(|_| crate::Invalid::new("invalid_length", "has the wrong length"))?;
        Ok(Self(Box::new(*array)))
    }

    /// The bytes, for the one place that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

/// A secret text such as a token or an otpauth URI: wiped when dropped, silent in `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the text over.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", Secret::new([7_u8; 4])), "Secret(redacted)");
        assert_eq!(format!("{:?}", SecretText::new("token".into())), "SecretText(redacted)");
    }

    #[test]
    fn a_slice_of_another_length_is_refused() {
        assert!(Secret::<4>::from_slice(&[0; 3]).is_err());
        assert!(Secret::<4>::from_slice(&[0; 5]).is_err());
        assert_eq!(Secret::<4>::from_slice(&[1; 4]), Ok(Secret::new([1; 4])));
    }
}
