//! Delete the account.

use crate::fresh::Fresh;
use crate::recorder::Happening;
use crate::{Fault, Recorder, TokenIssuer, ending};
use epic_domain::audit::EventKind;
use epic_domain::network::IpPrefix;
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::users::Users;
use std::sync::Arc;

/// Deletes accounts.
#[derive(Clone)]
pub struct DeleteAccount {
    users: Arc<dyn Users>,
    revocations: Arc<dyn Revocations>,
    clock: Arc<dyn Clock>,
    recorder: Recorder,
    issuer: TokenIssuer,
}

impl DeleteAccount {
    /// Deletes from `users`.
    #[must_use]
    pub fn new(
        users: Arc<dyn Users>,
        revocations: Arc<dyn Revocations>,
        clock: Arc<dyn Clock>,
        recorder: Recorder,
        issuer: TokenIssuer,
    ) -> Self {
        Self { users, revocations, clock, recorder, issuer }
    }

    /// Deletes the caller's account with its sessions and codes. Nothing of it answers when this returns; whoever takes the
    /// name next inherits nothing. What the audit log says of it stays: a chain has no holes.
    ///
    /// # Errors
    /// [`Fault`]; the account may or may not be gone.
    pub async fn delete(&self, fresh: &Fresh, origin: IpPrefix) -> Result<(), Fault> {
        let caller = fresh.caller();
        let (user_id, session_id) = (caller.user().id, caller.claims().session_id);
        let now = self.clock.now();
        let until = self.issuer.policy().revoked_until(now);
        let Some(ended) = self.users.remove(user_id, until).await? else {
            // Deleted by another session a moment ago: that is what was asked for.
            return Ok(());
        };
        ending::announce(self.revocations.as_ref(), &ended, until);
        let happening =
            Happening::new(EventKind::AccountDeleted, now, origin).of_user(user_id).in_session(session_id);
        self.recorder.record(&[happening]).await
    }
}
