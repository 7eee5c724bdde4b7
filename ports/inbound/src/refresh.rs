//! Refresh: a refresh token, once, for the next pair.

use crate::gate::Admission;
use crate::recorder::Happening;
use crate::{Fault, Recorder, TokenIssuer, TokenPair};
use epic_domain::Timestamp;
use epic_domain::audit::EventKind;
use epic_domain::id::SessionId;
use epic_domain::network::IpPrefix;
use epic_domain::session::{Claims, Revocation, Session, TokenKind};
use epic_domain::user::{Status, User};
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::{Rotation, RotationOutcome, Sessions};
use epic_outbound::tokens::{TokenError, Tokens};
use epic_outbound::users::Users;
use std::sync::Arc;

/// Why no tokens were given.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is not genuine, not a refresh token, expired, used, or its session is over.
    #[error("the refresh token was refused")]
    Refused,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that refreshing needs.
#[derive(Clone)]
pub struct RefreshPorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// Tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Renews the tokens of sessions.
#[derive(Clone)]
pub struct Refresh {
    ports: RefreshPorts,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl Refresh {
    /// Renews through these ports.
    #[must_use]
    pub fn new(ports: RefreshPorts, recorder: Recorder, issuer: TokenIssuer) -> Self {
        Self { ports, recorder, issuer }
    }

    /// Takes a refresh token and gives the next pair. For a few seconds the token just replaced gives the same pair
    /// again, in case the reply was lost; a token used before that ends the session.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(
        &self,
        _admission: &Admission,
        refresh_token: &str,
        origin: IpPrefix,
    ) -> Result<TokenPair, RefreshError> {
        let now = self.ports.clock.now();
        let claims = self.read(refresh_token, now)?;
        let user = self.active_user(&claims).await?;
        let outcome = self.ports.sessions.rotate(&self.rotation(&claims, now)?).await.map_err(Fault::from)?;
        match outcome {
            RotationOutcome::Rotated(session) => {
                self.record(EventKind::Refresh, &session, origin, now).await?;
                Ok(self.issuer.pair(&session, &user.username)?)
            }
            RotationOutcome::Repeated(session) => Ok(self.issuer.pair(&session, &user.username)?),
            RotationOutcome::Reused(session) => {
                self.announce_end(session.id, now);
                self.record(EventKind::RefreshReuse, &session, origin, now).await?;
                Err(RefreshError::Refused)
            }
            RotationOutcome::Ended => {
                // Whoever ended it may have been cut short before it was announced.
                self.announce_end(claims.session_id, now);
                Err(RefreshError::Refused)
            }
        }
    }

    fn announce_end(&self, session_id: SessionId, now: Timestamp) {
        let until = self.issuer.policy().revoked_until(now);
        self.ports.revocations.announce(&[Revocation { session_id, until }]);
    }

    fn read(&self, refresh_token: &str, now: Timestamp) -> Result<Arc<Claims>, RefreshError> {
        let claims = self.ports.tokens.read(refresh_token).map_err(|error| match error {
            TokenError::NotGenuine => RefreshError::Refused,
            unavailable @ TokenError::Unavailable(_) => RefreshError::Fault(unavailable.into()),
        })?;
        let usable = claims.kind == TokenKind::Refresh
            && claims.is_live_at(now)
            && !self.ports.revocations.is_revoked(claims.session_id);
        if usable { Ok(claims) } else { Err(RefreshError::Refused) }
    }

    async fn active_user(&self, claims: &Claims) -> Result<Arc<User>, RefreshError> {
        self.ports
            .users
            .find_by_id(claims.user_id)
            .await
            .map_err(Fault::from)?
            .filter(|user| user.status == Status::Active && user.username == claims.username)
            .ok_or(RefreshError::Refused)
    }

    fn rotation(&self, claims: &Claims, now: Timestamp) -> Result<Rotation, Fault> {
        let policy = self.issuer.policy();
        Ok(Rotation {
            session_id: claims.session_id,
            presented: claims.token_id,
            // The session knows its own end and cuts the grant to it.
            next: self.issuer.grant(Timestamp::MAX, now)?,
            reuse_grace: policy.reuse_grace(),
            now,
            revoked_until: policy.revoked_until(now),
        })
    }

    async fn record(
        &self,
        kind: EventKind,
        session: &Session,
        origin: IpPrefix,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let happening = Happening::new(kind, now, origin).of_user(session.user_id).in_session(session.id);
        self.recorder.record(&[happening]).await
    }
}
