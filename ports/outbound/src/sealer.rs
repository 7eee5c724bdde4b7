//! Secrets at rest.

use crate::Source;
use epic_domain::file::LinkToken;
use epic_domain::id::{LinkId, UserId};
use epic_domain::user::{SealedSecret, TotpSecret};

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealerError {
    /// No randomness, or the cipher failed.
    #[error("the secret could not be sealed")]
    Unavailable(#[source] Source),
    /// The envelope is damaged, belongs to another user or field, or is under a key this server does not have.
    #[error("the sealed secret does not open")]
    Corrupt(#[source] Source),
}

/// Seals secrets under a server key, bound to the record and field they belong to: a sealed secret moved to another
/// record does not open.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Seals a TOTP secret.
    ///
    /// # Errors
    /// [`SealerError::Unavailable`].
    fn seal_totp(&self, user_id: UserId, secret: &TotpSecret) -> Result<SealedSecret, SealerError>;

    /// Opens a sealed TOTP secret.
    ///
    /// # Errors
    /// [`SealerError::Corrupt`].
    fn open_totp(&self, user_id: UserId, sealed: &SealedSecret) -> Result<TotpSecret, SealerError>;

    /// Seals the token of a link, for the reply that may have to be given again.
    ///
    /// # Errors
    /// [`SealerError::Unavailable`].
    fn seal_link_token(&self, link_id: LinkId, token: &LinkToken) -> Result<SealedSecret, SealerError>;

    /// Opens the sealed token of a link.
    ///
    /// # Errors
    /// [`SealerError::Corrupt`].
    fn open_link_token(&self, link_id: LinkId, sealed: &SealedSecret) -> Result<LinkToken, SealerError>;
}
