//! Reading a range of an object, piece by piece as it comes.

use super::bucket::{Bucket, Stream};
use super::failure::{failure, missing};
use async_trait::async_trait;
use bytes::Bytes;
use core::ops::Range;
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, BlobReader};
use futures_util::TryStreamExt as _;
use std::sync::Arc;

/// Reads a range of one blob. If the connection breaks, it asks for the rest once; again only after more has come.
pub(super) struct S3Reader {
    bucket: Arc<Bucket>,
    blob_id: BlobId,
    left: Range<u64>,
    /// Nothing once the range has been read.
    stream: Option<Stream>,
    has_asked_again: bool,
}

impl S3Reader {
    /// Asks for a range within a blob.
    pub(super) async fn open(
        bucket: Arc<Bucket>,
        blob_id: BlobId,
        range: Range<u64>,
    ) -> Result<Self, BlobError> {
        let key = bucket.names.published(blob_id);
        let stream = if range.is_empty() {
            match bucket.held_bytes(&key).await? {
                Some(held_bytes) if range.end <= held_bytes => None,
                _ => return Err(missing("there is no such range of a blob")),
            }
        } else {
            Some(bucket.get(&key, range.clone()).await?)
        };
        Ok(Self { bucket, blob_id, left: range, stream, has_asked_again: false })
    }

    /// Takes what has come off what is left. More than was asked for is an error, not more bytes.
    fn take(&mut self, bytes: Bytes) -> Result<Bytes, BlobError> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let start = self.left.start.saturating_add(len);
        if start > self.left.end {
            return Err(missing("the object is longer than it said"));
        }
        self.left.start = start;
        self.has_asked_again = false;
        Ok(bytes)
    }
}

#[async_trait]
impl BlobReader for S3Reader {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        while let Some(stream) = self.stream.as_mut() {
            let broken = match stream.try_next().await {
                Ok(Some(bytes)) if bytes.is_empty() => continue,
                Ok(Some(bytes)) => return self.take(bytes).map(Some),
                Ok(None) if self.left.is_empty() => {
                    self.stream = None;
                    break;
                }
                Ok(None) => missing("the object ended before it should"),
                Err(error) => failure(error),
            };
            if core::mem::replace(&mut self.has_asked_again, true) {
                return Err(broken);
            }
            let key = self.bucket.names.published(self.blob_id);
            self.stream = Some(self.bucket.get(&key, self.left.clone()).await?);
        }
        Ok(None)
    }
}
