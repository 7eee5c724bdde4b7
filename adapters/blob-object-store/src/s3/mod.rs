//! Blobs as objects in a bucket of Amazon S3 or of a service that speaks its protocol.
//!
//! A blob goes there as the parts of a multipart upload. A part is sent when it is whole; what comes after the last whole part is
//! put away as an object of its own, the *tail*, whenever it is to be durable, and is fetched back by the next writer. The tail
//! before that stays too, for a caller whose own record of the newer one got lost: writing goes on from the last or the last but
//! one progress. A blob that is smaller than a part is only a tail, and becomes published by a copy within the bucket.
//!
//! Keys, below the prefix:
//!
//! | key | what |
//! |---|---|
//! | `ab/cd/<id>` | a published blob |
//! | `staging/ab/<id>/tail-…` | the bytes after the last whole part |
//! | `staging/ab/<id>/multipart-…` | a note that holds the id of a multipart upload |
//!
//! The notes are there because nothing else finds a multipart upload that nobody knows any more. One that was begun a moment
//! before a crash has no note yet. So give the bucket a lifecycle rule that aborts incomplete multipart uploads
//! (`AbortIncompleteMultipartUpload`) some days after uploads expire here: with uploads that may rest for a day, seven days are
//! plenty. No other rule may touch the prefix.
//!
//! The server's identity needs `s3:ListBucket` on the bucket, and `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` and
//! `s3:AbortMultipartUpload` on its objects.

mod bucket;
mod failure;
mod names;
mod parts;
mod publishing;
mod reader;
mod settings;
mod shelf;
mod stage;
mod writer;

pub use settings::{S3Credentials, S3Settings, S3SettingsError};

use async_trait::async_trait;
use bucket::Bucket;
use core::ops::Range;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, BlobReader, BlobWriter, Blobs, ListedBlob};
use reader::S3Reader;
use std::sync::Arc;
use writer::S3Writer;

/// Blobs in a bucket.
#[derive(Debug)]
pub struct S3Blobs {
    bucket: Arc<Bucket>,
}

impl S3Blobs {
    /// Takes the settings over. Nothing is sent: whether the bucket answers, [`Blobs::check`] tells.
    ///
    /// # Errors
    /// [`S3SettingsError`] when the settings contradict themselves or name no way in.
    pub fn open(settings: &S3Settings) -> Result<Self, S3SettingsError> {
        Ok(Self { bucket: Arc::new(Bucket::open(settings)?) })
    }
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn write(&self, blob_id: BlobId, progress: &Progress) -> Result<Box<dyn BlobWriter>, BlobError> {
        Ok(Box::new(S3Writer::open(Arc::clone(&self.bucket), blob_id, progress).await?))
    }

    async fn publish(&self, blob_id: BlobId, progress: &Progress) -> Result<(), BlobError> {
        publishing::publish(&self.bucket, blob_id, progress).await
    }

    async fn read(&self, blob_id: BlobId, range: Range<u64>) -> Result<Box<dyn BlobReader>, BlobError> {
        Ok(Box::new(S3Reader::open(Arc::clone(&self.bucket), blob_id, range).await?))
    }

    async fn remove(&self, blob_id: BlobId, stage: &StageState) -> Result<(), BlobError> {
        publishing::remove(&self.bucket, blob_id, stage).await
    }

    async fn on_shelf(&self, shelf: u8) -> Result<Vec<ListedBlob>, BlobError> {
        shelf::list(&self.bucket, shelf).await
    }

    async fn check(&self) -> Result<(), BlobError> {
        self.bucket.check().await
    }
}
