//! One remembered key: its fingerprint and the moments of its attempts.

use crate::fingerprint::Fingerprint;
use epic_domain::rate_limit::{Quota, Tick, expired_count};

/// A place for one key. A slot is vacant, or holds the part of a fingerprint that tells keys of a lane apart and the
/// moments of its admitted attempts, oldest first.
pub(crate) trait Slot: Default {
    /// Whether a key's moments under `quota` fit this kind of slot.
    fn holds(quota: Quota) -> bool;

    /// The most heap bytes a key's moments take under `quota`.
    fn heap_bytes_max(quota: Quota) -> usize;

    /// A slot for a key with no attempt yet.
    fn occupied_by(within_lane: u64) -> Self;

    /// The key's fingerprint within its lane; `None` for a vacant slot.
    fn key(&self) -> Option<u64>;

    /// The moments of the key's attempts, oldest first.
    fn moments(&self) -> &[Tick];

    /// Counts an attempt at `now`, of which the domain said that it fits, and forgets what has left the window when
    /// its room is needed.
    fn record(&mut self, quota: Quota, now: Tick);

    /// Takes the newest attempt back.
    fn give_back(&mut self);

    /// Gives back memory that the moments still in the window at `now` do not need.
    fn tidy(&mut self, quota: Quota, now: Tick);
}

/// How many moments a compact slot holds: enough for the design's login, register and totp limits.
const COMPACT_MOMENTS: usize = 5;

/// A slot of 28 bytes and no heap, for limits of at most five.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompactSlot {
    /// The fingerprint, high and low half (two halves align to four bytes, one whole would to eight). Its free low
    /// bits hold 0 in a vacant slot and otherwise one more than the number of moments.
    key_high: u32,
    key_low_and_state: u32,
    moments: [Tick; COMPACT_MOMENTS],
}

const STATE_MASK: u32 = (1 << Fingerprint::FREE_BITS) - 1;

impl CompactSlot {
    fn count(&self) -> usize {
        usize::try_from((self.key_low_and_state & STATE_MASK).saturating_sub(1)).unwrap_or_default()
    }

    fn set_count(&mut self, count: usize) {
        let state = u32::try_from(count.min(COMPACT_MOMENTS)).unwrap_or_default() + 1;
        self.key_low_and_state = (self.key_low_and_state & !STATE_MASK) | state;
    }
}

impl Default for CompactSlot {
    fn default() -> Self {
        Self { key_high: 0, key_low_and_state: 0, moments: [Tick::from_number(0); COMPACT_MOMENTS] }
    }
}

impl Slot for CompactSlot {
    fn holds(quota: Quota) -> bool {
        usize::try_from(quota.limit()).is_ok_and(|limit| limit <= COMPACT_MOMENTS)
    }

    fn heap_bytes_max(_: Quota) -> usize {
        0
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
    fn occupied_by(within_lane: u64) -> Self {
        Self {
            key_high: (within_lane >> u32::BITS) as u32,
            key_low_and_state: within_lane as u32 | 1,
            ..Self::default()
        }
    }

    #[inline]
    fn key(&self) -> Option<u64> {
        let low = self.key_low_and_state & !STATE_MASK;
        let occupied = self.key_low_and_state & STATE_MASK != 0;
        occupied.then_some(u64::from(self.key_high) << u32::BITS | u64::from(low))
    }

    #[inline]
    fn moments(&self) -> &[Tick] {
        self.moments.get(..self.count()).unwrap_or_default()
    }

    fn record(&mut self, quota: Quota, now: Tick) {
        let expired = expired_count(self.moments(), quota, now);
        let kept = self.count() - expired;
        for place in 0..kept {
            // At most four moves: cheaper than a call that moves memory.
            if let Some(moment) = self.moments.get(place + expired).copied()
                && let Some(earlier) = self.moments.get_mut(place)
            {
                *earlier = moment;
            }
        }
        if let Some(free) = self.moments.get_mut(kept) {
            *free = now;
            self.set_count(kept + 1);
        }
    }

    fn give_back(&mut self) {
        self.set_count(self.count().saturating_sub(1));
    }

    fn tidy(&mut self, _: Quota, _: Tick) {}
}

/// A slot with its moments on the heap, for larger limits.
#[derive(Debug, Clone, Default)]
pub(crate) struct GrowingSlot {
    /// The fingerprint; its free low bits are zero in a vacant slot and otherwise one.
    key_and_state: u64,
    moments: Vec<Tick>,
}

/// What an allocator adds to a block.
const HEAP_OVERHEAD_BYTES: usize = 16;
const GROWING_MOMENTS_MIN: usize = 4;

impl GrowingSlot {
    fn forget_expired(&mut self, quota: Quota, now: Tick) {
        let expired = expired_count(&self.moments, quota, now);
        self.moments.drain(..expired);
    }
}

impl Slot for GrowingSlot {
    fn holds(_: Quota) -> bool {
        true
    }

    fn heap_bytes_max(quota: Quota) -> usize {
        let limit = usize::try_from(quota.limit()).unwrap_or(usize::MAX);
        limit.saturating_mul(size_of::<Tick>()).saturating_add(HEAP_OVERHEAD_BYTES)
    }

    fn occupied_by(within_lane: u64) -> Self {
        Self { key_and_state: within_lane | 1, moments: Vec::new() }
    }

    #[inline]
    fn key(&self) -> Option<u64> {
        (self.key_and_state != 0).then_some(self.key_and_state & !1)
    }

    #[inline]
    fn moments(&self) -> &[Tick] {
        &self.moments
    }

    fn record(&mut self, quota: Quota, now: Tick) {
        let limit = usize::try_from(quota.limit()).unwrap_or(usize::MAX);
        if self.moments.len() == self.moments.capacity() || self.moments.len() >= limit {
            self.forget_expired(quota, now);
            if self.moments.len() == self.moments.capacity() {
                // Never more room than the limit needs: the budget counts on it.
                let room = self.moments.capacity().saturating_mul(2).max(GROWING_MOMENTS_MIN).min(limit);
                self.moments.reserve_exact(room.saturating_sub(self.moments.len()));
            }
        }
        self.moments.push(now);
    }

    fn give_back(&mut self) {
        self.moments.pop();
    }

    fn tidy(&mut self, quota: Quota, now: Tick) {
        self.forget_expired(quota, now);
        if self.moments.capacity() > GROWING_MOMENTS_MIN.max(4 * self.moments.len()) {
            self.moments.shrink_to(2 * self.moments.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn quota(limit: u32) -> Quota {
        Quota::new(limit, Duration::from_millis(100)).unwrap()
    }

    fn keeps_what_is_in_the_window<S: Slot>(limit: u32) {
        let mut slot = S::occupied_by(0xABCD_EF01_2345_6788);
        for step in 0..50 {
            // One attempt every 100/limit milliseconds never fills the window.
            let now = Tick::from_millis(u64::from(step * (100 / limit + 1)));
            slot.record(quota(limit), now);
            assert_eq!(slot.moments().last(), Some(&now));
            assert!(slot.moments().is_sorted_by_key(|tick| tick.number()));
            assert_eq!(slot.key(), Some(0xABCD_EF01_2345_6788));
        }
        assert!(slot.moments().len() <= usize::try_from(limit).unwrap());
        slot.give_back();
        slot.tidy(quota(limit), Tick::from_millis(1_000_000));
        assert_eq!(slot.key(), Some(0xABCD_EF01_2345_6788), "a key without moments still has its place");
    }

    #[test]
    fn a_slot_keeps_its_key_and_the_moments_in_the_window() {
        keeps_what_is_in_the_window::<CompactSlot>(5);
        keeps_what_is_in_the_window::<GrowingSlot>(5);
        keeps_what_is_in_the_window::<GrowingSlot>(20);
    }

    #[test]
    fn a_fingerprint_of_all_zeros_is_a_key_like_any_other() {
        assert_eq!(CompactSlot::default().key(), None);
        assert_eq!(GrowingSlot::default().key(), None);
        assert_eq!(CompactSlot::occupied_by(0).key(), Some(0));
        assert_eq!(GrowingSlot::occupied_by(0).key(), Some(0));
    }

    #[test]
    fn a_compact_slot_takes_28_bytes() {
        assert_eq!(size_of::<CompactSlot>(), 28);
    }

    #[test]
    fn a_growing_slot_never_takes_more_than_its_limit_needs() {
        let mut slot = GrowingSlot::occupied_by(8);
        for _ in 0..100 {
            slot.record(quota(100), Tick::from_millis(5));
        }
        assert_eq!(slot.moments.capacity(), 100);
        slot.tidy(quota(100), Tick::from_millis(500));
        assert_eq!(slot.moments.capacity(), 0);
    }
}
