//! Accounts that go, with all that belongs to them.
//!
//! The account itself goes at once, and from then on nobody sees anything of it, nor adds to it: whatever does so claims
//! the account first. What it leaves behind is cleared away in pieces, each a transaction of bounded size: the first before
//! the removal is answered, the others in the background. A node that dies in between leaves the rest to any other,
//! which finds it when it opens the store or looks for doomed blobs.

use crate::MongoStore;
use crate::account_clearing::clear_piece;
use crate::audit::in_order;
use crate::collections::Collections;
use crate::documents::removed_account::{all, by_id, remember as remembered};
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::id::UserId;
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::bson::doc;
use mongodb::error::Error;
use std::sync::Arc;

/// How many pieces are cleared away before a sweep of accounts is answered.
const PIECES_BEFORE_ANSWER: u32 = 16;

/// Remembers an account that goes, in the transaction that removes it.
pub(crate) async fn remember(
    collections: &Collections,
    session: &mut ClientSession,
    account: UserId,
) -> Result<(), Error> {
    let accounts = &collections.removed_accounts;
    accounts.update_one(by_id(account), remembered()).upsert(true).session(session).await?;
    Ok(())
}

/// Clears away what an account that has gone leaves behind: before it returns if one piece holds it, else it goes on in
/// the background, as it does when the piece fails.
pub(crate) async fn clear(shared: &Arc<Shared>, account: UserId) {
    if !matches!(piece(shared, account).await, Ok(Left::Nothing)) {
        take_up(shared);
    }
}

/// As [`clear`], for several accounts that have gone: most of them leave nothing behind.
pub(crate) async fn clear_some(shared: &Arc<Shared>) {
    for _ in 0..PIECES_BEFORE_ANSWER {
        if !matches!(next_piece(shared).await, Ok(Left::Something)) {
            break;
        }
    }
    take_up(shared);
}

/// Clears away all that an earlier account with this id has left behind.
pub(crate) async fn make_way(shared: &Shared, account: UserId) -> Result<(), Failure> {
    while shared.collections.removed_accounts.find_one(by_id(account)).await?.is_some() {
        piece(shared, account).await?;
    }
    Ok(())
}

/// Clears away in the background what accounts have left behind, if any have. It stops when the store closes or fails; the
/// next one goes on.
pub(crate) fn take_up(shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        // The tasks of one node go one after the other: together they would only be in each other's way.
        let _turn = shared.clearing.lock().await;
        let store = MongoStore::of(Arc::clone(&shared));
        while let Ok(Left::Something) = store.call(|shared| async move { next_piece(&shared).await }).await {}
    });
}

/// As [`take_up`], unless this node is at it already.
pub(crate) fn take_up_if_idle(shared: &Arc<Shared>) {
    if shared.clearing.try_lock().is_ok() {
        take_up(shared);
    }
}

/// What is left after a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Nothing,
    Something,
}

/// Clears the next piece of any account away.
pub(crate) async fn next_piece(shared: &Shared) -> Result<Left, Failure> {
    let accounts = &shared.collections.removed_accounts;
    let next = accounts.find_one(all()).sort(doc! { "_id": 1 }).hint(in_order());
    let Some(next) = next.await? else { return Ok(Left::Nothing) };
    piece(shared, next.id()).await?;
    Ok(Left::Something)
}

async fn piece(shared: &Shared, account: UserId) -> Result<Left, Failure> {
    shared
        .in_transaction((), move |collections, session, ()| {
            clear_piece(collections, session, account).boxed()
        })
        .await
}

#[cfg(test)]
mod tests;
