//! The step from staged to published, and the removal of what is left.

use super::bucket::Bucket;
use super::failure::{failure, missing};
use super::names::NOTE;
use super::stage::Stage;
use bytes::Bytes;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::blobs::BlobError;
use futures_util::TryStreamExt as _;
use object_store::path::Path;

/// Makes one object of what is staged.
pub(super) async fn publish(bucket: &Bucket, blob_id: BlobId, progress: &Progress) -> Result<(), BlobError> {
    let stage = Stage::of(progress, bucket.part_bytes)?;
    match assemble(bucket, blob_id, stage).await {
        Ok(()) => {}
        // It was assembled before, and what it was made of is gone; or it was never whole.
        Err(BlobError::Missing(source)) => {
            let held_bytes = bucket.held_bytes(&bucket.names.published(blob_id)).await?;
            if held_bytes != Some(progress.offset_bytes) {
                return Err(BlobError::Missing(source));
            }
        }
        Err(error) => return Err(error),
    }
    if let Err(error) = clear(bucket, blob_id).await {
        tracing::warn!(%blob_id, ?error, "what a blob was made of stays until it is removed");
    }
    Ok(())
}

async fn assemble(bucket: &Bucket, blob_id: BlobId, stage: Stage) -> Result<(), BlobError> {
    let published = bucket.names.published(blob_id);
    let Some(multipart_id) = stage.multipart_id.filter(|_| !stage.parts.is_empty()) else {
        return match stage.tail {
            Some(tail) => bucket.copy(&bucket.names.tail(blob_id, &tail), &published).await,
            None => put_empty(bucket, &published).await,
        };
    };
    let mut parts = stage.parts;
    if let Some(tail) = stage.tail {
        let _place = bucket.place().await?;
        let bytes = bucket.get_tail(blob_id, &tail).await?;
        parts.push(bucket.put_part(blob_id, &multipart_id, parts.len(), bytes).await?);
    }
    bucket.complete(blob_id, &multipart_id, parts).await
}

/// There is nothing to see that an empty blob was staged, so at least nothing else may stand there.
async fn put_empty(bucket: &Bucket, published: &Path) -> Result<(), BlobError> {
    match bucket.held_bytes(published).await? {
        None => bucket.put(published, Bytes::new()).await,
        Some(0) => Ok(()),
        Some(_) => Err(missing("the blob is published with another length")),
    }
}

/// Removes a blob, published or staged, and whatever is left of its way.
pub(super) async fn remove(bucket: &Bucket, blob_id: BlobId, state: &StageState) -> Result<(), BlobError> {
    if let Some(multipart_id) = Stage::multipart_id_of(state) {
        bucket.abort(blob_id, &multipart_id).await?;
    }
    clear(bucket, blob_id).await?;
    bucket.delete(&bucket.names.published(blob_id)).await
}

/// Removes everything staged of a blob: tails, and the multipart uploads that were noted down.
async fn clear(bucket: &Bucket, blob_id: BlobId) -> Result<(), BlobError> {
    let staged: Vec<_> = bucket.list(&bucket.names.staged(blob_id)).try_collect().await.map_err(failure)?;
    for object in staged {
        let is_note = object.location.filename().is_some_and(|name| name.starts_with(NOTE));
        if is_note {
            abort_noted(bucket, blob_id, &object.location).await?;
        }
        bucket.delete(&object.location).await?;
    }
    Ok(())
}

async fn abort_noted(bucket: &Bucket, blob_id: BlobId, note: &Path) -> Result<(), BlobError> {
    match bucket.get_whole(note).await {
        Ok(multipart_id) => match String::from_utf8(multipart_id.into()) {
            Ok(multipart_id) => bucket.abort(blob_id, &multipart_id).await,
            Err(_) => Ok(()),
        },
        Err(BlobError::Missing(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
