//! A store that counts its reads, and whose reads and changes can be held up at the worst moment.

use async_trait::async_trait;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{
    AuthKeyHash, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, User, Username, Version,
};
use epic_outbound::StoreError;
use epic_outbound::users::{
    Change, Consumption, CredentialChange, Insertion, Replacement, TotpChange, Users,
};
use epic_tests::fakes::MemoryStore;
use std::sync::Arc;
use tokio::sync::Notify;

/// A place where one call stops until it is let go.
#[derive(Debug, Default)]
pub(crate) struct Barrier {
    armed: AtomicBool,
    reached: Notify,
    opened: Notify,
}

impl Barrier {
    /// The next call that comes here stops.
    pub(crate) fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    /// Waits until a call has stopped here.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the stopped call go on.
    pub(crate) fn open(&self) {
        self.opened.notify_one();
    }

    async fn pass(&self) {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.reached.notify_one();
            self.opened.notified().await;
        }
    }
}

/// A store in memory, watched.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// What is stored.
    pub(crate) store: MemoryStore,
    /// Passed by a read that has its result and has not returned it.
    pub(crate) after_read: Barrier,
    /// Passed by a change that has not been made.
    pub(crate) before_change: Barrier,
    reads: AtomicUsize,
}

impl Probe {
    /// A watched store that holds these accounts.
    #[expect(clippy::unwrap_used, reason = "the fake store takes every account of a test")]
    pub(crate) async fn holding(users: impl IntoIterator<Item = User>) -> Arc<Self> {
        let probe = Arc::new(Self::default());
        for user in users {
            probe.store.insert_if_absent(&user, user.created_at).await.unwrap();
        }
        probe
    }

    /// Reads by id so far.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Users for Probe {
    async fn find_by_username(&self, username: &Username) -> Result<Option<Arc<User>>, StoreError> {
        self.store.find_by_username(username).await
    }

    async fn find_by_id(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let found = self.store.find_by_id(user_id).await;
        self.after_read.pass().await;
        found
    }

    async fn insert_if_absent(&self, user: &User, now: Timestamp) -> Result<Insertion, StoreError> {
        self.before_change.pass().await;
        self.store.insert_if_absent(user, now).await
    }

    async fn replace_pending(
        &self,
        user: &User,
        expected: Version,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        self.before_change.pass().await;
        self.store.replace_pending(user, expected, now).await
    }

    async fn consume_otp_step(
        &self,
        user_id: UserId,
        step: OtpStep,
        recovery_codes: &[RecoveryCodeDigest],
        now: Timestamp,
    ) -> Result<Consumption, StoreError> {
        self.before_change.pass().await;
        self.store.consume_otp_step(user_id, step, recovery_codes, now).await
    }

    async fn consume_recovery_code(
        &self,
        user_id: UserId,
        code: &RecoveryCodeDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.before_change.pass().await;
        self.store.consume_recovery_code(user_id, code, now).await
    }

    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError> {
        self.before_change.pass().await;
        self.store.record_code_failure(user_id).await
    }

    async fn change_credentials(&self, change: &CredentialChange) -> Result<Change, StoreError> {
        self.before_change.pass().await;
        self.store.change_credentials(change).await
    }

    async fn replace_hash(
        &self,
        user_id: UserId,
        old: &AuthKeyHash,
        new: &AuthKeyHash,
    ) -> Result<bool, StoreError> {
        self.before_change.pass().await;
        self.store.replace_hash(user_id, old, new).await
    }

    async fn propose_totp(&self, user_id: UserId, proposed: &ProposedTotp) -> Result<bool, StoreError> {
        self.before_change.pass().await;
        self.store.propose_totp(user_id, proposed).await
    }

    async fn confirm_totp(&self, change: &TotpChange) -> Result<Change, StoreError> {
        self.before_change.pass().await;
        self.store.confirm_totp(change).await
    }

    async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[RecoveryCodeDigest],
    ) -> Result<bool, StoreError> {
        self.before_change.pass().await;
        self.store.replace_recovery_codes(user_id, codes).await
    }

    async fn set_recovery_key(
        &self,
        user_id: UserId,
        expected: Version,
        recovery_key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        self.before_change.pass().await;
        self.store.set_recovery_key(user_id, expected, recovery_key, now).await
    }

    async fn remove(
        &self,
        user_id: UserId,
        revoked_until: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.before_change.pass().await;
        self.store.remove(user_id, revoked_until).await
    }

    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.before_change.pass().await;
        self.store.remove_expired_pending(now, limit).await
    }
}
