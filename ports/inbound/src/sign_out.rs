//! Sign out: end sessions, everywhere, at once.

use crate::authenticate::Authenticated;
use crate::ending::ended_since;
use crate::recorder::Happening;
use crate::{Fault, Recorder, TokenIssuer};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::EventKind;
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::session::Revocation;
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::{EndScope, Sessions};
use std::sync::Arc;

/// Which sessions to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignOutScope {
    /// The one the request came in.
    #[default]
    Session,
    /// All but that one.
    Others,
    /// All.
    All,
}

/// The ports that signing out needs.
#[derive(Clone)]
pub struct SignOutPorts {
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Ends sessions.
#[derive(Clone)]
pub struct SignOut {
    ports: SignOutPorts,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl SignOut {
    /// Ends sessions through these ports.
    #[must_use]
    pub fn new(ports: SignOutPorts, recorder: Recorder, issuer: TokenIssuer) -> Self {
        Self { ports, recorder, issuer }
    }

    /// Ends the sessions in `scope`. When this returns, none of their tokens opens anything, and a restart does not
    /// change that.
    ///
    /// # Errors
    /// [`Fault`]; the sessions may or may not have ended.
    pub async fn sign_out(
        &self,
        caller: &Authenticated,
        scope: SignOutScope,
        origin: IpPrefix,
    ) -> Result<(), Fault> {
        let now = self.ports.clock.now();
        let until = self.issuer.policy().revoked_until(now);
        let (user_id, session_id) = (caller.user().id, caller.claims().session_id);
        let kind = match scope {
            SignOutScope::Session => {
                self.ports.sessions.end(session_id, until).await?;
                self.announce(&[session_id], until);
                EventKind::Logout
            }
            SignOutScope::Others => {
                self.end_many(user_id, EndScope::AllExcept(session_id), until, now).await?;
                EventKind::LogoutOthers
            }
            SignOutScope::All => {
                self.end_many(user_id, EndScope::All, until, now).await?;
                EventKind::LogoutAll
            }
        };
        let happening = Happening::new(kind, now, origin).of_user(user_id).in_session(session_id);
        self.recorder.record(&[happening]).await
    }

    /// Ends sessions and announces them. An earlier attempt may have been cut short between the two, by a client that
    /// hung up for example; its sessions do not end a second time, so the store is asked for those that ended lately too. What
    /// ended earlier has been caught up with.
    async fn end_many(
        &self,
        user_id: UserId,
        scope: EndScope,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let ended = self.ports.sessions.end_many(user_id, scope, until).await?;
        self.announce(&ended, until);
        let lately = ended_since(self.issuer.policy(), now, Duration::ZERO);
        let ended_before = self.ports.sessions.live_revocations(lately).await?;
        self.ports.revocations.announce(&ended_before);
        Ok(())
    }

    fn announce(&self, ended: &[SessionId], until: Timestamp) {
        let revocations: Vec<_> =
            ended.iter().map(|session_id| Revocation { session_id: *session_id, until }).collect();
        self.ports.revocations.announce(&revocations);
    }
}
