//! The bucket: single requests, with the errors of the port.

use super::failure::{failure, is_gone, missing};
use super::names::Names;
use super::settings::{S3Settings, S3SettingsError};
use super::stage::Tail;
use bytes::Bytes;
use core::ops::Range;
use core::time::Duration;
use epic_domain::id::BlobId;
use epic_outbound::blobs::BlobError;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore as _, ObjectStoreExt as _, PutPayload};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Pieces of an object, as they come.
pub(super) type Stream = BoxStream<'static, object_store::Result<Bytes>>;

/// A bucket, and the keys in it.
#[derive(Debug)]
pub(super) struct Bucket {
    client: AmazonS3,
    pub(super) names: Names,
    pub(super) part_bytes: u64,
    places: Arc<Semaphore>,
    answer_timeout: Duration,
}

impl Bucket {
    /// The bucket that is described. No request is sent.
    pub(super) fn open(settings: &S3Settings) -> Result<Self, S3SettingsError> {
        let refused = |text: &str| Err(S3SettingsError(text.to_owned()));
        if settings.bucket.is_empty() {
            return refused("the bucket has no name");
        }
        if settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.contains('@')) {
            return refused("the endpoint must not tell a user or password");
        }
        if settings.parts_max == 0 {
            return refused("no part may be in memory");
        }
        let names = Names::below(&settings.prefix).map_err(|error| S3SettingsError(error.to_string()))?;
        Ok(Self {
            client: settings.client().map_err(|error| S3SettingsError(error.to_string()))?,
            names,
            part_bytes: settings.part_bytes(),
            places: Arc::new(Semaphore::new(settings.parts_max.min(Semaphore::MAX_PERMITS))),
            answer_timeout: settings.answer_timeout,
        })
    }

    /// A place in memory for one part.
    pub(super) async fn place(&self) -> Result<OwnedSemaphorePermit, BlobError> {
        let place = timeout(self.answer_timeout, Arc::clone(&self.places).acquire_owned()).await;
        place
            .map_err(|_| BlobError::Unavailable("too many blobs are on their way".into()))?
            .map_err(|error| BlobError::Unavailable(Box::new(error)))
    }

    /// Begins a multipart upload, and notes down that it was begun: the bucket cannot be asked for it.
    pub(super) async fn begin_multipart(&self, blob_id: BlobId) -> Result<String, BlobError> {
        let multipart_id =
            self.client.create_multipart(&self.names.published(blob_id)).await.map_err(failure)?;
        let note = self.names.note(blob_id, &multipart_id);
        self.put(&note, Bytes::from(multipart_id.clone())).await?;
        Ok(multipart_id)
    }

    /// Sends a part, in place of one of that number.
    pub(super) async fn put_part(
        &self,
        blob_id: BlobId,
        multipart_id: &String,
        index: usize,
        bytes: Bytes,
    ) -> Result<PartId, BlobError> {
        let key = self.names.published(blob_id);
        let sent = self.client.put_part(&key, multipart_id, index, PutPayload::from_bytes(bytes)).await;
        sent.map_err(failure)
    }

    /// Joins the parts into the published object.
    pub(super) async fn complete(
        &self,
        blob_id: BlobId,
        multipart_id: &String,
        parts: Vec<PartId>,
    ) -> Result<(), BlobError> {
        let key = self.names.published(blob_id);
        self.client.complete_multipart(&key, multipart_id, parts).await.map(drop).map_err(failure)
    }

    /// Gives a multipart upload up. One that is gone already is fine.
    pub(super) async fn abort(&self, blob_id: BlobId, multipart_id: &String) -> Result<(), BlobError> {
        match self.client.abort_multipart(&self.names.published(blob_id), multipart_id).await {
            Err(error) if is_gone(&error) => Ok(()),
            // Some services say so of an upload that was completed. If it is meant, the bucket's own rule has to end the
            // upload: nothing else may wait for it.
            Err(object_store::Error::PermissionDenied { .. }) => {
                tracing::debug!(%blob_id, "a multipart upload may not be ended, or is complete");
                Ok(())
            }
            aborted => aborted.map_err(failure),
        }
    }

    /// Puts a small object.
    pub(super) async fn put(&self, key: &Path, bytes: Bytes) -> Result<(), BlobError> {
        self.client.put(key, PutPayload::from_bytes(bytes)).await.map(drop).map_err(failure)
    }

    /// Makes an object that is like another.
    pub(super) async fn copy(&self, from: &Path, to: &Path) -> Result<(), BlobError> {
        self.client.copy(from, to).await.map_err(failure)
    }

    /// Removes an object. One that is gone already is fine.
    pub(super) async fn delete(&self, key: &Path) -> Result<(), BlobError> {
        match self.client.delete(key).await {
            Err(error) if is_gone(&error) => Ok(()),
            deleted => deleted.map_err(failure),
        }
    }

    /// The length of an object; nothing if there is none.
    pub(super) async fn held_bytes(&self, key: &Path) -> Result<Option<u64>, BlobError> {
        match self.client.head(key).await {
            Ok(held) => Ok(Some(held.size)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    /// A range of an object, which must lie within it and not be empty.
    pub(super) async fn get(&self, key: &Path, range: Range<u64>) -> Result<Stream, BlobError> {
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let got = self.client.get_opts(key, options).await.map_err(failure)?;
        if got.range != range {
            return Err(missing("the object is shorter than it must be"));
        }
        Ok(got.into_stream())
    }

    /// A small object.
    pub(super) async fn get_whole(&self, key: &Path) -> Result<Bytes, BlobError> {
        let got = self.client.get(key).await.map_err(failure)?;
        got.bytes().await.map_err(failure)
    }

    /// The bytes of a tail; they are what was put away, or an error.
    pub(super) async fn get_tail(&self, blob_id: BlobId, tail: &Tail) -> Result<Bytes, BlobError> {
        let bytes = self.get_whole(&self.names.tail(blob_id, tail)).await?;
        if Sha256::digest(&bytes).as_slice() != tail.digest {
            return Err(missing("what was put away of the blob is damaged"));
        }
        Ok(bytes)
    }

    /// The objects below a key.
    pub(super) fn list(&self, below: &Path) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.client.list(Some(below))
    }

    /// The least that can be asked of the bucket.
    pub(super) async fn check(&self) -> Result<(), BlobError> {
        let options = PaginatedListOptions { max_keys: Some(1), ..PaginatedListOptions::default() };
        let listed = self.client.list_paginated(Some(&self.names.staging()), options).await;
        listed.map(drop).map_err(failure)
    }
}
