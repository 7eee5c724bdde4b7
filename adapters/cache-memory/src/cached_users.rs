//! Accounts in memory, in front of the store that holds them.

use crate::id_hash::IdHash;
use crate::unsettled::Unsettled;
use async_trait::async_trait;
use core::fmt;
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{
    AuthKeyHash, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Status, User, Username, Version,
};
use epic_outbound::StoreError;
use epic_outbound::changes::{AccountMemory, UpToDate};
use epic_outbound::users::{
    Change, Consumption, CredentialChange, Insertion, Replacement, TotpChange, Users,
};
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle, GuardResult};
use std::sync::Arc;

type Accounts = Cache<UserId, Arc<User>, UnitWeighter, IdHash>;

/// Accounts by id from memory, everything else from the store.
///
/// A change made through this value is seen by every read that starts after the change's answer. A read takes a
/// place in the cache before it asks the store; a change removes the account and with it such places, so that what was
/// read before the change finds no place to be kept.
///
/// Pending accounts are not kept. They can be removed by calls that do not name them, and no session reads them.
///
/// Where other nodes change accounts too, [`AccountMemory`] is how that is heard of, and memory is used only while
/// [`UpToDate`] says that it was.
pub struct CachedUsers {
    store: Arc<dyn Users>,
    accounts: Accounts,
    unsettled: Unsettled,
    up_to_date: Option<Arc<dyn UpToDate>>,
}

impl fmt::Debug for CachedUsers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CachedUsers({} accounts)", self.accounts.len())
    }
}

impl CachedUsers {
    /// Keeps about `capacity` accounts of `store` in memory, those that are asked for most.
    #[must_use]
    pub fn new(store: Arc<dyn Users>, capacity: usize) -> Self {
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let accounts =
            Cache::with(capacity, weight, UnitWeighter, IdHash::default(), DefaultLifecycle::default());
        Self { store, accounts, unsettled: Unsettled::default(), up_to_date: None }
    }

    /// Uses memory only while `up_to_date` says that it knows what other nodes did; at other times every read asks the
    /// store.
    #[must_use]
    pub fn trusted_while(self, up_to_date: Arc<dyn UpToDate>) -> Self {
        Self { up_to_date: Some(up_to_date), ..self }
    }

    fn is_trusted(&self) -> bool {
        self.up_to_date.as_ref().is_none_or(|node| node.is_up_to_date())
    }

    /// How many accounts are in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether no account is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    async fn read_through(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        // No waiting for another read of the same account: its caller may be slow or stop altogether.
        let place = match self.accounts.get_value_or_guard(&user_id, Some(Duration::ZERO)) {
            GuardResult::Value(user) => return Ok(Some(user)),
            GuardResult::Guard(place) => Some(place),
            GuardResult::Timeout => None,
        };
        // Asked after the place is taken: a change abandoned later than this removes the place.
        let place = place.filter(|_| !self.unsettled.contains(user_id));
        let found = self.store.find_by_id(user_id).await?;
        if let (Some(user), Some(place)) = (&found, place)
            && !matches!(user.status, Status::Pending { .. })
        {
            // It fails when the account was changed meanwhile; then what was read is not kept.
            let _ = place.insert(Arc::clone(user));
        }
        Ok(found)
    }

    const fn change(&self, user_id: UserId) -> UnderWay<'_> {
        UnderWay { users: self, user_id, answered: false }
    }
}

/// A change under way. Whatever becomes of it, the account leaves the memory when this is dropped: after an answer, an
/// error, or when the caller went away.
struct UnderWay<'users> {
    users: &'users CachedUsers,
    user_id: UserId,
    answered: bool,
}

impl UnderWay<'_> {
    fn answered<T>(mut self, answer: T) -> T {
        self.answered = true;
        answer
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.users.unsettled.add(self.user_id);
        }
        self.users.forget(self.user_id);
    }
}

impl AccountMemory for CachedUsers {
    fn forget(&self, user_id: UserId) {
        self.accounts.remove(&user_id);
    }

    fn forget_all(&self) {
        self.accounts.clear();
    }
}

#[async_trait]
impl Users for CachedUsers {
    async fn find_by_username(&self, username: &Username) -> Result<Option<Arc<User>>, StoreError> {
        self.store.find_by_username(username).await
    }

    async fn find_by_id(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        if !self.is_trusted() {
            return self.store.find_by_id(user_id).await;
        }
        match self.accounts.get(&user_id) {
            Some(user) => Ok(Some(user)),
            None => self.read_through(user_id).await,
        }
    }

    async fn insert_if_absent(&self, user: &User, now: Timestamp) -> Result<Insertion, StoreError> {
        let change = self.change(user.id);
        change.answered(self.store.insert_if_absent(user, now).await)
    }

    async fn replace_pending(
        &self,
        user: &User,
        expected: Version,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let change = self.change(user.id);
        change.answered(self.store.replace_pending(user, expected, now).await)
    }

    async fn consume_otp_step(
        &self,
        user_id: UserId,
        step: OtpStep,
        recovery_codes: &[RecoveryCodeDigest],
        now: Timestamp,
    ) -> Result<Consumption, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.consume_otp_step(user_id, step, recovery_codes, now).await)
    }

    async fn consume_recovery_code(
        &self,
        user_id: UserId,
        code: &RecoveryCodeDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.consume_recovery_code(user_id, code, now).await)
    }

    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.record_code_failure(user_id).await)
    }

    async fn change_credentials(&self, change: &CredentialChange) -> Result<Change, StoreError> {
        let under_way = self.change(change.user_id);
        under_way.answered(self.store.change_credentials(change).await)
    }

    async fn replace_hash(
        &self,
        user_id: UserId,
        old: &AuthKeyHash,
        new: &AuthKeyHash,
    ) -> Result<bool, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.replace_hash(user_id, old, new).await)
    }

    async fn propose_totp(&self, user_id: UserId, proposed: &ProposedTotp) -> Result<bool, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.propose_totp(user_id, proposed).await)
    }

    async fn confirm_totp(&self, change: &TotpChange) -> Result<Change, StoreError> {
        let under_way = self.change(change.user_id);
        under_way.answered(self.store.confirm_totp(change).await)
    }

    async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[RecoveryCodeDigest],
    ) -> Result<bool, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.replace_recovery_codes(user_id, codes).await)
    }

    async fn set_recovery_key(
        &self,
        user_id: UserId,
        expected: Version,
        recovery_key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.set_recovery_key(user_id, expected, recovery_key, now).await)
    }

    async fn remove(
        &self,
        user_id: UserId,
        revoked_until: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let change = self.change(user_id);
        change.answered(self.store.remove(user_id, revoked_until).await)
    }

    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.store.remove_expired_pending(now, limit).await
    }
}
