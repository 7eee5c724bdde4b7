//! The indexes of a store, made when it opens.

use crate::collections::Collections;
use crate::documents::values::integer;
use crate::errors::{Failure, OpenError};
use core::time::Duration;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Database, IndexModel};

/// `NamespaceExists`.
const NAMESPACE_EXISTS: i32 = 48;
/// `IndexOptionsConflict`.
const INDEX_OPTIONS_CONFLICT: i32 = 85;
/// `IndexKeySpecsConflict`: what servers say when the name is the same, too.
const INDEX_KEY_SPECS_CONFLICT: i32 = 86;

/// What has a lifetime: collection, name of the index, time. Queries look at these times themselves.
const LIFETIMES: [(&str, &str, &str); 3] = [
    ("users", "pending_expiry", "pending_expires_at"),
    ("sessions", "session_expiry", "live.expires_at"),
    ("sessions", "revocation_expiry", "revoked_until"),
];

/// Makes what is missing.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn ensure(collections: &Collections, expired_kept_for: Duration) -> Result<(), OpenError> {
    // Ahead of time: a transaction that makes a collection is refused when another does.
    for name in Collections::NAMES {
        match collections.database.create_collection(name).await.map_err(Failure::from) {
            Ok(()) | Err(Failure::Server(NAMESPACE_EXISTS)) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    let unique = IndexOptions::builder().name("by_username".to_owned()).unique(true).build();
    let by_username = IndexModel::builder().keys(doc! { "username": 1 }).options(unique).build();
    collections.users.create_index(by_username).await?;
    collections.sessions.create_index(plain("by_user", doc! { "live.user_id": 1, "_id": 1 })).await?;
    collections.audit.create_indexes(audit()).await?;
    for (collection, name, field) in LIFETIMES {
        ensure_lifetime(&collections.database, collection, name, field, expired_kept_for).await?;
    }
    Ok(())
}

fn audit() -> [IndexModel; 3] {
    // Sparse: most events are about no file.
    let of_file = IndexOptions::builder().name("by_file".to_owned()).unique(true).sparse(true).build();
    [
        IndexModel::builder().keys(doc! { "file.id": 1, "file.sequence": 1 }).options(of_file).build(),
        plain("by_user", doc! { "user_id": 1, "_id": 1 }),
        plain("by_user_and_kind", doc! { "user_id": 1, "kind": 1, "_id": 1 }),
    ]
}

fn plain(name: &str, keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name.to_owned()).build()).build()
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
    match database.collection::<Document>(collection).create_index(index).await.map_err(Failure::from) {
        Ok(_) => Ok(()),
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
