//! See one's sessions, and end one of them.

use crate::authenticate::Authenticated;
use crate::listed::Listed;
use crate::recorder::Happening;
use crate::{Fault, Recorder, TokenIssuer, ending};
use epic_domain::audit::EventKind;
use epic_domain::id::SessionId;
use epic_domain::network::IpPrefix;
use epic_domain::session::Session;
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::Sessions;
use std::sync::Arc;

/// The ports that looking after one's sessions needs.
#[derive(Clone)]
pub struct OwnSessionsPorts {
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// A page of sessions.
#[derive(Debug)]
pub struct SessionPage {
    /// The sessions, in the order in which they were opened.
    pub sessions: Vec<Session>,
    /// The last session of this page, when there are more.
    pub next: Option<SessionId>,
}

/// Whether there was such a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndOutcome {
    /// It has ended.
    Ended,
    /// The caller has no such session.
    NotFound,
}

/// Looks after the caller's sessions.
#[derive(Clone)]
pub struct OwnSessions {
    ports: OwnSessionsPorts,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl OwnSessions {
    /// Looks after sessions through these ports.
    #[must_use]
    pub fn new(ports: OwnSessionsPorts, recorder: Recorder, issuer: TokenIssuer) -> Self {
        Self { ports, recorder, issuer }
    }

    /// At most `limit` of the caller's live sessions, after `after`.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn list(
        &self,
        caller: &Authenticated,
        after: Option<SessionId>,
        limit: u32,
    ) -> Result<SessionPage, Fault> {
        let now = self.ports.clock.now();
        let wanted = limit.saturating_add(1);
        let sessions = self.ports.sessions.list(caller.user().id, after, wanted, now).await?;
        let Listed { items: sessions, next } = Listed::cut(sessions, limit, |session| session.id);
        Ok(SessionPage { sessions, next })
    }

    /// Ends one of the caller's sessions. Someone else's is not found, like one that never was.
    ///
    /// # Errors
    /// [`Fault`]; the session may or may not have ended.
    pub async fn end(
        &self,
        caller: &Authenticated,
        session_id: SessionId,
        origin: IpPrefix,
    ) -> Result<EndOutcome, Fault> {
        let now = self.ports.clock.now();
        let until = self.issuer.policy().revoked_until(now);
        let user_id = caller.user().id;
        if !self.ports.sessions.end_owned(user_id, session_id, until).await? {
            return Ok(EndOutcome::NotFound);
        }
        ending::announce(self.ports.revocations.as_ref(), &[session_id], until);
        let happening =
            Happening::new(EventKind::SessionEnded, now, origin).of_user(user_id).in_session(session_id);
        self.recorder.record(&[happening]).await?;
        Ok(EndOutcome::Ended)
    }
}
