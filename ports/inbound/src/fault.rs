//! Why the server could not answer, as opposed to why it will not.

use core::time::Duration;
use epic_outbound::blobs::BlobError;
use epic_outbound::entropy::EntropyError;
use epic_outbound::hasher::HasherError;
use epic_outbound::otp::OtpError;
use epic_outbound::sealer::SealerError;
use epic_outbound::tokens::TokenError;
use epic_outbound::{Source, StoreError};

/// Why the server could not answer. The sources are for the log; no reply shows them.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// More is asked than can be done just now. Nothing happened.
    #[error("the server is overloaded")]
    Overloaded {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// Something the server needs does not answer. What was asked may or may not have happened, never by half.
    #[error("a part of the server is unavailable")]
    Unavailable(#[source] Source),
    /// The disk is full. Nothing happened.
    #[error("the server has no room left")]
    Full(#[source] Source),
    /// A stored record is damaged; an operator must look.
    #[error("a stored record is damaged")]
    Corrupt(#[source] Source),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::Full(source) => Self::Full(source),
            StoreError::Corrupt(source) => Self::Corrupt(source),
        }
    }
}

impl From<BlobError> for Fault {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Unavailable(source) => Self::Unavailable(source),
            BlobError::Full(source) => Self::Full(source),
            BlobError::Missing(source) => Self::Corrupt(source),
        }
    }
}

impl From<HasherError> for Fault {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Overloaded { retry_after } => Self::Overloaded { retry_after },
            HasherError::Unavailable(source) => Self::Unavailable(source),
        }
    }
}

impl From<SealerError> for Fault {
    fn from(error: SealerError) -> Self {
        match error {
            SealerError::Unavailable(source) => Self::Unavailable(source),
            SealerError::Corrupt(source) => Self::Corrupt(source),
        }
    }
}

impl From<EntropyError> for Fault {
    fn from(error: EntropyError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<OtpError> for Fault {
    fn from(error: OtpError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<TokenError> for Fault {
    fn from(error: TokenError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
