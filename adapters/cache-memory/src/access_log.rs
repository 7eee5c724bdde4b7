//! Uses of protected routes, gathered in memory until they are written down together.

use crate::id_hash::IdHash;
use core::hash::BuildHasher;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use epic_domain::id::SessionId;
use epic_outbound::access_log::{Access, AccessLog, AccessSummary};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Shards: enough that two calls of different sessions seldom wait for each other.
const SHARDS: usize = 64;

#[derive(Debug, Default)]
#[repr(align(64))]
struct Shard(Mutex<HashMap<SessionId, AccessSummary, IdHash>>);

/// Uses by session since the last drain, of a bounded number of sessions.
#[derive(Debug)]
pub struct MemoryAccessLog {
    shards: [Shard; SHARDS],
    sessions: AtomicUsize,
    sessions_max: usize,
    uncounted: AtomicU64,
}

impl MemoryAccessLog {
    /// The bound that [`MemoryAccessLog::default`] keeps: some 10 MiB at the most.
    pub const SESSIONS_MAX: usize = 65_536;

    /// A log of at most `sessions_max` sessions between two drains.
    #[must_use]
    pub fn with_sessions_max(sessions_max: usize) -> Self {
        Self {
            shards: core::array::from_fn(|_| Shard::default()),
            sessions: AtomicUsize::new(0),
            sessions_max,
            uncounted: AtomicU64::new(0),
        }
    }

    /// How many uses were not counted since the start, for lack of room.
    #[must_use]
    pub fn uncounted(&self) -> u64 {
        self.uncounted.load(Ordering::Relaxed)
    }

    #[inline]
    fn shard_of(&self, session_id: SessionId) -> Option<&Shard> {
        // The middle bits: the map inside uses the low and the highest ones.
        let hash = IdHash::default().hash_one(session_id) >> 32;
        self.shards.get(usize::try_from(hash).unwrap_or_default() % SHARDS)
    }

    /// Takes a place for one more session, unless all are taken.
    fn take_place(&self) -> bool {
        self.sessions
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < self.sessions_max).then_some(taken + 1)
            })
            .is_ok()
    }
}

impl Default for MemoryAccessLog {
    fn default() -> Self {
        Self::with_sessions_max(Self::SESSIONS_MAX)
    }
}

impl AccessLog for MemoryAccessLog {
    fn note(&self, access: &Access) {
        let Some(shard) = self.shard_of(access.session_id) else { return };
        let mut sessions = shard.0.lock();
        if let Some(summary) = sessions.get_mut(&access.session_id) {
            summary.count = summary.count.saturating_add(1);
            if summary.last.at <= access.at {
                summary.last = *access;
            }
        } else if self.take_place() {
            sessions.insert(access.session_id, AccessSummary { last: *access, count: 1 });
        } else {
            self.uncounted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Summaries come in the order of their last use.
    fn drain(&self) -> Vec<AccessSummary> {
        let mut summaries = Vec::new();
        for shard in &self.shards {
            let sessions = core::mem::take(&mut *shard.0.lock());
            self.sessions.fetch_sub(sessions.len(), Ordering::Relaxed);
            summaries.extend(sessions.into_values());
        }
        summaries.sort_unstable_by_key(|summary: &AccessSummary| (summary.last.at, summary.last.session_id));
        summaries
    }
}
