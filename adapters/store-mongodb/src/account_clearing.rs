//! One piece of what a removed account has left behind is cleared away, in one transaction; blobs are doomed in it.
//!
//! Nobody adds to what is left, so that pieces have no rivals but each other, and sweeps that remove the same.

use crate::blob_ledger::{doom_many, doom_these};
use crate::collections::Collections;
use crate::documents::removed_account::{among, by_id, of_files, take_piece, whose};
use crate::documents::request::of_account;
use crate::documents::upload::UploadDocument;
use crate::documents::upload_queries;
use crate::errors::Failure;
use crate::removed_accounts::Left;
use crate::upload_changes::give_up;
use epic_domain::file::Upload;
use epic_domain::id::{BlobId, UserId};
use futures_util::TryStreamExt;
use mongodb::bson::{Binary, Bson, Document, doc};
use mongodb::error::Error;
use mongodb::{ClientSession, Collection};

/// How many documents one piece removes: it takes a fraction of a second.
const DOCUMENTS_PER_PIECE: u32 = 128;

/// How many uploads to others it gives up besides.
const SENT_UPLOADS_PER_PIECE: u32 = 16;

/// How many documents the piece may still remove.
struct Room(u32);

impl Room {
    fn spend(&mut self, documents: usize) {
        self.0 = self.0.saturating_sub(u32::try_from(documents).unwrap_or(u32::MAX));
    }

    const fn is_spent(&self) -> bool {
        self.0 == 0
    }
}

pub(crate) async fn clear_piece(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
) -> Result<Left, Error> {
    // First of all: of two nodes that clear one account away the second is refused here, before it has done anything.
    let accounts = &collections.removed_accounts;
    if accounts.update_one(by_id(account), take_piece()).session(&mut *session).await?.matched_count == 0 {
        return Ok(Left::Nothing);
    }
    let mut room = Room(DOCUMENTS_PER_PIECE);
    clear_uploads(collections, session, account, &mut room).await?;
    let incoming = whose("recipient", account);
    remove_some(&collections.shares.clone_with_type(), session, incoming, &mut room).await?;
    clear_files(collections, session, account, &mut room).await?;
    remove_some(&collections.requests.clone_with_type(), session, of_account(account), &mut room).await?;
    if !give_up_sent(collections, session, account).await? || room.is_spent() {
        return Ok(Left::Something);
    }
    accounts.delete_one(by_id(account)).session(session).await?;
    Ok(Left::Nothing)
}

/// Uploads that would have become the account's own, whoever sends them. What they had set aside went with the account.
async fn clear_uploads(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
    room: &mut Room,
) -> Result<(), Error> {
    let uploads = uploads(collections, session, whose("owner", account), room).await?;
    if uploads.is_empty() {
        return Ok(());
    }
    collections.uploads.delete_many(upload_queries::among(&uploads)).session(&mut *session).await?;
    let blobs = uploads.iter().map(|upload| (upload.blob_id, &upload.progress.stage));
    doom_these(collections, session, blobs).await
}

/// Uploads that the account sends to others. Each is given up by itself, since its owner gets back what was set aside.
/// False when some are left.
async fn give_up_sent(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
) -> Result<bool, Error> {
    let mut room = Room(SENT_UPLOADS_PER_PIECE);
    for upload in uploads(collections, session, whose("uploader", account), &mut room).await? {
        give_up(collections, session, &upload).await?;
    }
    Ok(!room.is_spent())
}

async fn uploads(
    collections: &Collections,
    session: &mut ClientSession,
    filter: Document,
    room: &mut Room,
) -> Result<Vec<Upload>, Error> {
    let mut cursor = collections.uploads.find(filter).limit(room.0.into()).session(&mut *session).await?;
    let found: Vec<UploadDocument> = cursor.stream(session).try_collect().await?;
    room.spend(found.len());
    Ok(found.into_iter().map(UploadDocument::decode).collect::<Result<_, _>>()?)
}

/// Files go last, when nothing hangs from them any more; what is left of removed ones is among them.
async fn clear_files(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
    room: &mut Room,
) -> Result<(), Error> {
    if room.is_spent() {
        return Ok(());
    }
    let all = collections.files.clone_with_type::<Document>();
    let some = all.find(whose("owner", account)).projection(doc! { "live.content.blob_id": 1 });
    let mut cursor = some.limit(room.0.into()).session(&mut *session).await?;
    let mut files: Vec<Document> = cursor.stream(&mut *session).try_collect().await?;
    if files.is_empty() {
        return Ok(());
    }
    clear_of_files(collections, session, ids(&files), room).await?;
    files.truncate(usize::try_from(room.0).unwrap_or(usize::MAX));
    room.spend(files.len());
    all.delete_many(among(ids(&files))).session(&mut *session).await?;
    let contents =
        files.iter().filter_map(|file| file.get_document("live").ok()?.get_document("content").ok());
    let blobs = contents.map(|content| blob(content.get("blob_id"))).collect::<Result<Vec<_>, _>>()?;
    doom_many(collections, session, &blobs).await
}

/// Removes what hangs from these files: as much as there is room for.
async fn clear_of_files(
    collections: &Collections,
    session: &mut ClientSession,
    files: Vec<Bson>,
    room: &mut Room,
) -> Result<(), Error> {
    let these = of_files(files);
    let contents = collections.contents.clone_with_type();
    let contents = remove_some(&contents, session, these.clone(), room).await?;
    let blobs = contents.iter().map(|id| blob(Some(id))).collect::<Result<Vec<_>, _>>()?;
    doom_many(collections, session, &blobs).await?;
    remove_some(&collections.shares.clone_with_type(), session, these.clone(), room).await?;
    remove_some(&collections.links.clone_with_type(), session, these, room).await?;
    Ok(())
}

/// Removes documents that match, as many as there is room for; returns their ids.
async fn remove_some(
    collection: &Collection<Document>,
    session: &mut ClientSession,
    filter: Document,
    room: &mut Room,
) -> Result<Vec<Bson>, Error> {
    // To the database no limit is zero.
    if room.is_spent() {
        return Ok(Vec::new());
    }
    let some = collection.find(filter).projection(doc! { "_id": 1 }).limit(room.0.into());
    let mut cursor = some.session(&mut *session).await?;
    let found: Vec<Document> = cursor.stream(&mut *session).try_collect().await?;
    room.spend(found.len());
    let ids = ids(&found);
    if !ids.is_empty() {
        collection.delete_many(among(ids.clone())).session(session).await?;
    }
    Ok(ids)
}

fn ids(documents: &[Document]) -> Vec<Bson> {
    documents.iter().filter_map(|document| document.get("_id").cloned()).collect()
}

fn blob(id: Option<&Bson>) -> Result<BlobId, Failure> {
    match id {
        Some(Bson::Binary(Binary { bytes, .. })) => bytes.as_slice().try_into().map(BlobId::from_bytes),
        _ => return Err(Failure::Damaged("blob id")),
    }
    .map_err(|_| Failure::Damaged("blob id"))
}
