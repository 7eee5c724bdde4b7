//! Where accounts are kept.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::{OtpStep, RecoveryCodeDigest, User, Username, Version};
use std::sync::Arc;

/// What became of a new account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// It was stored, durably.
    Inserted,
    /// Its name is taken; nothing changed.
    NameTaken,
}

/// What became of a change that was made against a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// It was stored, durably.
    Replaced,
    /// The account has moved on or is gone; nothing changed.
    Stale,
}

/// What became of a one-time code that matched a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consumption {
    /// The step is spent now, durably, and the count of failures is back at zero.
    Consumed {
        /// Whether the account was pending and is active from now on.
        confirmed: bool,
    },
    /// The step, or a later one, had been spent; nothing changed.
    AlreadySpent,
    /// The account is gone, expired or disabled; nothing changed.
    NotAllowed,
}

/// Accounts.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Users: Send + Sync {
    /// The account with this name, whatever its status.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find_by_username(&self, username: &Username) -> Result<Option<Arc<User>>, StoreError>;

    /// The account with this id, whatever its status. It may come from memory; a change made through this port is
    /// seen by every call that starts after the change's answer.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find_by_id(&self, user_id: UserId) -> Result<Option<Arc<User>>, StoreError>;

    /// Stores a new account unless its name is taken at `now`. A pending account past its expiry does not hold its
    /// name: it and all that belongs to it is replaced in the same step. Of racing calls for one name one wins.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was stored.
    async fn insert_if_absent(&self, user: &User, now: Timestamp) -> Result<Insertion, StoreError>;

    /// Replaces a pending account that still has version `expected` by `user`, which has the same id and name.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn replace_pending(
        &self,
        user: &User,
        expected: Version,
        now: Timestamp,
    ) -> Result<Replacement, StoreError>;

    /// Spends a step: accepted when it is later than every step spent before and the account may sign in at `now`.
    /// A pending account becomes active in the same step, and `recovery_codes` become its set. Of racing calls with one
    /// step one wins.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was spent.
    async fn consume_otp_step(
        &self,
        user_id: UserId,
        step: OtpStep,
        recovery_codes: &[RecoveryCodeDigest],
        now: Timestamp,
    ) -> Result<Consumption, StoreError>;

    /// Spends a recovery code of an active account: true when it was there. It is gone then, durably, and the count of
    /// failures is back at zero. Of racing calls with one code one wins.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was spent.
    async fn consume_recovery_code(
        &self,
        user_id: UserId,
        code: &RecoveryCodeDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Counts a failed code and returns how many have failed in a row, durably: a restart gives no new guesses.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was counted.
    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError>;

    /// Removes at most `limit` pending accounts that have expired at `now`; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;
}
