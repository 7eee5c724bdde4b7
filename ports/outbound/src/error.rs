//! The error of every port that keeps something.

use std::error::Error;

/// What went wrong underneath. Its text is for the log, never for a reply, and carries no stored value.
pub type Source = Box<dyn Error + Send + Sync + 'static>;

/// Why a store could not do what it was asked. In every case nothing was changed, unless the call says otherwise.
///
/// The storage ports share it: they live in one database and fail in the same ways (ADR 0002).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store does not answer now; the same call may pass later.
    #[error("the store is unavailable")]
    Unavailable(#[source] Source),
    /// There is no room left to write.
    #[error("the store has no room left")]
    Full(#[source] Source),
    /// What is stored is not what was written.
    #[error("the store holds a damaged record")]
    Corrupt(#[source] Source),
}
