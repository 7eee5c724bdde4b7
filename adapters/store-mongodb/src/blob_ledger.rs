//! The port of blobs that are not needed any more.

use crate::MongoStore;
use crate::collections::Collections;
use crate::documents::doomed_blob::{DoomedBlobDocument, all, speaking_of};
use crate::errors::Failure;
use crate::removed_accounts;
use crate::store::Shared;
use async_trait::async_trait;
use epic_domain::file::StageState;
use epic_domain::id::BlobId;
use epic_outbound::StoreError;
use epic_outbound::uploads::{BlobLedger, DoomedBlob};
use futures_util::{FutureExt, TryStreamExt};
use mongodb::bson::{Bson, Document, doc, spec::BinarySubtype};
use mongodb::error::Error;
use mongodb::{ClientSession, Collection};
use std::collections::HashSet;

/// Blobs that are looked for in one command; it may hold far more.
const COMMAND_BLOBS_MAX: usize = 1_000;

#[async_trait]
impl BlobLedger for MongoStore {
    async fn doomed(&self, limit: u32) -> Result<Vec<DoomedBlob>, StoreError> {
        self.call(|shared| async move {
            removed_accounts::take_up_if_idle(&shared);
            doomed(&shared, limit).await
        })
        .await
    }

    async fn removed(&self, blobs: &[BlobId]) -> Result<(), StoreError> {
        let blobs = blobs.to_vec();
        self.call(|shared| async move { strike_off(&shared, blobs).await }).await
    }

    async fn unknown(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
        let blobs = blobs.to_vec();
        self.call(|shared| async move { unknown(&shared, blobs).await }).await
    }
}

/// Puts a blob on the list, in the transaction that removes the document which spoke of it.
pub(crate) async fn doom(
    collections: &Collections,
    session: &mut ClientSession,
    blob_id: BlobId,
    stage: &StageState,
) -> Result<(), Error> {
    let document = DoomedBlobDocument::encode(blob_id, stage);
    collections.doomed_blobs.insert_one(document).session(session).await?;
    Ok(())
}

/// Puts the blobs of contents on the list, as [`doom`] does; nothing is staged of them.
pub(crate) async fn doom_many(
    collections: &Collections,
    session: &mut ClientSession,
    blobs: &[BlobId],
) -> Result<(), Error> {
    let stage = StageState::default();
    doom_these(collections, session, blobs.iter().map(|blob_id| (*blob_id, &stage))).await
}

/// Puts several blobs on the list, each with what is staged of it, as [`doom`] does.
pub(crate) async fn doom_these<'a>(
    collections: &Collections,
    session: &mut ClientSession,
    blobs: impl Iterator<Item = (BlobId, &'a StageState)> + Send,
) -> Result<(), Error> {
    let documents: Vec<_> =
        blobs.map(|(blob_id, stage)| DoomedBlobDocument::encode(blob_id, stage)).collect();
    if !documents.is_empty() {
        collections.doomed_blobs.insert_many(documents).session(session).await?;
    }
    Ok(())
}

async fn doomed(shared: &Shared, limit: u32) -> Result<Vec<DoomedBlob>, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let found =
        shared.collections.doomed_blobs.find(all()).sort(doc! { "order": 1 }).limit(limit.into()).await?;
    let documents: Vec<_> = found.try_collect().await?;
    documents.into_iter().map(DoomedBlobDocument::decode).collect()
}

async fn strike_off(shared: &Shared, blobs: Vec<BlobId>) -> Result<(), Failure> {
    shared
        .in_transaction(blobs, |collections, session, blobs| {
            async move {
                for chunk in blobs.chunks(COMMAND_BLOBS_MAX) {
                    let these = speaking_of("_id", chunk);
                    collections.doomed_blobs.delete_many(these).session(&mut *session).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
}

/// Each part as of one moment. A blob moves from an upload to a file, from there to an earlier content, and from any of
/// them to the list of doomed ones: one that moves while the four are read would be missed by looks at several moments,
/// and then removed though it is needed. Parts may be of different moments, since each blob is judged by one of them alone.
async fn unknown(shared: &Shared, blobs: Vec<BlobId>) -> Result<Vec<BlobId>, Failure> {
    let mut unknown = Vec::new();
    for chunk in blobs.chunks(COMMAND_BLOBS_MAX) {
        let known = shared
            .in_transaction(chunk.to_vec(), |collections, session, blobs| {
                known(collections, session, blobs).boxed()
            })
            .await?;
        unknown.extend(chunk.iter().filter(|blob_id| !known.contains(blob_id.as_bytes())));
    }
    Ok(unknown)
}

/// Those of `blobs` that something speaks of, whether anyone may see it or not.
async fn known(
    collections: &Collections,
    session: &mut ClientSession,
    blobs: &[BlobId],
) -> Result<HashSet<[u8; 16]>, Error> {
    let mut known = HashSet::new();
    for (collection, field) in [
        (collections.uploads.clone_with_type(), "blob_id"),
        (collections.files.clone_with_type(), "live.content.blob_id"),
        (collections.contents.clone_with_type(), "_id"),
        (collections.doomed_blobs.clone_with_type(), "_id"),
    ] {
        known.extend(spoken_of(&collection, session, field, blobs).await?);
    }
    Ok(known)
}

async fn spoken_of(
    collection: &Collection<Document>,
    session: &mut ClientSession,
    field: &str,
    blobs: &[BlobId],
) -> Result<Vec<[u8; 16]>, Error> {
    let mut cursor = collection
        .find(speaking_of(field, blobs))
        .projection(doc! { field: 1 })
        .session(&mut *session)
        .await?;
    let found: Vec<Document> = cursor.stream(session).try_collect().await?;
    found
        .iter()
        .map(|document| blob_at(document, field).ok_or_else(|| Failure::Damaged("blob id").into()))
        .collect()
}

/// The bytes of the id that stands under a dotted `field`.
fn blob_at(document: &Document, field: &str) -> Option<[u8; 16]> {
    let (outer, name) = field.rsplit_once('.').unwrap_or(("", field));
    let mut inner = document;
    for part in outer.split('.').filter(|part| !part.is_empty()) {
        inner = inner.get_document(part).ok()?;
    }
    match inner.get(name)? {
        Bson::Binary(id) if id.subtype == BinarySubtype::Uuid => id.bytes.as_slice().try_into().ok(),
        _ => None,
    }
}
