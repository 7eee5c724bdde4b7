//! Turns a session's live grant into the two tokens the client holds.

use crate::step_up::SteppedUp;
use crate::{Fault, Minting};
use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use epic_domain::secret::SecretText;
use epic_domain::session::{Claims, Grant, Session, SessionPolicy};
use epic_domain::user::Username;
use epic_outbound::tokens::Tokens;
use std::sync::Arc;

/// The tokens of a session, as a reply hands them over.
#[derive(Debug)]
pub struct TokenPair {
    /// The session.
    pub session_id: SessionId,
    /// Opens protected routes.
    pub access_token: SecretText,
    /// Buys the next pair, once.
    pub refresh_token: SecretText,
    /// Seconds the access token lives from when it was made.
    pub expires_in_seconds: u64,
    /// Seconds the refresh token lives from when it was made.
    pub refresh_expires_in_seconds: u64,
}

/// Makes grants and their tokens under the session policy.
#[derive(Clone)]
pub struct TokenIssuer {
    tokens: Arc<dyn Tokens>,
    minting: Minting,
    policy: SessionPolicy,
}

impl TokenIssuer {
    /// Issues through `tokens` under `policy`.
    #[must_use]
    pub fn new(tokens: Arc<dyn Tokens>, minting: Minting, policy: SessionPolicy) -> Self {
        Self { tokens, minting, policy }
    }

    pub(crate) const fn policy(&self) -> &SessionPolicy {
        &self.policy
    }

    /// A fresh grant at `now` for a session that ends at `session_ends_at`.
    pub(crate) fn grant(&self, session_ends_at: Timestamp, now: Timestamp) -> Result<Grant, Fault> {
        let access_id = self.minting.token_id(now)?;
        let refresh_id = self.minting.token_id(now)?;
        Ok(self.policy.grant(access_id, refresh_id, self.tokens.signing_key_id(), session_ends_at, now))
    }

    /// An access token of the caller's session that says that its holder has just proved who they are.
    pub(crate) fn stepped_up(
        &self,
        claims: &Claims,
        session_ends_at: Timestamp,
        now: Timestamp,
    ) -> Result<SteppedUp, Fault> {
        let issued_at = now.floor_to_second();
        let expires_at = self.policy.access_end(session_ends_at, now);
        let token_id = self.minting.token_id(now)?;
        let claims = Claims { token_id, issued_at, expires_at, auth_time: issued_at, ..claims.clone() };
        Ok(SteppedUp {
            access_token: self.tokens.issue(&claims, &self.tokens.signing_key_id())?,
            expires_in_seconds: expires_at.since(issued_at).as_secs(),
        })
    }

    /// The tokens of the session's live grant: the same grant gives the same tokens, byte for byte. Their lifetimes are
    /// told from when they were made, so that a repeated reply is the same too.
    pub(crate) fn pair(&self, session: &Session, username: &Username) -> Result<TokenPair, Fault> {
        let grant = &session.current;
        Ok(TokenPair {
            session_id: session.id,
            access_token: self.tokens.issue(&session.access_claims(username), &grant.key_id)?,
            refresh_token: self.tokens.issue(&session.refresh_claims(username), &grant.key_id)?,
            expires_in_seconds: grant.access_expires_at.since(grant.issued_at).as_secs(),
            refresh_expires_in_seconds: grant.refresh_expires_at.since(grant.issued_at).as_secs(),
        })
    }
}
