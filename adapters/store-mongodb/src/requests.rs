//! Requests that are to take effect once: kept in the same step as their effect.

use crate::collections::Collections;
use crate::documents::request::{RequestDocument, by_key, forgotten};
use crate::errors::Failure;
use crate::presence::is_there;
use crate::store::Shared;
use crate::sweep;
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, Once};
use epic_domain::id::UserId;
use mongodb::ClientSession;
use mongodb::bson::doc;
use mongodb::error::Error;

/// What an earlier request of `account` means for this one, if there was one. The transaction has claimed the account: of two
/// requests with one key the second sees the first.
pub(crate) async fn judge_claimed(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
    once: Option<&Once>,
    now: Timestamp,
) -> Result<Option<Earlier>, Error> {
    let Some(once) = once else { return Ok(None) };
    let found = collections.requests.find_one(by_key(account, &once.key_digest)).session(session).await?;
    let earlier = found.map(RequestDocument::decode).transpose()?;
    Ok(earlier.and_then(|earlier| once.judge(&earlier, now)))
}

/// Keeps a request, in the transaction that has judged it. One that is forgotten but still there is written over.
pub(crate) async fn remember(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
    once: Option<&Once>,
) -> Result<(), Error> {
    let Some(once) = once else { return Ok(()) };
    collections
        .requests
        .replace_one(by_key(account, &once.key_digest), RequestDocument::encode(account, once))
        .upsert(true)
        .session(session)
        .await?;
    Ok(())
}

/// The request with this key, unless it is forgotten at `now`.
pub(crate) async fn find(
    shared: &Shared,
    account: UserId,
    key_digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Once>, Failure> {
    let found = shared.collections.requests.find_one(by_key(account, key_digest)).await?;
    let request = found.map(RequestDocument::decode).transpose()?.filter(|request| now < request.expires_at);
    match request {
        Some(request) if is_there(&shared.collections, account).await? => Ok(Some(request)),
        _ => Ok(None),
    }
}

pub(crate) async fn forget(shared: &Shared, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let sort = doc! { "expires_at": 1 };
    sweep::remove(&shared.collections.requests.clone_with_type(), forgotten(now), sort, limit).await
}
