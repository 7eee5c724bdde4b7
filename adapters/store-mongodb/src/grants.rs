//! What the making of a share and that of a link have in common.
//!
//! Either claims the owner's account first, as each change of the owner's files does: of a grant and the removal of its
//! file or its owner one comes first, and the other sees that. So do two grants, and none is made past the most.

use crate::collections::Collections;
use crate::file_reading::find_claimed;
use crate::presence::claim_account;
use crate::requests::judge_claimed;
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, Once, Ownership};
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;
use mongodb::{ClientSession, Collection};

/// A grant about to be made.
#[derive(Debug)]
pub(crate) struct Request<T> {
    pub(crate) ownership: Ownership,
    /// What is granted.
    pub(crate) granted: T,
    pub(crate) per_file_max: u32,
    pub(crate) once: Option<Once>,
    pub(crate) now: Timestamp,
}

/// What the file of a grant is found to be.
#[derive(Debug)]
pub(crate) enum Standing {
    /// There, not in the trash, and its owner claimed.
    AtHand,
    /// Gone, or in the trash.
    Gone,
    /// An earlier request had the same idempotency key.
    Earlier(Earlier),
}

/// Claims the owner and looks at the request's key and at the file.
pub(crate) async fn claim_file<T>(
    collections: &Collections,
    session: &mut ClientSession,
    request: &Request<T>,
) -> Result<Standing, Error> {
    let Request { ownership, once, now, .. } = request;
    if !claim_account(collections, session, ownership.owner()).await? {
        return Ok(Standing::Gone);
    }
    let once = once.as_ref();
    if let Some(earlier) = judge_claimed(collections, session, ownership.owner(), once, *now).await? {
        return Ok(Standing::Earlier(earlier));
    }
    let file = find_claimed(collections, session, ownership.file_id(), ownership.owner()).await?;
    Ok(if file.is_some_and(|file| !file.is_trashed()) { Standing::AtHand } else { Standing::Gone })
}

/// Whether fewer than `most` documents match `live`.
pub(crate) async fn has_room<T: Send + Sync>(
    collection: &Collection<T>,
    session: &mut ClientSession,
    live: Document,
    most: u32,
) -> Result<bool, Error> {
    // To the database no limit is zero.
    if most == 0 {
        return Ok(false);
    }
    let ids = collection.clone_with_type::<Document>();
    let mut cursor =
        ids.find(live).projection(doc! { "_id": 1 }).limit(most.into()).session(&mut *session).await?;
    let found: Vec<Document> = cursor.stream(session).try_collect().await?;
    Ok(u32::try_from(found.len()).is_ok_and(|found| found < most))
}
