//! Changes of what guards an account. Those that end sessions are transactions that write the account first, as a session
//! that opens does too: of two that race one is refused and looks again.

use crate::documents::user_queries::{
    active, active_at, by_id, confirm_proposed, having_hash, having_proposed, propose, set_codes,
    set_credentials, set_hash, set_recovery_key as set_key,
};
use crate::errors::Failure;
use crate::removed_accounts;
use crate::session_endings::end_of_user;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{AuthKeyHash, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Version};
use epic_outbound::sessions::EndScope;
use epic_outbound::users::{Change, CredentialChange, Ending, Replacement, TotpChange};
use futures_util::FutureExt;
use mongodb::bson::Document;

/// Updates the one account that matches; false when none does.
async fn update(shared: &Shared, filter: Document, change: Document) -> Result<bool, Failure> {
    Ok(shared.collections.users.update_one(filter, change).await?.matched_count == 1)
}

/// Updates the account if it matches and ends its other sessions, in one transaction.
async fn update_and_end(
    shared: &Shared,
    user_id: UserId,
    filter: Document,
    change: Document,
    ending: Ending,
) -> Result<Change, Failure> {
    let _turn = shared.turns.of(user_id).await;
    let scope = ending.keep.map_or(EndScope::All, EndScope::AllExcept);
    shared
        .in_transaction((filter, change), move |collections, session, (filter, change)| {
            async move {
                let changed = collections
                    .users
                    .update_one(filter.clone(), change.clone())
                    .session(&mut *session)
                    .await?;
                if changed.matched_count == 0 {
                    return Ok(Change::Stale);
                }
                let ended = end_of_user(collections, session, user_id, scope, ending.revoked_until).await?;
                Ok(Change::Made { ended })
            }
            .boxed()
        })
        .await
}

pub(crate) async fn change_credentials(shared: &Shared, change: CredentialChange) -> Result<Change, Failure> {
    let filter = active_at(change.user_id, change.expected)?;
    update_and_end(shared, change.user_id, filter, set_credentials(&change)?, change.ending).await
}

pub(crate) async fn confirm_totp(shared: &Shared, change: TotpChange) -> Result<Change, Failure> {
    let filter = having_proposed(change.user_id, &change.sealed_secret);
    update_and_end(shared, change.user_id, filter, confirm_proposed(&change)?, change.ending).await
}

pub(crate) async fn replace_hash(
    shared: &Shared,
    user_id: UserId,
    old: &AuthKeyHash,
    new: &AuthKeyHash,
) -> Result<bool, Failure> {
    update(shared, having_hash(user_id, old), set_hash(new)).await
}

pub(crate) async fn propose_totp(
    shared: &Shared,
    user_id: UserId,
    proposed: &ProposedTotp,
) -> Result<bool, Failure> {
    update(shared, active(user_id), propose(proposed)?).await
}

pub(crate) async fn replace_codes(
    shared: &Shared,
    user_id: UserId,
    codes: &[RecoveryCodeDigest],
) -> Result<bool, Failure> {
    update(shared, active(user_id), set_codes(codes)).await
}

pub(crate) async fn set_recovery_key(
    shared: &Shared,
    user_id: UserId,
    expected: Version,
    key: &RecoveryKey,
    now: Timestamp,
) -> Result<Replacement, Failure> {
    let replaced = update(shared, active_at(user_id, expected)?, set_key(key, now)?).await?;
    Ok(if replaced { Replacement::Replaced } else { Replacement::Stale })
}

/// Removes the account and turns its sessions into revocations; what else belongs to it is to be cleared away. Its events stay.
pub(crate) async fn remove(
    shared: &Shared,
    user_id: UserId,
    revoked_until: Timestamp,
) -> Result<Option<Vec<SessionId>>, Failure> {
    let _turn = shared.turns.of(user_id).await;
    shared
        .in_transaction((), move |collections, session, ()| {
            async move {
                let account = by_id(user_id);
                let removed = collections.users.delete_one(account).session(&mut *session).await?;
                if removed.deleted_count == 0 {
                    return Ok(None);
                }
                removed_accounts::remember(collections, session, user_id).await?;
                end_of_user(collections, session, user_id, EndScope::All, revoked_until).await.map(Some)
            }
            .boxed()
        })
        .await
}
