//! Makes known at once that sessions have ended.

use crate::authenticate::Authenticated;
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
