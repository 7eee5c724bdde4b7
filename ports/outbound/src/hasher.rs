//! Slow hashes of auth keys, and keyed digests of recovery codes.

use crate::Source;
use async_trait::async_trait;
use core::time::Duration;
use epic_domain::id::UserId;
use epic_domain::user::{AuthKey, AuthKeyHash, RecoveryCode, RecoveryCodeDigest};

/// Why a hash could not be made or checked.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many are waiting already. Nothing was computed.
    #[error("too many hashes are waiting")]
    Overloaded {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The computation itself failed, for lack of memory for example.
    #[error("the hash could not be computed")]
    Unavailable(#[source] Source),
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The key is the one that was hashed.
    Match {
        /// Whether the hash was made with weaker parameters than new ones are.
        outdated: bool,
    },
    /// It is not, or there was no hash to compare with.
    Mismatch,
}

/// Hashes auth keys so slowly that guessing does not pay, with a bound on how many run at once.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Hasher: Send + Sync {
    /// Hashes a key with a fresh salt.
    ///
    /// # Errors
    /// [`HasherError`] when it is overloaded or fails.
    async fn hash(&self, auth_key: &AuthKey) -> Result<AuthKeyHash, HasherError>;

    /// Checks a key against a stored hash. Without one it does the same work against a dummy and finds a mismatch, so
    /// that a name nobody has takes as long as one somebody has.
    ///
    /// # Errors
    /// [`HasherError`] when it is overloaded or fails.
    async fn verify(
        &self,
        auth_key: &AuthKey,
        stored: Option<AuthKeyHash>,
    ) -> Result<Verification, HasherError>;

    /// The digest under which a user's recovery code is stored: keyed, so that it says nothing without the server's
    /// key, and bound to the user.
    fn recovery_code_digest(&self, user_id: UserId, code: &RecoveryCode) -> RecoveryCodeDigest;
}
