//! The port of accounts on the store in memory.

use super::MemoryStore;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{
    AuthKeyHash, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, Status, User, Username, Version,
};
use epic_outbound::StoreError;
use epic_outbound::sessions::EndScope;
use epic_outbound::users::{
    Change, Consumption, CredentialChange, Insertion, Replacement, TotpChange, Users,
};
use std::sync::Arc;

#[async_trait]
impl Users for MemoryStore {
    async fn find_by_username(&self, username: &Username) -> Result<Option<Arc<User>>, StoreError> {
        self.step(|state| state.users.values().find(|user| user.username == *username).cloned().map(Arc::new))
    }

    async fn find_by_id(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.step(|state| state.users.get(&user_id).cloned().map(Arc::new))
    }

    async fn insert_if_absent(&self, user: &User, now: Timestamp) -> Result<Insertion, StoreError> {
        self.step(|state| {
            let holder = state.users.values().find(|other| other.username == user.username);
            match holder.map(|holder| (holder.id, holder.status.exists_at(now))) {
                Some((_, true)) => return Insertion::NameTaken,
                Some((expired, false)) => state.remove_user(expired),
                None => {}
            }
            state.users.insert(user.id, user.clone());
            Insertion::Inserted
        })
    }

    async fn replace_pending(
        &self,
        user: &User,
        expected: Version,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        self.step(|state| match state.users.get_mut(&user.id) {
            Some(stored)
                if matches!(stored.status, Status::Pending { .. })
                    && stored.status.exists_at(now)
                    && stored.version == expected
                    && stored.username == user.username =>
            {
                *stored = user.clone();
                Replacement::Replaced
            }
            _ => Replacement::Stale,
        })
    }

    async fn consume_otp_step(
        &self,
        user_id: UserId,
        step: OtpStep,
        recovery_codes: &[RecoveryCodeDigest],
        now: Timestamp,
    ) -> Result<Consumption, StoreError> {
        self.step(|state| {
            let Some(user) = state.users.get_mut(&user_id).filter(|user| user.status.may_sign_in(now)) else {
                return Consumption::NotAllowed;
            };
            if user.enrolment.last_step.is_some_and(|last| step <= last) {
                return Consumption::AlreadySpent;
            }
            user.enrolment.last_step = Some(step);
            user.enrolment.consecutive_failures = 0;
            let confirmed = user.status.confirm(now);
            if let Ok(status) = confirmed {
                user.status = status;
                user.updated_at = now;
                state.recovery_codes.insert(user_id, recovery_codes.iter().copied().collect());
            }
            Consumption::Consumed { confirmed: confirmed.is_ok() }
        })
    }

    async fn consume_recovery_code(
        &self,
        user_id: UserId,
        code: &RecoveryCodeDigest,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let Some(user) = state.users.get_mut(&user_id).filter(|user| user.status == Status::Active)
            else {
                return false;
            };
            let spent = state.recovery_codes.get_mut(&user_id).is_some_and(|codes| codes.remove(code));
            if spent {
                user.enrolment.consecutive_failures = 0;
            }
            spent
        })
    }

    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError> {
        self.step(|state| {
            state.users.get_mut(&user_id).map_or(0, |user| {
                let failures = &mut user.enrolment.consecutive_failures;
                *failures = failures.saturating_add(1);
                *failures
            })
        })
    }

    async fn change_credentials(&self, change: &CredentialChange) -> Result<Change, StoreError> {
        self.step(|state| state.change_credentials(change))
    }

    async fn replace_hash(
        &self,
        user_id: UserId,
        old: &AuthKeyHash,
        new: &AuthKeyHash,
    ) -> Result<bool, StoreError> {
        self.step(|state| match state.users.get_mut(&user_id) {
            Some(user) if user.credentials.auth_key_hash == *old => {
                user.credentials.auth_key_hash = new.clone();
                true
            }
            _ => false,
        })
    }

    async fn propose_totp(&self, user_id: UserId, proposed: &ProposedTotp) -> Result<bool, StoreError> {
        self.step(|state| match state.active(user_id) {
            Some(user) => {
                user.enrolment.proposed = Some(proposed.clone());
                true
            }
            None => false,
        })
    }

    async fn confirm_totp(&self, change: &TotpChange) -> Result<Change, StoreError> {
        self.step(|state| state.confirm_totp(change))
    }

    async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[RecoveryCodeDigest],
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let is_active = state.active(user_id).is_some();
            if is_active {
                state.recovery_codes.insert(user_id, codes.iter().copied().collect());
            }
            is_active
        })
    }

    async fn set_recovery_key(
        &self,
        user_id: UserId,
        expected: Version,
        recovery_key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<Replacement, StoreError> {
        self.step(|state| match state.active_at(user_id, expected) {
            Some(user) => {
                user.recovery_key = Some(recovery_key.clone());
                user.version = user.version.next();
                user.updated_at = now;
                Replacement::Replaced
            }
            None => Replacement::Stale,
        })
    }

    async fn remove(
        &self,
        user_id: UserId,
        revoked_until: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.step(|state| {
            state.users.contains_key(&user_id).then(|| {
                let ended = state.end_sessions(user_id, EndScope::All, revoked_until);
                state.remove_user(user_id);
                ended
            })
        })
    }

    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.step(|state| {
            let expired: Vec<_> = state
                .users
                .values()
                .filter(|user| !user.status.exists_at(now))
                .map(|user| user.id)
                .zip(0..limit)
                .collect();
            expired.iter().fold(0, |removed, (user_id, _)| {
                state.remove_user(*user_id);
                removed + 1
            })
        })
    }
}
