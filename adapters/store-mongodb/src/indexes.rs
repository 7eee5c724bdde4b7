//! The indexes of a store, made when it opens.

use crate::collections::Collections;
use crate::documents::values::integer;
use crate::errors::{Failure, OpenError};
use core::time::Duration;
use mongodb::bson::{Document, doc};
use mongodb::options::{CommitQuorum, IndexOptions};
use mongodb::{Collection, Database, IndexModel};

/// `NamespaceExists`.
const NAMESPACE_EXISTS: i32 = 48;
/// `IndexOptionsConflict`.
const INDEX_OPTIONS_CONFLICT: i32 = 85;
/// `IndexKeySpecsConflict`: what servers say when the name is the same, too.
const INDEX_KEY_SPECS_CONFLICT: i32 = 86;

/// What has a lifetime: collection, name of the index, time. Queries look at these times themselves.
///
/// Files, contents, uploads, shares and links have none: what they hold is accounted for when they go.
const LIFETIMES: [(&str, &str, &str); 6] = [
    ("users", "pending_expiry", "pending_expires_at"),
    ("sessions", "session_expiry", "live.expires_at"),
    ("sessions", "revocation_expiry", "revoked_until"),
    ("requests", "request_expiry", "expires_at"),
    ("limits", "limit_expiry", "expires_at"),
    ("nodes", "node_expiry", "asked_at"),
];

/// Makes what is missing.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn ensure(collections: &Collections, expired_kept_for: Duration) -> Result<(), OpenError> {
    // Ahead of time: a transaction that makes a collection is refused when another does.
    for name in Collections::NAMES {
        match collections.database.create_collection(*name).await.map_err(Failure::from) {
            Ok(()) | Err(Failure::Server(NAMESPACE_EXISTS)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    make(&collections.users, [unique("by_username", doc! { "username": 1 })]).await?;
    make(&collections.sessions, [plain("by_user", doc! { "live.user_id": 1, "_id": 1 })]).await?;
    make(&collections.files, files()).await?;
    make(&collections.contents, contents()).await?;
    make(&collections.uploads, uploads()).await?;
    make(&collections.shares, shares()).await?;
    make(&collections.links, links()).await?;
    make(&collections.doomed_blobs, [plain("by_order", doc! { "order": 1 })]).await?;
    make(&collections.audit, audit()).await?;
    for (collection, name, field) in LIFETIMES {
        ensure_lifetime(&collections.database, collection, name, field, expired_kept_for).await?;
    }
    Ok(())
}

/// A majority of the members is enough: one that is down holds up no start of a server that brings a new index.
async fn make<T: Send + Sync>(
    collection: &Collection<T>,
    indexes: impl IntoIterator<Item = IndexModel>,
) -> Result<(), Failure> {
    collection.create_indexes(indexes).commit_quorum(CommitQuorum::Majority).await?;
    Ok(())
}

fn files() -> [IndexModel; 5] {
    [
        plain("by_age", doc! { "owner": 1, "live.is_trashed": 1, "live.created_at": -1, "_id": -1 }),
        sparse("by_trash_time", doc! { "live.trashed_at": 1 }),
        unique("by_revision", doc! { "owner": 1, "revision": 1 }),
        plain("by_time", doc! { "owner": 1, "ordered_at": 1, "revision": 1 }),
        unique_sparse("by_blob", doc! { "live.content.blob_id": 1 }),
    ]
}

fn contents() -> [IndexModel; 2] {
    [
        unique("by_number", doc! { "file_id": 1, "content.number": 1 }),
        plain("by_end", doc! { "superseded_at": 1 }),
    ]
}

fn uploads() -> [IndexModel; 5] {
    [
        unique("by_blob", doc! { "blob_id": 1 }),
        plain("by_uploader", doc! { "uploader": 1 }),
        plain("by_owner", doc! { "owner": 1 }),
        plain("by_expiry", doc! { "is_whole": 1, "expires_at": 1 }),
        plain("by_age", doc! { "is_whole": 1, "created_at": 1 }),
    ]
}

fn shares() -> [IndexModel; 4] {
    [
        unique("by_recipient_of_file", doc! { "file_id": 1, "recipient": 1 }),
        plain("by_file", doc! { "file_id": 1, "created_at": -1, "_id": -1 }),
        plain("by_recipient", doc! { "recipient": 1, "created_at": -1, "_id": -1 }),
        sparse("by_expiry", doc! { "expires_at": 1 }),
    ]
}

fn links() -> [IndexModel; 3] {
    [
        unique("by_token", doc! { "token_digest": 1 }),
        plain("by_file", doc! { "file_id": 1, "created_at": -1, "_id": -1 }),
        sparse("by_expiry", doc! { "expires_at": 1 }),
    ]
}

fn audit() -> [IndexModel; 3] {
    [
        // Sparse: most events are about no file.
        unique_sparse("by_file", doc! { "file.id": 1, "file.sequence": 1 }),
        plain("by_user", doc! { "user_id": 1, "_id": 1 }),
        plain("by_user_and_kind", doc! { "user_id": 1, "kind": 1, "_id": 1 }),
    ]
}

fn plain(name: &str, keys: Document) -> IndexModel {
    index(name, keys, IndexOptions::default())
}

/// No two documents have the same.
fn unique(name: &str, keys: Document) -> IndexModel {
    index(name, keys, IndexOptions::builder().unique(true).build())
}

/// Without the documents that have no such field.
fn sparse(name: &str, keys: Document) -> IndexModel {
    index(name, keys, IndexOptions::builder().sparse(true).build())
}

fn unique_sparse(name: &str, keys: Document) -> IndexModel {
    index(name, keys, IndexOptions::builder().unique(true).sparse(true).build())
}

fn index(name: &str, keys: Document, mut options: IndexOptions) -> IndexModel {
    options.name = Some(name.to_owned());
    IndexModel::builder().keys(keys).options(options).build()
}

/// An index on a time, so long after which the database removes a document by itself. It has no entry for documents
/// without such a time.
async fn ensure_lifetime(
    database: &Database,
    collection: &str,
    name: &str,
    field: &str,
    expired_kept_for: Duration,
) -> Result<(), Failure> {
    let options =
        IndexOptions::builder().name(name.to_owned()).sparse(true).expire_after(expired_kept_for).build();
    let index = IndexModel::builder().keys(doc! { field: 1 }).options(options).build();
    match make(&database.collection::<Document>(collection), [index]).await {
        Ok(()) => Ok(()),
        // It was made for another span.
        Err(Failure::Server(INDEX_OPTIONS_CONFLICT | INDEX_KEY_SPECS_CONFLICT)) => {
            let seconds = integer(expired_kept_for.as_secs())?;
            let index = doc! { "name": name, "expireAfterSeconds": seconds };
            database.run_command(doc! { "collMod": collection, "index": index }).await?;
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}
