//! The port of accounts.

use crate::SqliteStore;
use crate::account_changes::{
    change_credentials, confirm_totp, propose_totp, remove, renew_recovery_codes, replace_hash,
    set_recovery_key,
};
use crate::error::Failure;
use crate::removed_accounts;
use crate::second_factor::{consume_otp_step, consume_recovery_code, record_code_failure};
use crate::user_row::{expired_pending, find_by_id, find_by_username, insert, update};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{
    AuthKeyHash, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Status, User, Username, Version,
};
use epic_outbound::StoreError;
use epic_outbound::users::{
    Change, Consumption, CredentialChange, Insertion, Replacement, TotpChange, Users,
};
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

    async fn change_credentials(&self, change: &CredentialChange) -> Result<Change, StoreError> {
        let change = change.clone();
        self.write(move |connection| change_credentials(connection, change)).await
    }

    async fn replace_hash(
        &self,
        user_id: UserId,
        old: &AuthKeyHash,
        new: &AuthKeyHash,
    ) -> Result<bool, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.write(move |connection| replace_hash(connection, user_id, &old, new)).await
    }

    async fn propose_totp(&self, user_id: UserId, proposed: &ProposedTotp) -> Result<bool, StoreError> {
        let proposed = proposed.clone();
        self.write(move |connection| propose_totp(connection, user_id, proposed)).await
    }

    async fn confirm_totp(&self, change: &TotpChange) -> Result<Change, StoreError> {
        let change = change.clone();
        self.write(move |connection| confirm_totp(connection, change)).await
    }

    async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[RecoveryCodeDigest],
    ) -> Result<bool, StoreError> {
        let codes = codes.to_vec();
        self.write(move |connection| renew_recovery_codes(connection, user_id, &codes)).await
    }

    async fn set_recovery_key(
        &self,
        user_id: UserId,
        expected: Version,
        recovery_key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let recovery_key = recovery_key.clone();
        self.write(move |connection| set_recovery_key(connection, user_id, expected, recovery_key, now)).await
    }

    async fn remove(
        &self,
        user_id: UserId,
        revoked_until: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(move |connection| remove(connection, user_id, revoked_until)).await
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
        removed_accounts::remove(connection, holder.id)?;
    }
    removed_accounts::make_way(connection, user.id)?;
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

fn remove_expired_pending(connection: &Connection, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let expired = expired_pending(connection, now, limit)?;
    for account in &expired {
        removed_accounts::remove(connection, *account)?;
    }
    Ok(u32::try_from(expired.len()).unwrap_or(u32::MAX))
}
