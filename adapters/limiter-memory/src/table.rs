//! The keys of one lane, in open addressing with linear probing.
//!
//! It is our own because the cap must hold to the byte: a general hash map doubles when deleted entries have used its
//! room up, cannot be held to a size that is no power of two, and spends two cache misses on a look-up where slots in
//! a row need one. Keys leave only when the table is rebuilt, so there is nothing here but finding, adding, rebuilding.

use crate::fingerprint::Fingerprint;
use crate::slot::Slot;

#[derive(Debug)]
pub(crate) struct Table<S> {
    slots: Box<[S]>,
    keys: usize,
}

/// Where a key is, or would go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Taken(usize),
    Vacant(usize),
}

impl<S: Slot> Table<S> {
    /// The fewest slots a table has; never zero, so that a probe always ends.
    pub(crate) const SLOTS_MIN: usize = 4;

    pub(crate) fn new() -> Self {
        Self::with_slots(Self::SLOTS_MIN)
    }

    fn with_slots(slots: usize) -> Self {
        Self { slots: (0..slots).map(|_| S::default()).collect(), keys: 0 }
    }

    /// The most keys in so many slots: three in four, so that probes stay short.
    pub(crate) const fn keys_in(slots: usize) -> usize {
        slots / 4 * 3 + slots % 4 * 3 / 4
    }

    pub(crate) const fn keys(&self) -> usize {
        self.keys
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.slots.len() * size_of::<S>()
    }

    /// Whether so many keys more would leave probes short.
    pub(crate) const fn has_room_for(&self, more: usize) -> bool {
        self.keys.saturating_add(more) <= Self::keys_in(self.slots.len())
    }

    pub(crate) const fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Where the key is, or the vacant slot it would take.
    #[inline]
    pub(crate) fn locate(&self, key: u64) -> Place {
        let mut index = Fingerprint::home(key, self.slots.len());
        loop {
            match self.slots.get(index).map(S::key) {
                Some(Some(other)) if other == key => return Place::Taken(index),
                Some(Some(_)) => index += 1,
                Some(None) => return Place::Vacant(index),
                None => index = 0,
            }
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&S> {
        self.slots.get(index)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut S> {
        self.slots.get_mut(index)
    }

    /// Puts a new key into the vacant slot that [`Table::locate`] found for it.
    pub(crate) fn occupy(&mut self, index: usize, slot: S) {
        if let Some(vacant) = self.slots.get_mut(index) {
            *vacant = slot;
            self.keys += 1;
        }
    }

    pub(crate) fn occupied(&self) -> impl Iterator<Item = &S> {
        self.slots.iter().filter(|slot| slot.key().is_some())
    }

    /// Drops the keys that are not `live`, and sizes the table to be a little over half full with `more` keys more, or
    /// to have `slots_max` slots. The caller has made sure that they fit.
    pub(crate) fn rebuild(&mut self, live: impl Fn(&S) -> bool, more: usize, slots_max: usize) {
        let expected = self.occupied().filter(|slot| live(slot)).count().saturating_add(more);
        let slots = (expected.saturating_mul(15) / 8).min(slots_max).max(expected + 1).max(Self::SLOTS_MIN);
        let old = core::mem::replace(self, Self::with_slots(slots));
        for slot in old.slots {
            if let Some(key) = slot.key()
                && live(&slot)
                && let Place::Vacant(index) = self.locate(key)
            {
                self.occupy(index, slot);
            }
        }
    }

    /// Visits the slots that hold a key.
    pub(crate) fn occupied_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.slots.iter_mut().filter(|slot| slot.key().is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slot::CompactSlot;
    use std::collections::HashSet;

    fn table_of(keys: impl IntoIterator<Item = u64>) -> Table<CompactSlot> {
        let mut table = Table::new();
        for key in keys {
            if !table.has_room_for(1) {
                table.rebuild(|_| true, 1, usize::MAX);
            }
            if let Place::Vacant(index) = table.locate(key) {
                table.occupy(index, CompactSlot::occupied_by(key));
            }
        }
        table
    }

    fn holds(table: &Table<CompactSlot>, key: u64) -> bool {
        matches!(table.locate(key), Place::Taken(_))
    }

    #[test]
    fn every_key_put_in_is_found_and_no_other() {
        let keys: Vec<u64> = (0..10_000_u64).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) & !7).collect();
        let table = table_of(keys.iter().copied().take(5_000));
        let inside: HashSet<u64> = keys.iter().copied().take(5_000).collect();
        assert!(keys.iter().all(|key| holds(&table, *key) == inside.contains(key)));
        assert_eq!(table.keys(), inside.len());
    }

    #[test]
    fn keys_whose_home_is_the_last_slot_go_on_at_the_first() {
        let keys: Vec<u64> = (0..100).map(|n| !7 - 8 * n).collect();
        let table = table_of(keys.iter().copied());
        assert!(keys.iter().all(|key| holds(&table, *key)));
    }

    #[test]
    fn a_rebuild_drops_the_dead_keeps_the_living_and_gives_memory_back() {
        let mut table = table_of((0..4_096).map(|n| n << 52));
        let bytes = table.bytes();
        table.rebuild(|slot| slot.key().is_some_and(|key| key >> 52 < 16), 0, usize::MAX);
        assert!((0..4_096_u64).all(|n| holds(&table, n << 52) == (n < 16)));
        assert_eq!(table.keys(), 16);
        assert!(table.bytes() * 100 < bytes);
    }

    #[test]
    fn a_table_takes_at_most_56_bytes_a_compact_key_once_there_are_many() {
        for keys in [1_000, 1_500, 2_000, 3_000, 4_500, 6_750] {
            let table = table_of((0..keys).map(|n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) & !7));
            assert!(table.bytes() <= 56 * table.keys(), "{keys}");
        }
    }
}
