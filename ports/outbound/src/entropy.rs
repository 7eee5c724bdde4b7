//! Randomness.

use crate::Source;

/// The source of randomness failed. Whatever needed it must fail too: there is no second best.
#[derive(Debug, thiserror::Error)]
#[error("no randomness is available")]
pub struct EntropyError(#[source] pub Source);

/// Cryptographically secure randomness.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with fresh random bytes.
    ///
    /// # Errors
    /// [`EntropyError`] when the system gives none; the buffer must not be used then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

/// Fresh random bytes by value.
///
/// # Errors
/// [`EntropyError`] when the system gives none.
pub fn random_bytes<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}
