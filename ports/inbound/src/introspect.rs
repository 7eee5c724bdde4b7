//! Tell other services whether a token is good (RFC 7662).

use crate::Fault;
use crate::ended_sessions::EndedSessions;
use crate::gate::Gate;
use epic_domain::introspection::{ClientCredentials, ClientId};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::Denial;
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::Status;
use epic_outbound::changes::UpToDate;
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::Sessions;
use epic_outbound::tokens::{TokenError, Tokens};
use epic_outbound::users::Users;
use std::sync::Arc;

/// Why nothing was told.
#[derive(Debug, thiserror::Error)]
pub enum IntrospectError {
    /// The address has tried too many wrong credentials.
    #[error("too many calls")]
    Limited(Denial),
    /// The caller is no service that may ask.
    #[error("the client credential was refused")]
    UnknownClient,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that introspection needs.
#[derive(Clone)]
pub struct IntrospectPorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// Whether the index knows what other nodes did; `None` when there are none.
    pub up_to_date: Option<Arc<dyn UpToDate>>,
    /// Tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Answers other services.
#[derive(Clone)]
pub struct Introspect {
    users: Arc<dyn Users>,
    ended: EndedSessions,
    tokens: Arc<dyn Tokens>,
    clock: Arc<dyn Clock>,
    clients: Arc<ClientCredentials>,
    gate: Gate,
}

impl Introspect {
    /// Answers the services in `clients`.
    #[must_use]
    pub fn new(ports: IntrospectPorts, clients: ClientCredentials, gate: Gate) -> Self {
        let IntrospectPorts { users, sessions, revocations, up_to_date, tokens, clock } = ports;
        let ended = EndedSessions { revocations, sessions, up_to_date };
        Self { users, ended, tokens, clock, clients: Arc::new(clients), gate }
    }

    /// The claims of a token that is good now, or `None` for any other: a service is not told what is wrong with it
    /// (RFC 7662, section 2.2). Services that may ask are not limited; those that may not, by their address.
    ///
    /// # Errors
    /// [`IntrospectError`].
    pub async fn introspect(
        &self,
        client_id: &str,
        client_secret: &str,
        token: &str,
        origin: IpPrefix,
    ) -> Result<Option<Arc<Claims>>, IntrospectError> {
        let is_known =
            ClientId::parse(client_id).is_ok_and(|id| self.clients.authenticates(&id, client_secret));
        if !is_known {
            return match self.gate.admit_address(origin) {
                Ok(_admission) => Err(IntrospectError::UnknownClient),
                Err(denial) => Err(IntrospectError::Limited(denial)),
            };
        }
        let claims = match self.tokens.read(token) {
            Ok(claims) => claims,
            Err(TokenError::NotGenuine) => return Ok(None),
            Err(unavailable @ TokenError::Unavailable(_)) => return Err(Fault::from(unavailable).into()),
        };
        Ok(self.is_good(&claims).await?.then_some(claims))
    }

    async fn is_good(&self, claims: &Claims) -> Result<bool, Fault> {
        if !claims.is_live_at(self.clock.now()) {
            return Ok(false);
        }
        let remembered = self.ended.remembered(claims.session_id);
        if !self.ended.is_live(claims.session_id, remembered).await? {
            return Ok(false);
        }
        let user = self.users.find_by_id(claims.user_id).await?;
        if user.is_none_or(|user| user.status != Status::Active || user.username != claims.username) {
            return Ok(false);
        }
        match claims.kind {
            TokenKind::Access => Ok(true),
            TokenKind::Refresh => {
                let session = self.ended.sessions.find(claims.session_id).await?;
                Ok(session.is_some_and(|session| session.current.refresh_id == claims.token_id))
            }
        }
    }
}
