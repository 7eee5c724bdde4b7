//! Writing a blob into the bucket: whole parts as they fill, and the tail when it is to be durable.

use super::bucket::Bucket;
use super::stage::{Stage, Tail};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, BlobWriter};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Writes one blob, in memory one part.
#[derive(Debug)]
pub(super) struct S3Writer {
    bucket: Arc<Bucket>,
    blob_id: BlobId,
    /// The whole parts that have arrived, and the tail that was put away last.
    stage: Stage,
    /// What comes after the whole parts, durable or not.
    part: BytesMut,
    /// A call failed or was given up half-way: nobody knows any more what has arrived.
    is_broken: bool,
    _place: OwnedSemaphorePermit,
}

impl S3Writer {
    /// A writer that goes on where `progress` ends.
    pub(super) async fn open(
        bucket: Arc<Bucket>,
        blob_id: BlobId,
        progress: &Progress,
    ) -> Result<Self, BlobError> {
        let stage = Stage::of(progress, bucket.part_bytes)?;
        let place = bucket.place().await?;
        let mut part = BytesMut::new();
        if let Some(tail) = &stage.tail {
            part.extend_from_slice(&bucket.get_tail(blob_id, tail).await?);
        }
        Ok(Self { bucket, blob_id, stage, part, is_broken: false, _place: place })
    }

    fn begin(&mut self) -> Result<(), BlobError> {
        if core::mem::replace(&mut self.is_broken, true) {
            return Err(BlobError::Unavailable("an earlier write was broken off".into()));
        }
        Ok(())
    }

    fn room_bytes(&self) -> usize {
        usize::try_from(self.stage.part_bytes).unwrap_or(usize::MAX).saturating_sub(self.part.len())
    }

    /// Sends the part, which is whole.
    async fn send_part(&mut self) -> Result<(), BlobError> {
        let multipart_id = match &self.stage.multipart_id {
            Some(multipart_id) => multipart_id,
            None => self.stage.multipart_id.insert(self.bucket.begin_multipart(self.blob_id).await?),
        };
        let bytes = self.part.split().freeze();
        let index = self.stage.parts.len();
        let part = self.bucket.put_part(self.blob_id, multipart_id, index, bytes).await?;
        self.stage.parts.push(part);
        Ok(())
    }

    /// The tail that has to be put away, if there is one.
    fn tail(&self) -> Option<Tail> {
        let part_bytes = u64::try_from(self.part.len()).unwrap_or(u64::MAX);
        let end_bytes = self.stage.parts_bytes().saturating_add(part_bytes);
        (part_bytes > 0).then(|| Tail { end_bytes, digest: Sha256::digest(&self.part).into() })
    }

    /// Puts the tail away, and forgets the one before the last: nobody has to go back to that any more.
    async fn send_tail(&mut self, tail: Option<Tail>) -> Result<(), BlobError> {
        if let Some(tail) = &tail {
            let key = self.bucket.names.tail(self.blob_id, tail);
            self.bucket.put(&key, Bytes::copy_from_slice(&self.part)).await?;
        }
        let last = core::mem::replace(&mut self.stage.tail, tail);
        if let Some(forgotten) = core::mem::replace(&mut self.stage.earlier_tail, last) {
            let key = self.bucket.names.tail(self.blob_id, &forgotten);
            if let Err(error) = self.bucket.delete(&key).await {
                tracing::debug!(
                    ?error,
                    "a tail that nobody needs stays until the blob is published or removed"
                );
            }
        }
        Ok(())
    }
}

#[async_trait]
impl BlobWriter for S3Writer {
    async fn append(&mut self, mut bytes: Bytes) -> Result<(), BlobError> {
        self.begin()?;
        while !bytes.is_empty() {
            let taken = bytes.split_to(self.room_bytes().min(bytes.len()));
            self.part.extend_from_slice(&taken);
            if self.room_bytes() == 0 {
                self.send_part().await?;
            }
        }
        self.is_broken = false;
        Ok(())
    }

    async fn persist(&mut self) -> Result<StageState, BlobError> {
        self.begin()?;
        let tail = self.tail();
        if tail != self.stage.tail {
            self.send_tail(tail).await?;
        }
        let state = self.stage.encode().ok_or_else(|| {
            BlobError::Unavailable("the service's names are too long to be put away".into())
        })?;
        self.is_broken = false;
        Ok(state)
    }
}
