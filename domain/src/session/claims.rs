//! What a token says.

use crate::Timestamp;
use crate::id::{SessionId, TokenId, UserId};
use crate::user::Username;

/// What a token is for. One kind is never taken for the other (RFC 8725, section 3.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Opens protected routes.
    Access,
    /// Buys the next pair of tokens, once.
    Refresh,
}

/// The claims of a token, its times in whole seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// What the token is for (`type`).
    pub kind: TokenKind,
    /// The account's name (`sub`).
    pub username: Username,
    /// The account (`data.user_id`).
    pub user_id: UserId,
    /// The session the token belongs to (`session_id`).
    pub session_id: SessionId,
    /// The token itself (`jti`).
    pub token_id: TokenId,
    /// When it was made (`iat`).
    pub issued_at: Timestamp,
    /// The first instant at which it is no longer valid (`exp`).
    pub expires_at: Timestamp,
    /// When the person last proved who they are (`auth_time`).
    pub auth_time: Timestamp,
}

impl Claims {
    /// Whether the token is still valid at `now`: strictly before its expiry (RFC 7519, section 4.1.4), no leeway.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }
}
