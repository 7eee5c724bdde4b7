//! Where the bytes of contents are kept.

use crate::Source;
use async_trait::async_trait;
use bytes::Bytes;
use core::ops::Range;
use epic_domain::Timestamp;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;

/// Why a blob store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It does not answer now; the same call may pass later.
    #[error("the blob store is unavailable")]
    Unavailable(#[source] Source),
    /// There is no room left to write.
    #[error("the blob store has no room left")]
    Full(#[source] Source),
    /// There is no such blob, or less of it than there must be.
    #[error("the blob store does not hold what it should")]
    Missing(#[source] Source),
}

/// A blob as the blob store lists it, whole or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedBlob {
    /// The blob.
    pub blob_id: BlobId,
    /// When it was last written to, by the blob store's own clock.
    pub written_at: Timestamp,
}

/// Bytes kept under random names.
///
/// A blob is first *staged*: written piece by piece, invisible to readers. What was made durable of it survives a crash, and
/// writing goes on from there. It is then *published*, whole, and does not change any more. Names are never used twice.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Goes on writing a staged blob after the bytes that `progress` tells of. Whatever was written past them is
    /// forgotten. Only one writer of a blob may be used at a time.
    ///
    /// # Errors
    /// [`BlobError`]; [`BlobError::Missing`] when less is staged than `progress` tells of.
    async fn write(&self, blob_id: BlobId, progress: &Progress) -> Result<Box<dyn BlobWriter>, BlobError>;

    /// Makes a staged blob of exactly the bytes that `progress` tells of readable, durably and in one step. A blob that is
    /// published with that length already is left as it is: the step before it may have been cut off. A blob of no bytes need
    /// not have been staged.
    ///
    /// # Errors
    /// [`BlobError`]; the blob may or may not be published.
    async fn publish(&self, blob_id: BlobId, progress: &Progress) -> Result<(), BlobError>;

    /// Reads a range of a published blob, which must lie within it. A blob that is removed meanwhile is read to its
    /// end or breaks off with an error; other bytes never come.
    ///
    /// # Errors
    /// [`BlobError`]; [`BlobError::Missing`] when there is no such blob.
    async fn read(&self, blob_id: BlobId, range: Range<u64>) -> Result<Box<dyn BlobReader>, BlobError>;

    /// Removes a blob, staged or published. One that is gone already is fine.
    ///
    /// # Errors
    /// [`BlobError`]; the blob may or may not be gone.
    async fn remove(&self, blob_id: BlobId, stage: &StageState) -> Result<(), BlobError>;

    /// The blobs, staged and published, whose id begins with the byte `shelf`.
    ///
    /// # Errors
    /// [`BlobError`].
    async fn on_shelf(&self, shelf: u8) -> Result<Vec<ListedBlob>, BlobError>;

    /// Whether the blob store answers.
    ///
    /// # Errors
    /// [`BlobError`] when it does not.
    async fn check(&self) -> Result<(), BlobError>;
}

/// Writes a staged blob. What is dropped without [`BlobWriter::persist`] is forgotten.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait BlobWriter: Send {
    /// Adds bytes. They may wait in memory, at most as many as a bounded buffer holds.
    ///
    /// # Errors
    /// [`BlobError`]; the writer must not be used any more.
    async fn append(&mut self, bytes: Bytes) -> Result<(), BlobError>;

    /// Makes everything added so far durable, and returns what is to be known to go on from there.
    ///
    /// # Errors
    /// [`BlobError`]; the writer must not be used any more.
    async fn persist(&mut self) -> Result<StageState, BlobError>;
}

/// Reads a range of a blob.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait BlobReader: Send {
    /// The next bytes, some hundred KiB at most; `None` at the end of the range, and only there.
    ///
    /// # Errors
    /// [`BlobError`] when the rest cannot be read.
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError>;
}
