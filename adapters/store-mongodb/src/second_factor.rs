//! One-time codes, recovery codes and the count of failures: each one step on the account's document.

use crate::documents::user_queries::{
    at_revision, by_id, confirm, count_failure, failed_otherwise, holding_code, spend_code, spend_step,
};
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::{OtpStep, RecoveryCodeDigest};
use epic_outbound::users::Consumption;
use mongodb::bson::oid::ObjectId;
use mongodb::options::ReturnDocument;

/// How often a change looks again when the account has changed between its look and its write.
const TRIES_MAX: u32 = 16;

pub(crate) async fn consume_step(
    shared: &Shared,
    user_id: UserId,
    step: OtpStep,
    codes: &[RecoveryCodeDigest],
    now: Timestamp,
) -> Result<Consumption, Failure> {
    let users = &shared.collections.users;
    for _ in 0..TRIES_MAX {
        let Some(found) = users.find_one(by_id(user_id)).await? else { return Ok(Consumption::NotAllowed) };
        let seen = at_revision(user_id, found.revision());
        let user = found.decode()?;
        if !user.status.may_sign_in(now) {
            return Ok(Consumption::NotAllowed);
        }
        if user.enrolment.last_step.is_some_and(|last| step <= last) {
            return Ok(Consumption::AlreadySpent);
        }
        let confirmed = user.status.confirm(now).is_ok();
        let change = if confirmed { confirm(step, codes, now)? } else { spend_step(step)? };
        if users.update_one(seen, change).await?.matched_count == 1 {
            return Ok(Consumption::Consumed { confirmed });
        }
    }
    Err(Failure::Contended)
}

pub(crate) async fn consume_recovery_code(
    shared: &Shared,
    user_id: UserId,
    code: &RecoveryCodeDigest,
) -> Result<bool, Failure> {
    let spent = shared.collections.users.update_one(holding_code(user_id, code), spend_code(code)).await?;
    Ok(spent.matched_count == 1)
}

/// Counts under a mark of its own: a driver that gets no answer in time asks again, and a server that still works on the first
/// request, or has forgotten it, would count one failure twice.
pub(crate) async fn record_failure(shared: &Shared, user_id: UserId) -> Result<u32, Failure> {
    let users = &shared.collections.users;
    let mark = ObjectId::new();
    let counted = users
        .find_one_and_update(failed_otherwise(user_id, mark), count_failure(mark))
        .return_document(ReturnDocument::After)
        .await?;
    let counted = match counted {
        Some(document) => Some(document),
        // The account has gone, or the first request has counted.
        None => users.find_one(by_id(user_id)).await?,
    };
    counted.map_or(Ok(0), |document| Ok(document.decode()?.enrolment.consecutive_failures))
}
