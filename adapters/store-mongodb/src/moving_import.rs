//! Records as they come in, each written over the one with its key.

use crate::collections::Collections;
use crate::documents::anchor::AnchorDocument;
use crate::documents::content::EarlierContentDocument;
use crate::documents::doomed_blob::DoomedBlobDocument;
use crate::documents::file::FileDocument;
use crate::documents::file_link::FileLinkDocument;
use crate::documents::file_queries::among;
use crate::documents::link::LinkDocument;
use crate::documents::request::RequestDocument;
use crate::documents::session::SessionDocument;
use crate::documents::share::ShareDocument;
use crate::documents::signed_head::SignedHeadDocument;
use crate::documents::storage::set;
use crate::documents::upload::UploadDocument;
use crate::documents::user::UserDocument;
use crate::documents::user_queries;
use crate::documents::values::parsed;
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::id::{FileId, UserId};
use epic_domain::moving::{Kind, Record, StoredUsage};
use futures_util::{FutureExt, TryStreamExt};
use mongodb::bson::{Document, doc, serialize_to_document};
use mongodb::error::Error;
use mongodb::{ClientSession, Collection};
use serde::Serialize;
use std::collections::BTreeMap;

/// Records of one kind that follow each other go together.
pub(crate) async fn put(shared: &Shared, records: &[Record]) -> Result<(), Failure> {
    for alike in records.chunk_by(|one, next| one.kind() == next.kind()) {
        match alike.first() {
            Some(Record::Usage(_)) => put_usages(shared, alike).await?,
            Some(first) => put_documents(shared, first.kind(), alike).await?,
            None => {}
        }
    }
    Ok(())
}

/// What an account stores is a part of the account's document.
async fn put_usages(shared: &Shared, records: &[Record]) -> Result<(), Failure> {
    let mut changes = Vec::with_capacity(records.len());
    for record in records {
        let Record::Usage(StoredUsage { owner, usage, revision, latest }) = record else { continue };
        changes.push((user_queries::by_id(*owner), set(*usage, *revision, *latest)?));
    }
    shared
        .in_transaction(changes, |collections, session, changes| {
            update_each(collections, session, changes).boxed()
        })
        .await
}

async fn update_each(
    collections: &Collections,
    session: &mut ClientSession,
    changes: &[(Document, Document)],
) -> Result<(), Error> {
    for (account, change) in changes {
        let updated =
            collections.users.update_one(account.clone(), change.clone()).session(&mut *session).await?;
        if updated.matched_count == 0 {
            return Err(Failure::Damaged("usage").into());
        }
    }
    Ok(())
}

/// Inserts documents together, which is quick. If some of them are there, from a try that was cut off, each is written over
/// what is there, all in one transaction.
async fn put_documents(shared: &Shared, kind: Kind, records: &[Record]) -> Result<(), Failure> {
    let documents = documents(shared, records).await?;
    match home(&shared.collections, kind).insert_many(&documents).await.map_err(Failure::from) {
        Err(failure) if failure.is_duplicate_key() => {}
        other => return other.map(drop),
    }
    shared
        .in_transaction((kind, documents), |collections, session, (kind, documents)| {
            replace_each(collections, session, *kind, documents).boxed()
        })
        .await
}

async fn replace_each(
    collections: &Collections,
    session: &mut ClientSession,
    kind: Kind,
    documents: &[Document],
) -> Result<(), Error> {
    let home = home(collections, kind);
    for document in documents {
        let by_id = doc! { "_id": document.get("_id").cloned() };
        let mut document = document.clone();
        if kind == Kind::Account {
            // What it stores has a record of its own.
            let there = home.find_one(by_id.clone()).projection(doc! { STORAGE: 1 });
            if let Some(storage) =
                there.session(&mut *session).await?.and_then(|mut found| found.remove(STORAGE))
            {
                document.insert(STORAGE, storage);
            }
        }
        home.replace_one(by_id, document).upsert(true).session(&mut *session).await?;
    }
    Ok(())
}

const STORAGE: &str = "storage";

/// Where the documents of a kind are.
fn home(collections: &Collections, kind: Kind) -> Collection<Document> {
    match kind {
        Kind::Account | Kind::Usage => collections.users.clone_with_type(),
        Kind::Session | Kind::Revocation => collections.sessions.clone_with_type(),
        Kind::File | Kind::RemovedFile => collections.files.clone_with_type(),
        Kind::EarlierContent => collections.contents.clone_with_type(),
        Kind::Upload => collections.uploads.clone_with_type(),
        Kind::Share => collections.shares.clone_with_type(),
        Kind::Link => collections.links.clone_with_type(),
        Kind::Request => collections.requests.clone_with_type(),
        Kind::DoomedBlob => collections.doomed_blobs.clone_with_type(),
        Kind::Event => collections.audit.clone_with_type(),
        Kind::Anchor => collections.audit_anchor.clone_with_type(),
        Kind::SignedHead => collections.audit_heads.clone_with_type(),
    }
}

async fn documents(shared: &Shared, records: &[Record]) -> Result<Vec<Document>, Failure> {
    let owners = owners(shared, records).await?;
    records.iter().map(|record| document(record, &owners)).collect()
}

/// Whose the files are of which earlier contents come in.
async fn owners(shared: &Shared, records: &[Record]) -> Result<BTreeMap<FileId, UserId>, Failure> {
    let of_content = |record: &Record| match record {
        Record::EarlierContent(earlier) => Some(earlier.file_id),
        _ => None,
    };
    let mut files: Vec<FileId> = records.iter().filter_map(of_content).collect();
    files.dedup();
    if files.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found: Vec<FileDocument> = shared.collections.files.find(among(&files)).await?.try_collect().await?;
    let owned = found
        .into_iter()
        .map(|found| found.decode_stored().map(|stored| (stored.file.id, stored.file.owner)));
    owned.collect()
}

fn document(record: &Record, owners: &BTreeMap<FileId, UserId>) -> Result<Document, Failure> {
    match record {
        Record::Account(account) => whole(&UserDocument::encode_stored(account)?),
        Record::Session(session) => whole(&SessionDocument::encode(session)),
        Record::Revocation(revocation) => whole(&SessionDocument::encode_revocation(revocation)),
        Record::Usage(_) => Err(Failure::Driver),
        Record::File(stored) => whole(&FileDocument::encode(&stored.file, stored.ordered_at)?),
        Record::RemovedFile(removed) => whole(&FileDocument::encode_removal(removed)?),
        Record::EarlierContent(earlier) => {
            let owner = owners.get(&earlier.file_id).ok_or(Failure::Damaged("content"))?;
            whole(&EarlierContentDocument::encode_stored(earlier, *owner)?)
        }
        Record::Upload(upload) => whole(&UploadDocument::encode(upload)?),
        Record::Share(share) => whole(&ShareDocument::encode(share)),
        Record::Link(link) => whole(&FileLinkDocument::encode(link)),
        Record::Request(request) => whole(&RequestDocument::encode(request.account, &request.once)),
        Record::DoomedBlob(doomed) => whole(&DoomedBlobDocument::encode_stored(doomed)),
        Record::Event(link) => whole(&LinkDocument::encode(link)?),
        Record::Anchor(anchor) => whole(&AnchorDocument::encode(*anchor)?),
        Record::SignedHead(head) => whole(&SignedHeadDocument::encode(head)?),
    }
}

fn whole(document: &impl Serialize) -> Result<Document, Failure> {
    parsed("document", serialize_to_document(document))
}
