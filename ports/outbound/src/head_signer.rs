//! The signature under the audit log.

use crate::Source;
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, SignedHead};

/// Why a head could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the audit head could not be signed")]
pub struct HeadSignerError(#[source] pub Source);

/// Signs where the audit chain stands (Ed25519, RFC 8032), and checks such signatures.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait HeadSigner: Send + Sync {
    /// The anchor under the server's signature.
    ///
    /// # Errors
    /// [`HeadSignerError`].
    fn sign(&self, anchor: Anchor, at: Timestamp) -> Result<SignedHead, HeadSignerError>;

    /// Whether the signature is this server's and covers what the head says.
    fn is_genuine(&self, head: &SignedHead) -> bool;
}
