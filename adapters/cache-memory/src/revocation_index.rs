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
    parts: [Part; PARTS],
}

type Part = HashIndex<SessionId, Until, IdHash>;

/// The index has three parts of unequal size, each 2^(1/3) times the one before. A part doubles when it fills up; with
/// sizes so apart they do it one after the other, and the memory per session stays near its mean whatever their number.
const PARTS: usize = 3;

/// Where, among 2¹⁶, the second and the third part begin.
const BOUNDS: [u16; PARTS - 1] = [17_035, 38_497];

/// A timestamp in the 48 bits that every timestamp fits, aligned to one byte: an entry takes 22 bytes for 24.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Until([u8; 6]);

impl Until {
    const fn new(timestamp: Timestamp) -> Self {
        let [_, _, bytes @ ..] = timestamp.as_millis().to_be_bytes();
        Self(bytes)
    }
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
        self.parts.iter().map(HashIndex::len).sum()
    }

    /// Whether no ended session is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(HashIndex::is_empty)
    }

    /// The part of a session, by the last two of its id's random bytes.
    #[inline]
    fn part_of(&self, session_id: SessionId) -> &Part {
        let [.., high, low] = *session_id.as_bytes();
        let place = u16::from_be_bytes([high, low]);
        let [first, second, third] = &self.parts;
        match BOUNDS {
            [bound, _] if place < bound => first,
            [_, bound] if place < bound => second,
            _ => third,
        }
    }
}

impl Revocations for RevocationIndex {
    #[inline]
    fn is_revoked(&self, session_id: SessionId) -> bool {
        self.part_of(session_id).contains(&session_id)
    }

    /// A session announced twice is remembered until the later of the two instants.
    fn announce(&self, revocations: &[Revocation]) {
        for revocation in revocations {
            let until = Until::new(revocation.until);
            match self.part_of(revocation.session_id).entry_sync(revocation.session_id) {
                Entry::Vacant(vacant) => {
                    vacant.insert_entry(until);
                }
                Entry::Occupied(mut occupied) if *occupied.get() < until => {
                    occupied.update(until);
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    fn prune(&self, now: Timestamp) {
        let now = Until::new(now);
        self.parts.iter().for_each(|part| part.retain_sync(|_, until| now < *until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timestamp_loses_a_bit_and_their_order_stays() {
        let millis = [0, 1, 255, 256, 1_700_000_000_123, 1 << 47, Timestamp::MAX.as_millis()];
        assert!(Timestamp::MAX.as_millis() < 1 << 48);
        assert!(millis.map(|millis| Until::new(Timestamp::from_millis(millis))).is_sorted_by(|a, b| a < b));
    }
}
