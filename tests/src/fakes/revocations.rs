//! The index of ended sessions as a plain map.

use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use epic_domain::session::Revocation;
use epic_outbound::revocations::Revocations;
use parking_lot::RwLock;
use std::collections::HashMap;

/// Keeps each ended session with the time until which it matters.
#[derive(Debug, Default)]
pub struct FakeRevocations {
    until: RwLock<HashMap<SessionId, Timestamp>>,
}

impl Revocations for FakeRevocations {
    fn is_revoked(&self, session_id: SessionId) -> bool {
        self.until.read().contains_key(&session_id)
    }

    fn announce(&self, revocations: &[Revocation]) {
        let mut all = self.until.write();
        for Revocation { session_id, until } in revocations {
            let kept = all.entry(*session_id).or_insert(*until);
            *kept = (*kept).max(*until);
        }
    }

    fn prune(&self, now: Timestamp) {
        self.until.write().retain(|_, until| now < *until);
    }
}
