//! Where sessions are kept.

use crate::StoreError;
use async_trait::async_trait;
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::session::{Grant, Revocation, Session};
use epic_domain::user::Version;

/// A refresh token that came in, and what takes over if it is the live one.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The session the token names.
    pub session_id: SessionId,
    /// The token's `jti`.
    pub presented: TokenId,
    /// The grant to move on to.
    pub next: Grant,
    /// How long a token just replaced still gives its successor.
    pub reuse_grace: Duration,
    /// The present.
    pub now: Timestamp,
    /// Until when the session is to be remembered as revoked, should it have to end.
    pub revoked_until: Timestamp,
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotationOutcome {
    /// The session moved on, durably. It is returned as it is now.
    Rotated(Session),
    /// The token had just been replaced; the session, unchanged, holds the successor.
    Repeated(Session),
    /// The token had been used. The session was ended in the same step, durably, and is revoked.
    Reused(Session),
    /// The session is gone or past its end.
    Ended,
}

/// A session about to be stored.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The session.
    pub session: Session,
    /// The version the account had when its credentials were checked.
    pub user_version: Version,
    /// The most sessions the account may have, this one included.
    pub sessions_max: u32,
    /// Until when sessions that end to make room are remembered as revoked.
    pub revoked_until: Timestamp,
}

/// What became of a session about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningOutcome {
    /// It was stored, durably; these others were ended to make room, and are revoked.
    Opened {
        /// The sessions that ended: those not seen for the longest, the smaller id first among equals.
        ended: Vec<SessionId>,
    },
    /// The account is gone, not active, or has changed since its credentials were checked; nothing was stored.
    Stale,
}

/// Which of a user's sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndScope {
    /// All of them.
    All,
    /// All but this one.
    AllExcept(SessionId),
}

/// Sessions, and the memory of those that ended.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a new session of an active account whose version is still the expected one, and ends as many of its oldest
    /// seen as the cap demands, all in one step: a sign-in that raced a change of credentials opens nothing. Sessions that
    /// have expired and are not removed yet count against the cap.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was stored.
    async fn open(&self, opening: &Opening) -> Result<OpeningOutcome, StoreError>;

    /// At most `limit` of a user's sessions that are live at `now`, in the order of their ids, after `after`: neither their own
    /// end nor that of their refresh token has come.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        user_id: UserId,
        after: Option<SessionId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// Ends a session if it is this user's, and remembers it as revoked, durably. False when it is not, or has ended: the
    /// two cannot be told apart.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn end_owned(
        &self,
        user_id: UserId,
        session_id: SessionId,
        revoked_until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The session, unless it has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find(&self, session_id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Presents a refresh token: reads the session, lets [`Session::present`] decide, and makes the change, all in one
    /// step. Of racing calls with one token one rotates.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn rotate(&self, rotation: &Rotation) -> Result<RotationOutcome, StoreError>;

    /// Ends a session and remembers it as revoked until `revoked_until`, durably. False when it had ended already.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn end(&self, session_id: SessionId, revoked_until: Timestamp) -> Result<bool, StoreError>;

    /// Ends several of a user's sessions in one step and remembers them as revoked, durably. Returns those that ended.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn end_many(
        &self,
        user_id: UserId,
        scope: EndScope,
        revoked_until: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Every revocation that still matters at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn live_revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError>;

    /// Notes when sessions were last seen; sessions that have ended are passed over, and a time earlier than the one kept
    /// changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; of some it may have been noted.
    async fn touch(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError>;

    /// Removes at most `limit` sessions that are past their absolute end or whose refresh token has expired, and at most
    /// `limit` revocations that no longer matter at `now`; returns how many in all.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;
}
