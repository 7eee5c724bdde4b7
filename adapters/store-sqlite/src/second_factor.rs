//! One-time codes, recovery codes and the count of failures, each one step on the writer's connection.

use crate::error::Failure;
use crate::user_row::{find_by_id, update};
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::{OtpStep, RecoveryCodeDigest, Status};
use epic_outbound::users::Consumption;
use rusqlite::Connection;
use std::collections::BTreeSet;

pub(crate) fn consume_otp_step(
    connection: &Connection,
    user_id: UserId,
    step: OtpStep,
    recovery_codes: &[RecoveryCodeDigest],
    now: Timestamp,
) -> Result<Consumption, Failure> {
    let Some(mut user) = find_by_id(connection, user_id)?.filter(|user| user.status.may_sign_in(now)) else {
        return Ok(Consumption::NotAllowed);
    };
    if user.enrolment.last_step.is_some_and(|last| step <= last) {
        return Ok(Consumption::AlreadySpent);
    }
    user.enrolment.last_step = Some(step);
    user.enrolment.consecutive_failures = 0;
    let confirmed = user.status.confirm(now);
    if let Ok(status) = confirmed {
        user.status = status;
        user.updated_at = now;
        replace_recovery_codes(connection, user_id, recovery_codes)?;
    }
    update(connection, &user)?;
    Ok(Consumption::Consumed { confirmed: confirmed.is_ok() })
}

pub(crate) fn replace_recovery_codes(
    connection: &Connection,
    user_id: UserId,
    recovery_codes: &[RecoveryCodeDigest],
) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM recovery_codes WHERE user_id = ?1")?
        .execute([user_id.as_bytes()])?;
    let mut insert = connection
        .prepare_cached("INSERT OR IGNORE INTO recovery_codes (user_id, digest) VALUES (?1, ?2)")?;
    for digest in recovery_codes {
        insert.execute((user_id.as_bytes(), digest.as_bytes()))?;
    }
    Ok(())
}

/// The recovery codes of an account that are not used up.
pub(crate) fn recovery_codes(
    connection: &Connection,
    user_id: UserId,
) -> Result<BTreeSet<RecoveryCodeDigest>, Failure> {
    let mut statement = connection.prepare_cached("SELECT digest FROM recovery_codes WHERE user_id = ?1")?;
    let rows =
        statement.query_map([user_id.as_bytes()], |row| row.get(0).map(RecoveryCodeDigest::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn consume_recovery_code(
    connection: &Connection,
    user_id: UserId,
    code: &RecoveryCodeDigest,
    now: Timestamp,
) -> Result<bool, Failure> {
    let Some(mut user) = find_by_id(connection, user_id)? else { return Ok(false) };
    if user.status != Status::Active || !user.status.may_sign_in(now) {
        return Ok(false);
    }
    let spent = connection
        .prepare_cached("DELETE FROM recovery_codes WHERE user_id = ?1 AND digest = ?2")?
        .execute((user_id.as_bytes(), code.as_bytes()))?;
    if spent == 0 {
        return Ok(false);
    }
    user.enrolment.consecutive_failures = 0;
    update(connection, &user)?;
    Ok(true)
}

pub(crate) fn record_code_failure(connection: &Connection, user_id: UserId) -> Result<u32, Failure> {
    let Some(mut user) = find_by_id(connection, user_id)? else { return Ok(0) };
    let failures = user.enrolment.consecutive_failures.saturating_add(1);
    user.enrolment.consecutive_failures = failures;
    update(connection, &user)?;
    Ok(failures)
}
