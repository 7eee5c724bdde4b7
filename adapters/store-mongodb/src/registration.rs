//! Accounts come to be, are registered again, and expire unconfirmed. The unique index on names decides who has one.

use crate::collections::Collections;
use crate::documents::user::UserDocument;
use crate::documents::user_queries::{among, by_id, by_username, expired_pending, pending_at};
use crate::errors::Failure;
use crate::presence::{IdDocument, those_there_within};
use crate::removed_accounts;
use crate::store::Shared;
use crate::users::find;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::{User, Version};
use epic_outbound::users::{Insertion, Replacement};
use futures_util::{FutureExt, TryStreamExt};
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How often an insertion looks again when the holder of its name has gone meanwhile.
const TRIES_MAX: u32 = 16;

/// What became of an insertion.
pub(crate) struct Attempt {
    pub(crate) outcome: Insertion,
    /// The expired account that had the name, and has left something behind.
    pub(crate) in_place_of: Option<UserId>,
}

impl Attempt {
    const fn of(outcome: Insertion) -> Self {
        Self { outcome, in_place_of: None }
    }
}

pub(crate) async fn insert_if_absent(
    shared: &Arc<Shared>,
    user: &User,
    now: Timestamp,
) -> Result<Attempt, Failure> {
    let document = UserDocument::encode(user)?;
    removed_accounts::make_way(shared, user.id).await?;
    for _ in 0..TRIES_MAX {
        match shared.collections.users.insert_one(&document).await.map_err(Failure::from) {
            Ok(_) => return Ok(Attempt::of(Insertion::Inserted)),
            Err(failure) if failure.is_duplicate_key() => {}
            Err(failure) => return Err(failure),
        }
        match find(shared, by_username(&user.username)).await? {
            // The driver asks again when an answer is lost, and a server may have forgotten that it has done this before.
            Some(holder) if holder == *user => return Ok(Attempt::of(Insertion::Inserted)),
            Some(holder) if holder.status.exists_at(now) => return Ok(Attempt::of(Insertion::NameTaken)),
            Some(holder) => {
                if take_over(shared, &holder, user, now).await? {
                    return Ok(Attempt { outcome: Insertion::Inserted, in_place_of: Some(holder.id) });
                }
            }
            // Nobody has the name: its holder has gone this moment, or it is the id that is taken.
            None => {
                if find(shared, by_id(user.id)).await?.is_some() {
                    return Err(Failure::IdTaken);
                }
            }
        }
    }
    Err(Failure::Contended)
}

/// Puts a new account in the place of one that has expired; false when someone else did, or the account has changed.
///
/// An account that was never confirmed has no sessions.
async fn take_over(shared: &Shared, holder: &User, heir: &User, now: Timestamp) -> Result<bool, Failure> {
    let mut expired = by_id(holder.id);
    expired.extend(expired_pending(now));
    let context = (expired, UserDocument::encode(heir)?);
    let holder = holder.id;
    let taken_over = shared
        .in_transaction(context, move |collections, session, (expired, heir)| {
            replace_expired(collections, session, holder, expired, heir).boxed()
        })
        .await;
    match taken_over {
        Err(failure) if failure.is_duplicate_key() => Ok(false),
        other => other,
    }
}

async fn replace_expired(
    collections: &Collections,
    session: &mut ClientSession,
    holder: UserId,
    expired: &Document,
    heir: &UserDocument,
) -> Result<bool, Error> {
    if collections.users.delete_one(expired.clone()).session(&mut *session).await?.deleted_count == 0 {
        return Ok(false);
    }
    removed_accounts::remember(collections, session, holder).await?;
    collections.users.insert_one(heir).session(session).await?;
    Ok(true)
}

pub(crate) async fn replace_pending(
    shared: &Shared,
    user: &User,
    expected: Version,
    now: Timestamp,
) -> Result<Replacement, Failure> {
    let document = UserDocument::encode(user)?;
    let replaced = shared.collections.users.replace_one(pending_at(user, expected, now)?, document).await?;
    Ok(if replaced.matched_count == 1 { Replacement::Replaced } else { Replacement::Stale })
}

pub(crate) async fn remove_expired(shared: &Arc<Shared>, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let expired = expired_ids(shared, now, limit).await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let removed = shared
        .in_transaction(expired, move |collections, session, expired| {
            remove_these(collections, session, expired, now).boxed()
        })
        .await?;
    removed_accounts::clear_some(shared).await;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}

async fn expired_ids(shared: &Shared, now: Timestamp, limit: u32) -> Result<BTreeSet<UserId>, Failure> {
    // To the database no limit is zero.
    if limit == 0 {
        return Ok(BTreeSet::new());
    }
    let accounts = shared.collections.users.clone_with_type::<IdDocument>();
    let found = accounts.find(expired_pending(now)).projection(IdDocument::projection());
    let found = found.sort(doc! { "pending_expires_at": 1 }).limit(limit.into()).await?;
    Ok(found.map_ok(|found| found.id()).try_collect().await?)
}

/// Removes those of the accounts that are still expired, and remembers them, since they may have left something behind.
async fn remove_these(
    collections: &Collections,
    session: &mut ClientSession,
    accounts: &BTreeSet<UserId>,
    now: Timestamp,
) -> Result<usize, Error> {
    let mut expired = among(accounts.iter().copied());
    expired.extend(expired_pending(now));
    collections.users.delete_many(expired).session(&mut *session).await?;
    let still_there = those_there_within(collections, session, accounts.clone()).await?;
    let mut removed = 0;
    for account in accounts.difference(&still_there) {
        removed_accounts::remember(collections, session, *account).await?;
        removed += 1;
    }
    Ok(removed)
}
