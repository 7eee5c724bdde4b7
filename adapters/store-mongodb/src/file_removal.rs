//! Files and earlier contents that go for good, each time a transaction that claims the owner.

use crate::blob_ledger::doom_many;
use crate::collections::Collections;
use crate::documents::content::{self, EarlierContentDocument, of_file, owned, superseded};
use crate::documents::file::FileDocument;
use crate::documents::file_queries::{by_id, longest_trashed_first, trashed, trashed_among};
use crate::errors::Failure;
use crate::file_changes::Subject;
use crate::file_reading::find_claimed;
use crate::presence::those_there;
use crate::storage::Storage;
use crate::store::Shared;
use crate::{file_links, shares};
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentNumber, File, Ownership};
use epic_domain::id::{BlobId, FileId, UserId};
use epic_domain::moving::RemovedFile;
use epic_outbound::files::{RemovalOutcome, Swept};
use futures_util::{FutureExt, TryStreamExt};
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;
use std::collections::BTreeMap;

/// Files that a sweep removes in one transaction, so that their owner does not wait long.
const FILES_PER_TRANSACTION: usize = 16;
/// Transactions of one call of a sweep: together they stay well within the time that a call may take.
const TRANSACTIONS_PER_CALL: usize = 8;

pub(crate) async fn remove(
    shared: &Shared,
    subject: Subject,
    now: Timestamp,
) -> Result<RemovalOutcome, Failure> {
    let _turn = shared.turns.of(subject.ownership.owner()).await;
    shared
        .in_transaction((), move |collections, session, ()| {
            remove_within(collections, session, subject, now).boxed()
        })
        .await
}

async fn remove_within(
    collections: &Collections,
    session: &mut ClientSession,
    subject: Subject,
    now: Timestamp,
) -> Result<RemovalOutcome, Error> {
    let Subject { ownership, expected } = subject;
    let Some(mut storage) = Storage::claim(collections, session, ownership.owner()).await? else {
        return Ok(RemovalOutcome::Gone);
    };
    let Some(file) = find_claimed(collections, session, ownership.file_id(), ownership.owner()).await? else {
        return Ok(RemovalOutcome::Gone);
    };
    if file.version != expected || !file.is_trashed() {
        return Ok(RemovalOutcome::Stale);
    }
    remove_whole(collections, session, &mut storage, &file, now).await?;
    storage.save(collections, session).await?;
    Ok(RemovalOutcome::Removed)
}

/// Removes a file with its contents, shares and links, and leaves its removal behind as a change.
async fn remove_whole(
    collections: &Collections,
    session: &mut ClientSession,
    storage: &mut Storage,
    file: &File,
    now: Timestamp,
) -> Result<(), Error> {
    let revision = storage.take_revision(now);
    let (owner, file_id, ordered_at) = (file.owner, file.id, storage.latest());
    let removed = RemovedFile { owner, revision, file_id, at: now, ordered_at };
    let removal = FileDocument::encode_removal(&removed)?;
    collections.files.replace_one(by_id(file.id), removal).session(&mut *session).await?;
    shares::remove_of_file(collections, session, file.id).await?;
    file_links::remove_of_file(collections, session, file.id).await?;
    let mut contents = earlier(collections, session, of_file(file.id)).await?;
    if !contents.is_empty() {
        collections.contents.delete_many(of_file(file.id)).session(&mut *session).await?;
    }
    contents.push(file.content.clone());
    free(collections, session, storage, &contents).await
}

async fn earlier(
    collections: &Collections,
    session: &mut ClientSession,
    filter: Document,
) -> Result<Vec<Content>, Error> {
    let mut cursor = collections.contents.find(filter).session(&mut *session).await?;
    let found: Vec<EarlierContentDocument> = cursor.stream(session).try_collect().await?;
    Ok(found.into_iter().map(EarlierContentDocument::decode).collect::<Result<_, Failure>>()?)
}

/// Frees the bytes of contents that are gone and dooms their blobs.
async fn free(
    collections: &Collections,
    session: &mut ClientSession,
    storage: &mut Storage,
    contents: &[Content],
) -> Result<(), Error> {
    for content in contents {
        storage.usage = storage.usage.free(content.size_bytes);
    }
    doom_many(collections, session, &blobs(contents)).await
}

fn blobs(contents: &[Content]) -> Vec<BlobId> {
    contents.iter().map(|content| content.blob_id).collect()
}

pub(crate) async fn remove_version(
    shared: &Shared,
    ownership: Ownership,
    number: ContentNumber,
) -> Result<bool, Failure> {
    let owner = ownership.owner();
    let this = owned(ownership.file_id(), owner, number);
    Ok(remove_contents(shared, owner, this).await? > 0)
}

/// Those of removed accounts that are not cleared away yet may be among them.
pub(crate) async fn remove_old_versions(
    shared: &Shared,
    superseded_until: Timestamp,
    limit: u32,
) -> Result<u32, Failure> {
    let mut of_owners = BTreeMap::<UserId, Vec<BlobId>>::new();
    // To the database no limit is zero.
    if limit > 0 {
        let old = shared.collections.contents.find(superseded(superseded_until));
        let mut old = old.sort(doc! { "superseded_at": 1 }).limit(limit.into()).await?;
        while let Some(found) = old.try_next().await? {
            of_owners.entry(found.owner()).or_default().push(found.decode()?.blob_id);
        }
    }
    let mut removed = 0;
    for (owner, blobs) in of_owners {
        removed += remove_contents(shared, owner, content::among(&blobs)).await?;
    }
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}

/// Removes what matches of the earlier contents of an owner's files; returns how many.
async fn remove_contents(shared: &Shared, owner: UserId, filter: Document) -> Result<usize, Failure> {
    let _turn = shared.turns.of(owner).await;
    shared
        .in_transaction(filter, move |collections, session, filter| {
            remove_contents_within(collections, session, owner, filter.clone()).boxed()
        })
        .await
}

async fn remove_contents_within(
    collections: &Collections,
    session: &mut ClientSession,
    owner: UserId,
    filter: Document,
) -> Result<usize, Error> {
    let storage = Storage::claim(collections, session, owner).await?;
    let contents = earlier(collections, session, filter).await?;
    if contents.is_empty() {
        return Ok(0);
    }
    let these = content::among(&blobs(&contents));
    collections.contents.delete_many(these).session(&mut *session).await?;
    match storage {
        Some(mut storage) => {
            free(collections, session, &mut storage, &contents).await?;
            storage.save(collections, session).await?;
        }
        // What it stored is not counted any more.
        None => doom_many(collections, session, &blobs(&contents)).await?,
    }
    Ok(contents.len())
}

pub(crate) async fn remove_old_trash(
    shared: &Shared,
    trashed_until: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Swept>, Failure> {
    let mut of_owners = BTreeMap::<UserId, Vec<FileId>>::new();
    // To the database no limit is zero.
    if limit > 0 {
        let old = shared.collections.files.find(trashed(trashed_until)).sort(longest_trashed_first());
        let mut old = old.limit(limit.into()).await?;
        while let Some(found) = old.try_next().await? {
            let Some(file) = found.decode()? else { continue };
            of_owners.entry(file.owner).or_default().push(file.id);
        }
    }
    let there = those_there(&shared.collections, of_owners.keys().copied().collect()).await?;
    let mut transactions = Vec::new();
    for (owner, files) in of_owners.into_iter().filter(|(owner, _)| there.contains(owner)) {
        let chunks = files.chunks(FILES_PER_TRANSACTION);
        transactions.extend(chunks.map(|files| (owner, trashed_among(files, trashed_until))));
    }
    transactions.truncate(TRANSACTIONS_PER_CALL);
    let mut swept = Vec::new();
    for (owner, still_trashed) in transactions {
        match remove_trash(shared, owner, still_trashed, now).await {
            Ok(removed) => swept.extend(removed),
            Err(failure) if swept.is_empty() => return Err(failure),
            // What is gone must be told, or nobody ever hears of it; what failed is met again.
            Err(_) => break,
        }
    }
    Ok(swept)
}

async fn remove_trash(
    shared: &Shared,
    owner: UserId,
    filter: Document,
    now: Timestamp,
) -> Result<Vec<Swept>, Failure> {
    let _turn = shared.turns.of(owner).await;
    shared
        .in_transaction(filter, move |collections, session, filter| {
            remove_trash_within(collections, session, owner, filter.clone(), now).boxed()
        })
        .await
}

async fn remove_trash_within(
    collections: &Collections,
    session: &mut ClientSession,
    owner: UserId,
    filter: Document,
    now: Timestamp,
) -> Result<Vec<Swept>, Error> {
    let Some(mut storage) = Storage::claim(collections, session, owner).await? else {
        return Ok(Vec::new());
    };
    let mut cursor = collections.files.find(filter).session(&mut *session).await?;
    let found: Vec<FileDocument> = cursor.stream(&mut *session).try_collect().await?;
    let mut swept = Vec::new();
    for document in found {
        let Some(file) = document.decode()? else { continue };
        remove_whole(collections, session, &mut storage, &file, now).await?;
        swept.push(Swept { file_id: file.id, owner });
    }
    storage.save(collections, session).await?;
    Ok(swept)
}
