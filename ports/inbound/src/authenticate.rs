//! Who is calling: an access token for the account behind it.

use crate::Fault;
use crate::ended_sessions::{EndedSessions, Remembered};
use crate::gate::{Admission, Gate};
use epic_domain::Timestamp;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Denial, Standing};
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::{Status, User};
use epic_outbound::access_log::{Access, AccessLog};
use epic_outbound::changes::UpToDate;
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::Sessions;
use epic_outbound::tokens::{TokenError, Tokens};
use epic_outbound::users::Users;
use std::sync::Arc;

/// Proof of who is calling. Use cases that act for someone ask for one.
#[derive(Debug)]
pub struct Authenticated {
    user: Arc<User>,
    claims: Arc<Claims>,
    admission: Admission,
}

impl Authenticated {
    /// The account.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The token's claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Where the account stands with its calls.
    #[must_use]
    pub const fn standing(&self) -> Option<Standing> {
        self.admission.standing()
    }
}

/// Why nobody is known to be calling.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The account, or the address without one, has called enough.
    #[error("too many calls")]
    Limited(Denial),
    /// There was no token.
    #[error("no access token")]
    Missing(Admission),
    /// The token is not genuine, not an access token, expired, or its session or account is over.
    #[error("the access token was refused")]
    Refused(Admission),
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that authenticating needs.
#[derive(Clone)]
pub struct AuthenticatePorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// Sessions, asked when the index may have missed something.
    pub sessions: Arc<dyn Sessions>,
    /// Whether the index knows what other nodes did; `None` when there are none.
    pub up_to_date: Option<Arc<dyn UpToDate>>,
    /// Tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Notes of calls.
    pub access_log: Arc<dyn AccessLog>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Finds out who is calling.
#[derive(Clone)]
pub struct Authenticate {
    users: Arc<dyn Users>,
    ended: EndedSessions,
    tokens: Arc<dyn Tokens>,
    access_log: Arc<dyn AccessLog>,
    clock: Arc<dyn Clock>,
    gate: Gate,
}

impl Authenticate {
    /// Authenticates through these ports; calls are counted by `gate`.
    #[must_use]
    pub fn new(ports: AuthenticatePorts, gate: Gate) -> Self {
        let AuthenticatePorts { users, revocations, sessions, up_to_date, tokens, access_log, clock } = ports;
        let ended = EndedSessions { revocations, sessions, up_to_date };
        Self { users, ended, tokens, access_log, clock, gate }
    }

    /// The account behind an access token. The call counts against the account, or against its address when the token
    /// is missing or bad.
    ///
    /// # Errors
    /// [`AuthenticateError`].
    pub async fn authenticate(
        &self,
        access_token: Option<&str>,
        origin: IpPrefix,
    ) -> Result<Authenticated, AuthenticateError> {
        let Some(access_token) = access_token else {
            return Err(self.turn_away(origin, AuthenticateError::Missing));
        };
        let now = self.clock.now();
        let Some((claims, remembered)) = self.usable_claims(access_token, now)? else {
            return Err(self.turn_away(origin, AuthenticateError::Refused));
        };
        // Before session and account are looked up: a refused call costs no read.
        let admission = self.gate.admit_account(claims.user_id).map_err(AuthenticateError::Limited)?;
        if !self.ended.is_live(claims.session_id, remembered).await? {
            return Err(AuthenticateError::Refused(admission));
        }
        let Some(user) = self.active_user(&claims).await? else {
            return Err(AuthenticateError::Refused(admission));
        };
        self.access_log.note(&Access { user_id: user.id, session_id: claims.session_id, origin, at: now });
        Ok(Authenticated { user, claims, admission })
    }

    /// The claims of a token that is genuine, for access, unexpired, and of a session that is not known to have ended.
    fn usable_claims(
        &self,
        access_token: &str,
        now: Timestamp,
    ) -> Result<Option<(Arc<Claims>, Remembered)>, Fault> {
        let claims = match self.tokens.read(access_token) {
            Ok(claims) => claims,
            Err(TokenError::NotGenuine) => return Ok(None),
            Err(unavailable @ TokenError::Unavailable(_)) => return Err(unavailable.into()),
        };
        if claims.kind != TokenKind::Access || !claims.is_live_at(now) {
            return Ok(None);
        }
        let remembered = self.ended.remembered(claims.session_id);
        Ok((remembered != Remembered::Ended).then_some((claims, remembered)))
    }

    async fn active_user(&self, claims: &Claims) -> Result<Option<Arc<User>>, Fault> {
        let user = self.users.find_by_id(claims.user_id).await?;
        Ok(user.filter(|user| user.status == Status::Active && user.username == claims.username))
    }

    fn turn_away(
        &self,
        origin: IpPrefix,
        refusal: impl FnOnce(Admission) -> AuthenticateError,
    ) -> AuthenticateError {
        match self.gate.admit_address(origin) {
            Ok(admission) => refusal(admission),
            Err(denial) => AuthenticateError::Limited(denial),
        }
    }
}
