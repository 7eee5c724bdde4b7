//! What the server does by itself: take up where it left off, and forget what no longer matters.

use crate::recorder::Happening;
use crate::{Fault, Recorder, ending};
use core::time::Duration;
use epic_domain::audit::{EventKind, SignedHead};
use epic_domain::session::SessionPolicy;
use epic_outbound::access_log::AccessLog;
use epic_outbound::audit::{Audit, EVENTS_MAX};
use epic_outbound::clock::Clock;
use epic_outbound::head_signer::HeadSigner;
use epic_outbound::limiter::Limiter;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::Sessions;
use epic_outbound::users::Users;
use std::sync::Arc;

/// The ports that housekeeping needs.
#[derive(Clone)]
pub struct HousekeepingPorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// The limiter.
    pub limiter: Arc<dyn Limiter>,
    /// Notes of calls.
    pub access_log: Arc<dyn AccessLog>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Keeps the server in order.
#[derive(Clone)]
pub struct Housekeeping {
    ports: HousekeepingPorts,
    audit: Arc<dyn Audit>,
    signer: Arc<dyn HeadSigner>,
    recorder: Recorder,
    policy: SessionPolicy,
}

/// Records removed in one go, so that no sweep holds the store for long.
const SWEEP_MAX: u32 = 500;

impl Housekeeping {
    /// Keeps order through these ports.
    #[must_use]
    pub fn new(
        ports: HousekeepingPorts,
        audit: Arc<dyn Audit>,
        signer: Arc<dyn HeadSigner>,
        recorder: Recorder,
        policy: SessionPolicy,
    ) -> Self {
        Self { ports, audit, signer, recorder, policy }
    }

    /// Takes in every session that ended before this start. No call may be answered before it is done, or a token that
    /// was logged out would work again.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer; the server must not start then.
    pub async fn take_up(&self) -> Result<(), Fault> {
        let revocations = self.ports.sessions.live_revocations(self.ports.clock.now()).await?;
        self.ports.revocations.announce(&revocations);
        Ok(())
    }

    /// Takes in the sessions that ended in the last half minute: those whose end was durable while its answer was lost, in
    /// many rounds, in case some fail. Called every second where there is one node; where there are several,
    /// [`NodeSync`](crate::node_sync::NodeSync) does it with more.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn catch_up(&self) -> Result<(), Fault> {
        let lately = ending::ended_since(&self.policy, self.ports.clock.now(), Duration::ZERO);
        let revocations = self.ports.sessions.live_revocations(lately).await?;
        self.ports.revocations.announce(&revocations);
        Ok(())
    }

    /// Signs where the audit chain stands, and keeps the signature, if the chain has grown since the last one.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn sign_audit_head(&self) -> Result<Option<SignedHead>, Fault> {
        let anchor = self.audit.anchor().await?;
        let is_signed = !self.audit.signed_heads(anchor.length.saturating_sub(1), 1).await?.is_empty();
        if anchor.length == 0 || is_signed {
            return Ok(None);
        }
        let signed = self.signer.sign(anchor, self.ports.clock.now());
        let signed = signed.map_err(|error| Fault::Unavailable(Box::new(error)))?;
        self.audit.keep_signed_head(&signed).await?;
        Ok(Some(signed))
    }

    /// Forgets what memory no longer needs: windows that have passed, revocations that have run out.
    pub fn prune_memory(&self) {
        self.ports.limiter.prune(self.ports.clock.monotonic());
        self.ports.revocations.prune(self.ports.clock.now());
    }

    /// Removes what the store no longer needs: accounts never confirmed, sessions and revocations past their end.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer; the next sweep takes up where this one stopped.
    pub async fn sweep_store(&self) -> Result<(), Fault> {
        let now = self.ports.clock.now();
        while self.ports.users.remove_expired_pending(now, SWEEP_MAX).await? >= SWEEP_MAX {}
        while self.ports.sessions.remove_expired(now, SWEEP_MAX).await? >= SWEEP_MAX {}
        Ok(())
    }

    /// Writes the calls noted since the last time into the audit log and the sessions' last-seen times.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer; some calls of this round, or all, stay unrecorded.
    pub async fn record_accesses(&self) -> Result<(), Fault> {
        let summaries = self.ports.access_log.drain();
        if summaries.is_empty() {
            return Ok(());
        }
        let seen: Vec<_> =
            summaries.iter().map(|summary| (summary.last.session_id, summary.last.at)).collect();
        // The log comes first to those who look into it: it does not suffer when this fails.
        let touched = self.ports.sessions.touch(&seen).await;
        let happenings: Vec<_> = summaries
            .iter()
            .map(|summary| {
                Happening::new(EventKind::Access, summary.last.at, summary.last.origin)
                    .of_user(summary.last.user_id)
                    .in_session(summary.last.session_id)
                    .times(summary.count)
            })
            .collect();
        for happenings in happenings.chunks(EVENTS_MAX) {
            self.recorder.record(happenings).await?;
        }
        Ok(touched?)
    }
}
