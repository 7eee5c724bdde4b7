//! The ended sessions whose access tokens may still be about.

use crate::id_hash::IdHash;
use core::fmt;
use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use epic_domain::session::Revocation;
use epic_outbound::revocations::Revocations;
use scc::HashIndex;
use scc::hash_index::Entry;

/// A set of ended sessions that is read without a lock: every protected call reads it, and few write.
#[derive(Default)]
pub struct RevocationIndex {
    until_by_session: HashIndex<SessionId, Timestamp, IdHash>,
}

impl fmt::Debug for RevocationIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RevocationIndex({} sessions)", self.len())
    }
}

impl RevocationIndex {
    /// An index that knows of no ended session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many ended sessions are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.until_by_session.len()
    }

    /// Whether no ended session is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until_by_session.is_empty()
    }
}

impl Revocations for RevocationIndex {
    #[inline]
    fn is_revoked(&self, session_id: SessionId) -> bool {
        self.until_by_session.contains(&session_id)
    }

    /// A session announced twice is remembered until the later of the two instants.
    fn announce(&self, revocations: &[Revocation]) {
        for revocation in revocations {
            match self.until_by_session.entry_sync(revocation.session_id) {
                Entry::Vacant(vacant) => {
                    vacant.insert_entry(revocation.until);
                }
                Entry::Occupied(mut occupied) if *occupied.get() < revocation.until => {
                    occupied.update(revocation.until);
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    fn prune(&self, now: Timestamp) {
        self.until_by_session.retain_sync(|_, until| now < *until);
    }
}
