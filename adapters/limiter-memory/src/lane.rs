//! A shard of an action's keys behind its lock.

use crate::clock_floor::Moment;
use crate::fingerprint::Fingerprint;
use crate::shard::{Answer, Rules, Shard};
use crate::slot::{CompactSlot, GrowingSlot, Slot};
use epic_domain::rate_limit::Quota;
use parking_lot::{Mutex, MutexGuard};

/// Bits of a fingerprint that choose its lane.
const LANE_BITS: u32 = 8;
/// Lanes of each action: enough that threads seldom meet in one, and that pruning one holds few up.
pub(crate) const LANES: usize = 1 << LANE_BITS;

// A slot uses those low bits of a fingerprint that its lane implies.
const _: () = assert!(LANE_BITS >= Fingerprint::FREE_BITS);

/// The keys of a lane, in the kind of slot that the action's quota fits.
#[derive(Debug)]
pub(crate) enum Keys {
    Compact(Shard<CompactSlot>),
    Growing(Shard<GrowingSlot>),
}

macro_rules! each_kind {
    ($keys:expr, $shard:ident => $call:expr) => {
        match $keys {
            Keys::Compact($shard) => $call,
            Keys::Growing($shard) => $call,
        }
    };
}

impl Keys {
    fn new(quota: Quota) -> Self {
        if CompactSlot::holds(quota) { Self::Compact(Shard::new()) } else { Self::Growing(Shard::new()) }
    }

    pub(crate) const fn count(&self) -> usize {
        each_kind!(self, shard => shard.keys())
    }

    pub(crate) const fn table_bytes(&self) -> usize {
        each_kind!(self, shard => shard.table_bytes())
    }

    #[inline]
    pub(crate) fn take(&mut self, rules: &Rules, key: u64, now: Moment) -> Answer {
        each_kind!(self, shard => shard.take(rules, key, now))
    }

    pub(crate) fn judge(&mut self, rules: &Rules, key: u64, now: Moment, claimed: usize) -> Answer {
        each_kind!(self, shard => shard.judge(rules, key, now, claimed))
    }

    pub(crate) fn record(&mut self, rules: &Rules, key: u64, now: Moment) {
        each_kind!(self, shard => shard.record(rules, key, now));
    }

    pub(crate) fn give_back(&mut self, rules: &Rules, key: u64, now: Moment) {
        each_kind!(self, shard => shard.give_back(rules, key, now));
    }

    pub(crate) fn prune(&mut self, rules: &Rules, now: Moment) {
        each_kind!(self, shard => shard.prune(rules, now));
    }
}

/// One lane, alone on its cache line, so that threads in neighbouring lanes do not slow each other.
#[derive(Debug)]
#[repr(align(64))]
struct Lane(Mutex<Keys>);

const _: () = assert!(size_of::<Lane>() == 64);

/// All lanes of an action.
#[derive(Debug)]
pub(crate) struct Lanes {
    pub(crate) rules: Rules,
    lanes: Box<[Lane]>,
}

impl Lanes {
    pub(crate) fn new(rules: Rules) -> Self {
        let lanes = (0..LANES).map(|_| Lane(Mutex::new(Keys::new(rules.quota)))).collect();
        Self { rules, lanes }
    }

    /// The number of the lane that the fingerprint belongs to.
    #[inline]
    pub(crate) fn number_of(fingerprint: Fingerprint) -> usize {
        fingerprint.lane(LANE_BITS)
    }

    /// Locks a lane; `None` when there is none of that number.
    #[inline]
    pub(crate) fn lock(&self, number: usize) -> Option<MutexGuard<'_, Keys>> {
        self.lanes.get(number).map(|lane| lane.0.lock())
    }

    /// Locks one lane after the other.
    pub(crate) fn lock_each(&self) -> impl Iterator<Item = MutexGuard<'_, Keys>> {
        self.lanes.iter().map(|lane| lane.0.lock())
    }
}
