//! Sessions end: each becomes its own revocation, in place.

use crate::collections::Collections;
use crate::documents::session::SeenDocument;
use crate::documents::session_queries::{among, end, of_user};
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_outbound::sessions::EndScope;
use futures_util::{FutureExt, TryStreamExt};
use mongodb::ClientSession;
use mongodb::bson::Document;
use mongodb::error::Error;

/// Ends one session if it matches; false when it does not, or has ended.
pub(crate) async fn end_one(shared: &Shared, filter: Document, until: Timestamp) -> Result<bool, Failure> {
    Ok(shared.collections.sessions.update_one(filter, end(until)).await?.matched_count == 1)
}

pub(crate) async fn end_many(
    shared: &Shared,
    user_id: UserId,
    scope: EndScope,
    until: Timestamp,
) -> Result<Vec<SessionId>, Failure> {
    let _turn = shared.turns.of(user_id).await;
    shared
        .in_transaction((), move |collections, session, ()| {
            end_of_user(collections, session, user_id, scope, until).boxed()
        })
        .await
}

/// Ends several of a user's sessions within a transaction; returns those that ended.
pub(crate) async fn end_of_user(
    collections: &Collections,
    session: &mut ClientSession,
    user_id: UserId,
    scope: EndScope,
    until: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let alive = last_seen(collections, session, user_id).await?;
    let ids = alive.into_iter().map(|(_, id)| id).filter(|id| scope != EndScope::AllExcept(*id)).collect();
    end_these(collections, session, ids, until).await
}

/// The sessions of a user and when they were last seen, within a transaction; those not seen for the longest come first,
/// the older first among equals.
pub(crate) async fn last_seen(
    collections: &Collections,
    session: &mut ClientSession,
    user_id: UserId,
) -> Result<Vec<(Timestamp, SessionId)>, Error> {
    let mut cursor = collections
        .sessions
        .clone_with_type::<SeenDocument>()
        .find(of_user(user_id))
        .projection(SeenDocument::projection())
        .session(&mut *session)
        .await?;
    let found: Vec<SeenDocument> = cursor.stream(session).try_collect().await?;
    let mut seen = found.iter().map(SeenDocument::decode).collect::<Result<Vec<_>, Failure>>()?;
    seen.sort_unstable();
    Ok(seen)
}

/// Ends these sessions within a transaction, which has found them alive: should a rival end one first, the transaction is
/// refused. Returns them.
pub(crate) async fn end_these(
    collections: &Collections,
    session: &mut ClientSession,
    ids: Vec<SessionId>,
    until: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    if !ids.is_empty() {
        collections.sessions.update_many(among(&ids), end(until)).session(session).await?;
    }
    Ok(ids)
}
