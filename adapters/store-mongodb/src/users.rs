//! The port of accounts.

use crate::MongoStore;
use crate::documents::user_queries::{by_id, by_username};
use crate::errors::Failure;
use crate::store::Shared;
use crate::{account_changes, registration, removed_accounts, second_factor};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{
    AuthKeyHash, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, User, Username, Version,
};
use epic_outbound::StoreError;
use epic_outbound::users::{
    Change, Consumption, CredentialChange, Insertion, Replacement, TotpChange, Users,
};
use mongodb::bson::Document;
use std::sync::Arc;

/// Reads one account.
pub(crate) async fn find(shared: &Shared, filter: Document) -> Result<Option<User>, Failure> {
    let found = shared.collections.users.find_one(filter).await?;
    found.map(|document| document.decode()).transpose()
}

impl MongoStore {
    /// Clears away what an account that is gone leaves behind. A call of its own: it is gone, however long this takes.
    async fn clear_away(&self, account: UserId) {
        let clearing = self.call(|shared| async move {
            removed_accounts::clear(&shared, account).await;
            Ok(())
        });
        // What is left is met again by whoever looks for doomed blobs.
        clearing.await.ok();
    }
}

#[async_trait]
impl Users for MongoStore {
    async fn find_by_username(&self, username: &Username) -> Result<Option<Arc<User>>, StoreError> {
        let filter = by_username(username);
        let found = self.call(|shared| async move { find(&shared, filter).await }).await?;
        Ok(found.map(Arc::new))
    }

    async fn find_by_id(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        let found = self.call(|shared| async move { find(&shared, by_id(user_id)).await }).await?;
        Ok(found.map(Arc::new))
    }

    async fn insert_if_absent(&self, user: &User, now: Timestamp) -> Result<Insertion, StoreError> {
        let user = user.clone();
        let attempt = self
            .call(|shared| async move { registration::insert_if_absent(&shared, &user, now).await })
            .await?;
        if let Some(former) = attempt.in_place_of {
            self.clear_away(former).await;
        }
        Ok(attempt.outcome)
    }

    async fn replace_pending(
        &self,
        user: &User,
        expected: Version,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let user = user.clone();
        self.call(|shared| async move { registration::replace_pending(&shared, &user, expected, now).await })
            .await
    }

    async fn consume_otp_step(
        &self,
        user_id: UserId,
        step: OtpStep,
        recovery_codes: &[RecoveryCodeDigest],
        now: Timestamp,
    ) -> Result<Consumption, StoreError> {
        let codes = recovery_codes.to_vec();
        self.call(
            |shared| async move { second_factor::consume_step(&shared, user_id, step, &codes, now).await },
        )
        .await
    }

    async fn consume_recovery_code(
        &self,
        user_id: UserId,
        code: &RecoveryCodeDigest,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let code = *code;
        self.call(|shared| async move { second_factor::consume_recovery_code(&shared, user_id, &code).await })
            .await
    }

    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError> {
        self.call(|shared| async move { second_factor::record_failure(&shared, user_id).await }).await
    }

    async fn change_credentials(&self, change: &CredentialChange) -> Result<Change, StoreError> {
        let change = change.clone();
        self.call(|shared| async move { account_changes::change_credentials(&shared, change).await }).await
    }

    async fn replace_hash(
        &self,
        user_id: UserId,
        old: &AuthKeyHash,
        new: &AuthKeyHash,
    ) -> Result<bool, StoreError> {
        let (old, new) = (old.clone(), new.clone());
        self.call(|shared| async move { account_changes::replace_hash(&shared, user_id, &old, &new).await })
            .await
    }

    async fn propose_totp(&self, user_id: UserId, proposed: &ProposedTotp) -> Result<bool, StoreError> {
        let proposed = proposed.clone();
        self.call(|shared| async move { account_changes::propose_totp(&shared, user_id, &proposed).await })
            .await
    }

    async fn confirm_totp(&self, change: &TotpChange) -> Result<Change, StoreError> {
        let change = change.clone();
        self.call(|shared| async move { account_changes::confirm_totp(&shared, change).await }).await
    }

    async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[RecoveryCodeDigest],
    ) -> Result<bool, StoreError> {
        let codes = codes.to_vec();
        self.call(|shared| async move { account_changes::replace_codes(&shared, user_id, &codes).await })
            .await
    }

    async fn set_recovery_key(
        &self,
        user_id: UserId,
        expected: Version,
        recovery_key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let key = recovery_key.clone();
        self.call(|shared| async move {
            account_changes::set_recovery_key(&shared, user_id, expected, &key, now).await
        })
        .await
    }

    async fn remove(
        &self,
        user_id: UserId,
        revoked_until: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let removed = self
            .call(|shared| async move { account_changes::remove(&shared, user_id, revoked_until).await })
            .await?;
        if removed.is_some() {
            self.clear_away(user_id).await;
        }
        Ok(removed)
    }

    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(|shared| async move { registration::remove_expired(&shared, now, limit).await }).await
    }
}
