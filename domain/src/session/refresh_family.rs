//! A session and the one line of refresh tokens in it.

use super::{Claims, DeviceName, TokenKind};
use crate::Timestamp;
use crate::id::{SessionId, TokenId, UserId};
use crate::key_id::KeyId;
use crate::network::IpPrefix;
use crate::user::Username;
use core::time::Duration;

/// A pair of tokens as the store keeps it: enough to make the very same tokens again, and no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The access token's `jti`.
    pub access_id: TokenId,
    /// The refresh token's `jti`.
    pub refresh_id: TokenId,
    /// The server key both are signed with.
    pub key_id: KeyId,
    /// When both were made, in whole seconds.
    pub issued_at: Timestamp,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// When the refresh token ends.
    pub refresh_expires_at: Timestamp,
}

impl Grant {
    /// This grant, ending at `end` if it would live longer.
    #[must_use]
    fn capped_at(mut self, end: Timestamp) -> Self {
        self.access_expires_at = self.access_expires_at.min(end);
        self.refresh_expires_at = self.refresh_expires_at.min(end);
        self
    }
}

/// The refresh token that the current one replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded {
    /// Its `jti`.
    pub refresh_id: TokenId,
    /// When it was replaced.
    pub replaced_at: Timestamp,
}

impl Superseded {
    /// Whether it may come in once more at `now`. A clock that is behind the one by which it was replaced, as another node's
    /// may be, counts as at that moment: without a grace nothing comes in twice.
    fn is_within(&self, reuse_grace: Duration, now: Timestamp) -> bool {
        now.max(self.replaced_at) < self.replaced_at.saturating_add(reuse_grace)
    }
}

/// One sign-in on one device. It has one live refresh token at any time: the current grant's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the person calls the device.
    pub device_name: Option<DeviceName>,
    /// Where it was opened from.
    pub origin: IpPrefix,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When the person last proved who they are, in whole seconds.
    pub auth_time: Timestamp,
    /// When it was last seen at work.
    pub last_seen_at: Timestamp,
    /// Its absolute end; no token of it lives longer.
    pub ends_at: Timestamp,
    /// The live pair of tokens.
    pub current: Grant,
    /// The pair before it, for the reply that was lost.
    pub superseded: Option<Superseded>,
}

/// What presenting a refresh token does to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// The token was the live one: the session moves on to the next grant.
    Rotated(Session),
    /// The token was replaced a moment ago, its reply perhaps lost: the same successor is given again.
    Repeated,
    /// The token was used before: someone holds a copy. The session must end (RFC 9700, section 4.14.2).
    Reused,
    /// The token or the session is past its end.
    Expired,
}

impl Session {
    /// Decides what happens when the refresh token `presented` comes in at `now`, with `next` ready to take over
    /// (cut to end with the session).
    ///
    /// The caller makes the change in the store in the same atomic step in which it read this session.
    #[must_use]
    pub fn present(
        &self,
        presented: TokenId,
        next: &Grant,
        reuse_grace: Duration,
        now: Timestamp,
    ) -> Presented {
        if now >= self.ends_at {
            return Presented::Expired;
        }
        if presented == self.current.refresh_id {
            if now >= self.current.refresh_expires_at {
                return Presented::Expired;
            }
            return Presented::Rotated(self.rotated(next, now));
        }
        match self.superseded {
            Some(old) if old.refresh_id == presented && old.is_within(reuse_grace, now) => {
                Presented::Repeated
            }
            _ => Presented::Reused,
        }
    }

    fn rotated(&self, next: &Grant, now: Timestamp) -> Self {
        Self {
            current: next.clone().capped_at(self.ends_at),
            superseded: Some(Superseded { refresh_id: self.current.refresh_id, replaced_at: now }),
            last_seen_at: now.max(self.last_seen_at),
            ..self.clone()
        }
    }

    /// The claims of the live access token.
    #[must_use]
    pub fn access_claims(&self, username: &Username) -> Claims {
        self.claims(TokenKind::Access, self.current.access_id, self.current.access_expires_at, username)
    }

    /// The claims of the live refresh token.
    #[must_use]
    pub fn refresh_claims(&self, username: &Username) -> Claims {
        self.claims(TokenKind::Refresh, self.current.refresh_id, self.current.refresh_expires_at, username)
    }

    fn claims(
        &self,
        kind: TokenKind,
        token_id: TokenId,
        expires_at: Timestamp,
        username: &Username,
    ) -> Claims {
        Claims {
            kind,
            username: username.clone(),
            user_id: self.user_id,
            session_id: self.id,
            token_id,
            issued_at: self.current.issued_at,
            expires_at,
            auth_time: self.auth_time,
        }
    }
}
