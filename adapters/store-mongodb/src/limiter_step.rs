//! One step of the shared limiter: the counts of some keys as they stand, and what is to become of them.
//!
//! A step reads first and writes only if nobody has changed anything since: the revision of each document stands in the
//! filter of its update. Several documents change in one transaction, in the order of their ids, so that of two steps that
//! meet one goes on.

use crate::collections::Collections;
use crate::documents::limit::{LimitDocument, among, change_to, unchanged};
use crate::errors::Failure;
use crate::limiter_count::Count;
use crate::limiter_key::LimitKey;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::rate_limit::{Action, Quota};
use futures_util::{FutureExt, TryStreamExt};
use mongodb::ClientSession;
use mongodb::error::Error;
use mongodb::options::ReadConcern;

/// What counts against one key, and by what quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) key: LimitKey,
    pub(crate) action: Action,
    pub(crate) quota: Quota,
}

/// The count of a key at a time, and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) limit: Limit,
    pub(crate) count: Count,
    /// `None` when nothing is stored of the key.
    revision: Option<i64>,
}

/// Reads the counts of these keys as they are at `now`.
pub(crate) async fn read(shared: &Shared, limits: &[Limit], now: Timestamp) -> Result<Vec<Counted>, Failure> {
    let found = shared
        .collections
        .limits
        .find(among(limits.iter().map(|limit| limit.key)))
        // What a majority holds may lie behind; a write that follows is decided by what it finds itself.
        .read_concern(ReadConcern::local())
        .await?;
    let documents: Vec<LimitDocument> = found.try_collect().await?;
    let counted = limits.iter().map(|limit| {
        let stored = documents.iter().find(|document| document.is_of(limit.key));
        let (mut count, revision) = match stored.map(LimitDocument::decode).transpose()? {
            Some((count, revision)) => (count, Some(revision)),
            None => (Count::none(now), None),
        };
        count.advance_to(now, limit.quota);
        Ok(Counted { limit: *limit, count, revision })
    });
    counted.collect()
}

/// Stores the counts, all of them or none; false when a rival has changed one of them.
pub(crate) async fn write(shared: &Shared, counted: Vec<Counted>) -> Result<bool, Failure> {
    let written = match counted.as_slice() {
        [] => Ok(()),
        [counted] => write_one(&shared.collections, None, counted).await.map_err(Failure::from),
        _ => {
            let writing = shared.in_transaction(counted, |collections, session, counted| {
                write_all(collections, session, counted).boxed()
            });
            writing.await
        }
    };
    match written {
        Ok(()) => Ok(true),
        Err(Failure::Contended) => Ok(false),
        Err(failure) if failure.is_duplicate_key() => Ok(false),
        Err(failure) => Err(failure),
    }
}

async fn write_all(
    collections: &Collections,
    session: &mut ClientSession,
    counted: &[Counted],
) -> Result<(), Error> {
    for counted in counted {
        write_one(collections, Some(session), counted).await?;
    }
    Ok(())
}

/// Stores a count in place of the one that was read.
///
/// # Errors
/// The driver's as they are, since they say whether a transaction is worth trying again;
/// [`Failure::Contended`], or a duplicate key, when a rival has changed it.
async fn write_one(
    collections: &Collections,
    session: Option<&mut ClientSession>,
    Counted { limit: Limit { key, quota, .. }, count, revision }: &Counted,
) -> Result<(), Error> {
    let Some(revision) = revision else {
        let document = LimitDocument::encode(*key, count, *quota)?;
        let insertion = collections.limits.insert_one(document);
        match session {
            Some(session) => insertion.session(session).await?,
            None => insertion.await?,
        };
        return Ok(());
    };
    let update = collections.limits.update_one(unchanged(*key, *revision), change_to(count, *quota));
    let updated = match session {
        Some(session) => update.session(session).await?,
        None => update.await?,
    };
    if updated.matched_count == 0 { Err(Failure::Contended.into()) } else { Ok(()) }
}
