//! Turns: the attempts of this node that count against one key go one after the other.
//!
//! As with [the turns of accounts](crate::turns), correctness rests on the database, which refuses all but one of those
//! that come at once; turns spare the waits between tries.

use crate::limiter_key::LimitKey;
use tokio::sync::{Mutex, MutexGuard};

const LANES: usize = 256;

/// Locks that keys share by their digests.
#[derive(Debug)]
pub(crate) struct LimiterTurns([Mutex<()>; LANES]);

impl Default for LimiterTurns {
    fn default() -> Self {
        Self(core::array::from_fn(|_| Mutex::default()))
    }
}

impl LimiterTurns {
    /// Waits for the turn of all these keys, which ends when the guards are dropped.
    pub(crate) async fn of(&self, keys: impl Iterator<Item = LimitKey>) -> Vec<MutexGuard<'_, ()>> {
        let mut lanes: Vec<u8> = keys.map(LimitKey::spread).collect();
        // In one order, and each lane once: nobody waits for somebody who waits for them.
        lanes.sort_unstable();
        lanes.dedup();
        let mut turns = Vec::with_capacity(lanes.len());
        for lane in lanes {
            if let Some(lane) = self.0.get(usize::from(lane)) {
                turns.push(lane.lock().await);
            }
        }
        turns
    }
}
