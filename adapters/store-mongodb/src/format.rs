//! What format the database has: a newer one than this server knows is refused.

use crate::collections::Collections;
use crate::documents::FORMAT;
use crate::documents::anchor::AnchorDocument;
use crate::documents::format::{FormatDocument, the_format};
use crate::errors::{Failure, OpenError};
use epic_domain::audit::Anchor;
use mongodb::Collection;
use serde::Serialize;

/// Refuses a database that a newer server has written.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn check(collections: &Collections) -> Result<(), OpenError> {
    let found = collections.format.find_one(the_format()).await?;
    match found.map(|found| i64::from(found.v)) {
        Some(found) if found > i64::from(FORMAT) => {
            Err(OpenError::TooNew { found, known: i64::from(FORMAT) })
        }
        _ => Ok(()),
    }
}

/// Marks a new database as having this format, with an audit log that stands at its beginning.
///
/// # Errors
/// [`OpenError`].
pub(crate) async fn mark(collections: &Collections) -> Result<(), OpenError> {
    // The anchor is made with the database and never again: one that was taken away later must be missed.
    if collections.format.find_one(the_format()).await?.is_none() {
        insert_if_absent(&collections.audit_anchor, &AnchorDocument::encode(Anchor::empty())?).await?;
        insert_if_absent(&collections.format, &FormatDocument::current()).await?;
    }
    Ok(())
}

async fn insert_if_absent<T: Serialize + Send + Sync>(
    collection: &Collection<T>,
    document: &T,
) -> Result<(), Failure> {
    match collection.insert_one(document).await.map_err(Failure::from) {
        Ok(_) => Ok(()),
        Err(failure) if failure.is_duplicate_key() => Ok(()),
        Err(failure) => Err(failure),
    }
}
