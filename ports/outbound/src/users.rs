//! Where accounts are kept.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::user::{
    AuthKeyHash, Credentials, OtpStep, ProposedTotp, RecoveryCodeDigest, RecoveryKey, SealedSecret, User,
    Username, Version, WrappedKey,
};
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

/// Which sessions a change of what guards an account ends, in the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The session that goes on: the one in which the change was made.
    pub keep: Option<SessionId>,
    /// Until when those that end are remembered as revoked.
    pub revoked_until: Timestamp,
    /// The present.
    pub now: Timestamp,
}

/// New credentials for an account.
#[derive(Debug, Clone)]
pub struct CredentialChange {
    /// The account.
    pub user_id: UserId,
    /// The version it must still have.
    pub expected: Version,
    /// The new salts, parameters and hash.
    pub credentials: Credentials,
    /// The master key under the new key-encryption key.
    pub encrypted_mek: WrappedKey,
    /// The private keys under the master key.
    pub encrypted_private_key: WrappedKey,
    /// Which sessions end.
    pub ending: Ending,
}

/// A proposed TOTP secret, of which a code has been seen.
#[derive(Debug, Clone)]
pub struct TotpChange {
    /// The account.
    pub user_id: UserId,
    /// The secret that was confirmed; it must still be the proposed one.
    pub sealed_secret: SealedSecret,
    /// The step whose code confirmed it: spent from now on.
    pub step: OtpStep,
    /// Which sessions end.
    pub ending: Ending,
}

/// What became of a change that ends sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was made, durably, its version is the next, and these sessions have ended and are revoked.
    Made {
        /// The sessions that ended.
        ended: Vec<SessionId>,
    },
    /// The account has moved on or is gone; nothing changed.
    Stale,
}

/// Accounts.
///
/// The version of an account moves when what its clients rely on changes, and its time of update with it: by new
/// credentials, a new TOTP secret, a new recovery key. What is spent or counted moves neither.
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
    /// A pending account becomes active in the same step, and `recovery_codes` become its set; it was updated at `now` then, and
    /// its version stays. Of racing calls with one step one wins.
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

    /// Counts a failed code and returns how many have failed in a row, durably: a restart gives no new guesses. Zero
    /// when there is no such account.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was counted.
    async fn record_code_failure(&self, user_id: UserId) -> Result<u32, StoreError>;

    /// Sets new credentials and wrapped keys of an active account that still has the expected version, and ends its other
    /// sessions, all in one step: its version is the next then, and it was updated at the change's present. Any hash set by
    /// [`Users::replace_hash`] before is replaced.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn change_credentials(&self, change: &CredentialChange) -> Result<Change, StoreError>;

    /// Replaces the hash of an unchanged key by one with newer parameters, unless the hash is not `old` any more. The
    /// version stays: nothing changed for the client. True when it was replaced.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn replace_hash(
        &self,
        user_id: UserId,
        old: &AuthKeyHash,
        new: &AuthKeyHash,
    ) -> Result<bool, StoreError>;

    /// Keeps a TOTP secret that is to be confirmed, in place of any other such. The live one stays, and so does the version.
    /// False when the account is not active.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn propose_totp(&self, user_id: UserId, proposed: &ProposedTotp) -> Result<bool, StoreError>;

    /// Makes the proposed TOTP secret the live one, its step spent and the count of failures at zero, and ends the other
    /// sessions, all in one step. Stale when another secret, or none, is proposed by now.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn confirm_totp(&self, change: &TotpChange) -> Result<Change, StoreError>;

    /// Replaces all recovery codes of an active account; its version stays. False when it is not active.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn replace_recovery_codes(
        &self,
        user_id: UserId,
        codes: &[RecoveryCodeDigest],
    ) -> Result<bool, StoreError>;

    /// Sets the recovery key of an active account that still has version `expected`; its version is the next then.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn set_recovery_key(
        &self,
        user_id: UserId,
        expected: Version,
        recovery_key: &RecoveryKey,
        now: Timestamp,
    ) -> Result<Replacement, StoreError>;

    /// Removes an account and remembers its sessions as revoked, in one step. Whatever belongs to it goes with it: its files
    /// with their contents, shares and links, the shares of others with it, its uploads and those of others to its files, what
    /// is remembered of its requests, its list of changes. Nobody sees any of that once this has returned, nor inherits it with the id; the blobs are doomed then, or will be by the store itself when it takes up again what was cut
    /// off. Returns the sessions that ended, or `None` when there is no such account.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was removed.
    async fn remove(
        &self,
        user_id: UserId,
        revoked_until: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Removes at most `limit` pending accounts that have expired at `now`; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_expired_pending(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;
}
