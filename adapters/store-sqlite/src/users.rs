//! The port of accounts.

use crate::SqliteStore;
use crate::error::Failure;
use crate::rows::millis;
use crate::user_row::{delete, find_by_id, find_by_username, insert, update};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::{OtpStep, RecoveryCodeDigest, Status, User, Username, Version};
use epic_outbound::StoreError;
use epic_outbound::users::{Consumption, Insertion, Replacement, Users};
use rusqlite::Connection;
use std::sync::Arc;

#[async_trait]
impl Users for SqliteStore {
    async fn find_by_username(&self, username: &Username) -> Result<Option<Arc<User>>, StoreError> {
        let username = username.clone();
        let found = self.read(move |connection| find_by_username(connection, &username)).await?;
        Ok(found.map(Arc::new))
    }

    async fn find_by_id(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        let found = self.read(move |connection| find_by_id(connection, user_id)).await?;
        Ok(found.map(Arc::new))
    }

    async fn insert_if_absent(&self, user: &User, now: Timestamp) -> Result<Insertion, StoreError> {
        let user = user.clone();
        self.write(move |connection| insert_if_absent(connection, &user, now)).await
    }

    async fn replace_pending(
        &self,
        user: &User,
        expected: Version,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let user = user.clone();
        self.write(move |connection| replace_pending(connection, &user, expected, now)).await
    }

    async fn consume_otp_step(
        &self,
        user_id: UserId,
        step: OtpStep,
        recovery_codes: &[RecoveryCodeDigest],
        now: Timestamp,
    ) -> Result<Consumption, StoreError> {
        let codes = recovery_codes.to_vec();
        self.write(move |connection| consume_otp_step(connection, user_id, step, &codes, now)).await
    }

    async fn consume_recovery_code(
        &self,
        user_id: UserId,
        code: &RecoveryCodeDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let code = *code;
        self.write(move |connection| consume_recovery_code(connection, user_id, &code, now)).await
    }

    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError> {
        self.write(move |connection| record_code_failure(connection, user_id)).await
    }

    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.write(move |connection| remove_expired_pending(connection, now, limit)).await
    }
}

fn insert_if_absent(connection: &Connection, user: &User, now: Timestamp) -> Result<Insertion, Failure> {
    if let Some(holder) = find_by_username(connection, &user.username)? {
        if holder.status.exists_at(now) {
            return Ok(Insertion::NameTaken);
        }
        delete(connection, holder.id)?;
    }
    insert(connection, user)?;
    Ok(Insertion::Inserted)
}

fn replace_pending(
    connection: &Connection,
    user: &User,
    expected: Version,
    now: Timestamp,
) -> Result<Replacement, Failure> {
    match find_by_id(connection, user.id)? {
        Some(stored)
            if matches!(stored.status, Status::Pending { .. })
                && stored.status.exists_at(now)
                && stored.version == expected
                && stored.username == user.username =>
        {
            update(connection, user)?;
            Ok(Replacement::Replaced)
        }
        _ => Ok(Replacement::Stale),
    }
}

fn consume_otp_step(
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

fn replace_recovery_codes(
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

fn consume_recovery_code(
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

fn record_code_failure(connection: &Connection, user_id: UserId) -> Result<u32, Failure> {
    let Some(mut user) = find_by_id(connection, user_id)? else { return Ok(0) };
    let failures = user.enrolment.consecutive_failures.saturating_add(1);
    user.enrolment.consecutive_failures = failures;
    update(connection, &user)?;
    Ok(failures)
}

fn remove_expired_pending(connection: &Connection, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let removed = connection
        .prepare_cached(
            "DELETE FROM users WHERE id IN \
             (SELECT id FROM users WHERE pending_expires_at_ms <= ?1 ORDER BY pending_expires_at_ms LIMIT ?2)",
        )?
        .execute((millis(now), limit))?;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}
