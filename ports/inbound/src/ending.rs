//! Makes known at once that sessions have ended.

use crate::authenticate::Authenticated;
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use epic_domain::session::{Revocation, SessionPolicy};
use epic_outbound::revocations::Revocations;
use epic_outbound::users::Ending;

/// Announces that these sessions have ended.
pub(crate) fn announce(revocations: &dyn Revocations, ended: &[SessionId], until: Timestamp) {
    let ended: Vec<_> =
        ended.iter().map(|session_id| Revocation { session_id: *session_id, until }).collect();
    revocations.announce(&ended);
}

/// What a change of what guards an account ends: every session but the caller's.
pub(crate) fn all_but(caller: &Authenticated, policy: &SessionPolicy, now: Timestamp) -> Ending {
    Ending { keep: Some(caller.claims().session_id), revoked_until: policy.revoked_until(now), now }
}

/// By how much the clocks of nodes may differ, and how long a session's end may take from its time to its being durable.
const ALLOWANCE: Duration = Duration::from_secs(30);

/// The time at which to ask for live revocations, to get those of sessions that ended less than `ago` before `now` and few
/// others.
pub(crate) fn ended_since(policy: &SessionPolicy, now: Timestamp, ago: Duration) -> Timestamp {
    // A session that ends now is remembered until this; one that ended a while ago, until that much earlier.
    policy.revoked_until(now).saturating_sub(ago.saturating_add(ALLOWANCE))
}
