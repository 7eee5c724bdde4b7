//! The life of an upload until it is whole or given up.
//!
//! What sets bytes aside or frees them is a transaction that claims the owner. To take an upload over and to go on with it are
//! one step on one document: the fence in the filter says who may.

use crate::blob_ledger::doom_these;
use crate::collections::Collections;
use crate::documents::upload::UploadDocument;
use crate::documents::upload_queries::{
    advance as come_to, among, by_id, coming_to, expired, live, longest_expired_first, oldest_first, sent_by,
    take_over as next_fence, whole as are_whole,
};
use crate::errors::Failure;
use crate::presence::those_there;
use crate::storage::Storage;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::file::{Fence, Progress, Upload, Usage};
use epic_domain::id::{UploadId, UserId};
use futures_util::{FutureExt, TryStreamExt};
use mongodb::ClientSession;
use mongodb::bson::Document;
use mongodb::error::Error;
use mongodb::options::ReturnDocument;
use std::collections::{BTreeMap, BTreeSet};

/// The upload that matches, if both who sends it and who will own it are there.
pub(crate) async fn find(shared: &Shared, filter: Document) -> Result<Option<Upload>, Failure> {
    let found = shared.collections.uploads.find_one(filter).await?;
    seen(shared, found).await
}

async fn seen(shared: &Shared, found: Option<UploadDocument>) -> Result<Option<Upload>, Failure> {
    let Some(upload) = found.map(UploadDocument::decode).transpose()? else { return Ok(None) };
    Ok(only_seen(shared, vec![upload]).await?.pop())
}

async fn only_seen(shared: &Shared, mut uploads: Vec<Upload>) -> Result<Vec<Upload>, Failure> {
    let accounts: BTreeSet<UserId> =
        uploads.iter().flat_map(|upload| [upload.uploader, upload.owner]).collect();
    let there = those_there(&shared.collections, accounts).await?;
    uploads.retain(|upload| there.contains(&upload.uploader) && there.contains(&upload.owner));
    Ok(uploads)
}

pub(crate) async fn whole(shared: &Shared, limit: u32) -> Result<Vec<Upload>, Failure> {
    let uploads = first(shared, are_whole(), oldest_first(), limit).await?;
    only_seen(shared, uploads).await
}

async fn first(
    shared: &Shared,
    filter: Document,
    sort: Document,
    limit: u32,
) -> Result<Vec<Upload>, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(Vec::new());
    }
    let found = shared.collections.uploads.find(filter).sort(sort).limit(limit.into()).await?;
    let documents: Vec<_> = found.try_collect().await?;
    documents.into_iter().map(UploadDocument::decode).collect()
}

pub(crate) async fn take_over(
    shared: &Shared,
    upload_id: UploadId,
    uploader: UserId,
    now: Timestamp,
) -> Result<Option<Upload>, Failure> {
    let taken = shared
        .collections
        .uploads
        .find_one_and_update(live(upload_id, uploader, now), next_fence())
        .return_document(ReturnDocument::After)
        .await?;
    seen(shared, taken).await
}

pub(crate) async fn advance(
    shared: &Shared,
    upload_id: UploadId,
    fence: Fence,
    progress: &Progress,
    expires_at: Timestamp,
) -> Result<bool, Failure> {
    // Whether it is whole now depends on how many bytes it is to have: that stands in the filter.
    for is_whole in [false, true] {
        let filter = coming_to(upload_id, fence, progress, is_whole)?;
        let change = come_to(progress, expires_at, is_whole)?;
        let advanced = shared.collections.uploads.find_one_and_update(filter, change).await?;
        if advanced.is_some() {
            return Ok(seen(shared, advanced).await?.is_some());
        }
    }
    Ok(false)
}

pub(crate) async fn abandon(shared: &Shared, upload_id: UploadId, uploader: UserId) -> Result<bool, Failure> {
    let Some(upload) = find(shared, sent_by(upload_id, uploader)).await? else { return Ok(false) };
    let given_up = give_up_where(shared, upload.owner, sent_by(upload_id, uploader)).await?;
    Ok(given_up > 0)
}

pub(crate) async fn abandon_expired(
    shared: &Shared,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<UserId>, Failure> {
    let mut of_owners = BTreeMap::<UserId, Vec<Upload>>::new();
    for upload in first(shared, expired(now), longest_expired_first(), limit).await? {
        of_owners.entry(upload.owner).or_default().push(upload);
    }
    let mut owners = Vec::new();
    for (owner, uploads) in of_owners {
        // The condition once more: they may have gone on in between.
        let mut still_expired = among(&uploads);
        still_expired.extend(expired(now));
        let given_up = give_up_where(shared, owner, still_expired).await?;
        owners.extend(std::iter::repeat_n(owner, given_up));
    }
    Ok(owners)
}

/// Gives up what matches of an owner's uploads; returns how many.
async fn give_up_where(shared: &Shared, owner: UserId, filter: Document) -> Result<usize, Failure> {
    let _turn = shared.turns.of(owner).await;
    shared
        .in_transaction(filter, move |collections, session, filter| {
            give_up_matching(collections, session, owner, filter.clone()).boxed()
        })
        .await
}

/// Gives one upload up within a transaction, if it is still there: its blob is doomed, and what was set aside is free.
pub(crate) async fn give_up(
    collections: &Collections,
    session: &mut ClientSession,
    upload: &Upload,
) -> Result<(), Error> {
    give_up_matching(collections, session, upload.owner, by_id(upload.id)).await.map(drop)
}

async fn give_up_matching(
    collections: &Collections,
    session: &mut ClientSession,
    owner: UserId,
    filter: Document,
) -> Result<usize, Error> {
    // If the account is gone, what was set aside went with it.
    let storage = Storage::claim(collections, session, owner).await?;
    let mut cursor = collections.uploads.find(filter).session(&mut *session).await?;
    let found: Vec<UploadDocument> = cursor.stream(&mut *session).try_collect().await?;
    let uploads = found.into_iter().map(UploadDocument::decode).collect::<Result<Vec<_>, Failure>>()?;
    if uploads.is_empty() {
        return Ok(0);
    }
    collections.uploads.delete_many(among(&uploads)).session(&mut *session).await?;
    let blobs = uploads.iter().map(|upload| (upload.blob_id, &upload.progress.stage));
    doom_these(collections, session, blobs).await?;
    if let Some(mut storage) = storage {
        let reserved_bytes = uploads.iter().map(|upload| upload.size.reserved_bytes());
        storage.usage = reserved_bytes.fold(storage.usage, Usage::give_up);
        storage.save(collections, session).await?;
    }
    Ok(uploads.len())
}
