//! The indexes of a store, made when it opens.

use crate::collections::Collections;
use crate::errors::{Failure, OpenError};
use core::time::Duration;
use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;

/// `NamespaceExists`.
const NAMESPACE_EXISTS: i32 = 48;

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
    collections.users.create_indexes(users(expired_kept_for)).await?;
    collections.sessions.create_indexes(sessions(expired_kept_for)).await?;
    collections.audit.create_indexes(audit()).await?;
    Ok(())
}

fn users(expired_kept_for: Duration) -> [IndexModel; 2] {
    let unique = IndexOptions::builder().name("by_username".to_owned()).unique(true).build();
    [
        IndexModel::builder().keys(doc! { "username": 1 }).options(unique).build(),
        lifetime("pending_expiry", "pending_expires_at", expired_kept_for),
    ]
}

fn sessions(expired_kept_for: Duration) -> [IndexModel; 3] {
    [
        plain("by_user", doc! { "live.user_id": 1, "_id": 1 }),
        lifetime("session_expiry", "live.expires_at", expired_kept_for),
        lifetime("revocation_expiry", "revoked_until", expired_kept_for),
    ]
}

fn audit() -> [IndexModel; 2] {
    [
        plain("by_user", doc! { "user_id": 1, "_id": 1 }),
        plain("by_user_and_kind", doc! { "user_id": 1, "kind": 1, "_id": 1 }),
    ]
}

fn plain(name: &str, keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name.to_owned()).build()).build()
}

/// An index on a time, after which the database removes a document by itself. It has no entry for documents without it.
fn lifetime(name: &str, field: &str, expired_kept_for: Duration) -> IndexModel {
    let options =
        IndexOptions::builder().name(name.to_owned()).sparse(true).expire_after(expired_kept_for).build();
    IndexModel::builder().keys(doc! { field: 1 }).options(options).build()
}
