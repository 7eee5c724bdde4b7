//! Sealed passes: short texts by which the server recognises what it has handed out itself.

use crate::Source;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::secret::SecretText;
use epic_domain::user::Version;

/// Why a pass could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the pass could not be made")]
pub struct PassError(#[source] pub Source);

/// What a pass is for. One kind is never taken for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassKind {
    /// A device on which its user has signed in before.
    KnownDevice,
    /// A recovery that has been proved and not completed.
    Recovery,
}

/// What a pass says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// What it is for.
    pub kind: PassKind,
    /// Whose it is.
    pub user_id: UserId,
    /// The version the account had when it was made.
    pub version: Version,
    /// The first instant at which it is no longer valid; judged by the use case.
    pub expires_at: Timestamp,
}

/// Makes and reads passes: encrypted and authenticated, so that their holder learns nothing from them.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Passes: Send + Sync {
    /// The text of a pass.
    ///
    /// # Errors
    /// [`PassError`].
    fn issue(&self, pass: &Pass) -> Result<SecretText, PassError>;

    /// What a text says, if it is a pass of this server's of this kind.
    fn read(&self, kind: PassKind, text: &str) -> Option<Pass>;
}
