//! Signed tokens.

use crate::Source;
use epic_domain::key_id::KeyId;
use epic_domain::secret::SecretText;
use epic_domain::session::Claims;
use std::sync::Arc;

/// Why a token could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It was not made by this server, or is malformed. Nothing in it may be believed.
    #[error("the token is not genuine")]
    NotGenuine,
    /// The key that should sign is gone, or signing failed.
    #[error("the token could not be signed")]
    Unavailable(#[source] Source),
}

/// A key by which anyone can check this server's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    /// Its id, as tokens carry it.
    pub key_id: KeyId,
    /// The Ed25519 public key (RFC 8032).
    pub ed25519: [u8; 32],
}

/// Makes and reads tokens. A token read is genuine and well formed; whether it is still valid, and for what, the
/// domain judges from its claims.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Tokens: Send + Sync {
    /// The id of the key that signs new tokens.
    fn signing_key_id(&self) -> KeyId;

    /// The token that says `claims`, signed with `key_id`. The same claims and key give the same token, byte for byte.
    ///
    /// # Errors
    /// [`TokenError::Unavailable`].
    fn issue(&self, claims: &Claims, key_id: &KeyId) -> Result<SecretText, TokenError>;

    /// The public keys by which others can check tokens, the signing one first; none when the keys are secret.
    fn verifying_keys(&self) -> Vec<VerifyingKey>;

    /// The claims of a genuine token.
    ///
    /// # Errors
    /// [`TokenError::NotGenuine`].
    fn read(&self, token: &str) -> Result<Arc<Claims>, TokenError>;
}
