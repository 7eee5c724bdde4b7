//! The limiter: one lane for an attempt of one key, several in a fixed order for an attempt of several.

use crate::budget::Budget;
use crate::clock_floor::{ClockFloor, Moment};
use crate::decision::decide;
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::lane::{Keys, Lanes};
use crate::shard::{Answer, Rules};
use epic_domain::Monotonic;
use epic_domain::rate_limit::{Action, Attempt, Decision, Quotas};
use epic_outbound::limiter::Limiter;
use parking_lot::MutexGuard;

/// An exact sliding-window limiter in memory.
///
/// What it may forget it forgets when its memory is needed or [`Limiter::prune`] is called; what a window still counts
/// it never forgets. When an action's memory is full of keys that count, new keys of actions that guard a secret are
/// refused, those of other actions pass uncounted, and keys that are known go on as before.
///
/// A moment earlier than one already told is taken to be that one, for the clock does not go back.
#[derive(Debug)]
pub struct MemoryLimiter {
    fingerprints: Fingerprints,
    clock: ClockFloor,
    actions: [Option<Lanes>; Action::ALL.len()],
}

/// A key of an attempt: the action's lanes, the number of its lane there, and its fingerprint.
#[derive(Clone, Copy)]
struct Key<'limiter> {
    action: Action,
    lanes: &'limiter Lanes,
    lane: usize,
    fingerprint: Fingerprint,
}

impl Key<'_> {
    fn order(&self) -> (usize, usize, Fingerprint) {
        (self.action.index(), self.lane, self.fingerprint)
    }

    fn shares_lane_with(&self, other: &Self) -> bool {
        (self.action, self.lane) == (other.action, other.lane)
    }
}

impl MemoryLimiter {
    /// A limiter of `quotas` whose keys take at most `budget`. The `hash_key` must be fresh random bytes: with it,
    /// subjects that collide could be found.
    #[must_use]
    pub fn new(quotas: Quotas, hash_key: &[u8; 16], budget: Budget) -> Self {
        let lanes_of = |action| {
            let quota = quotas.of(action)?;
            Some(Lanes::new(Rules { quota, slots_max: budget.slots_per_lane(action, quota) }))
        };
        Self {
            fingerprints: Fingerprints::new(hash_key),
            clock: ClockFloor::default(),
            actions: Action::ALL.map(lanes_of),
        }
    }

    /// How many keys of `action` are remembered now, those not yet forgotten included.
    #[must_use]
    pub fn key_count(&self, action: Action) -> usize {
        self.lanes_of(action).map_or(0, |lanes| lanes.lock_each().map(|keys| keys.count()).sum())
    }

    /// How many bytes the tables of all actions take now, the moments of limits above five not included.
    #[must_use]
    pub fn table_bytes(&self) -> usize {
        self.actions.iter().flatten().flat_map(Lanes::lock_each).map(|keys| keys.table_bytes()).sum()
    }

    #[inline]
    fn lanes_of(&self, action: Action) -> Option<&Lanes> {
        self.actions.get(action.index()).and_then(Option::as_ref)
    }

    #[inline]
    fn key_of(&self, attempt: &Attempt) -> Option<Key<'_>> {
        let lanes = self.lanes_of(attempt.action)?;
        let fingerprint = self.fingerprints.of(attempt);
        Some(Key { action: attempt.action, lanes, lane: Lanes::number_of(fingerprint), fingerprint })
    }

    #[inline]
    fn check_one(&self, attempt: &Attempt, now: Moment) -> Decision {
        let Some(key) = self.key_of(attempt) else { return Decision::Allowed(None) };
        let Some(mut keys) = key.lanes.lock(key.lane) else { return Decision::Allowed(None) };
        let answer = keys.take(&key.lanes.rules, key.fingerprint.within_lane(), now);
        drop(keys);
        decide(key.action, key.lanes.rules.quota, answer)
    }

    /// Locks the lanes of all limited keys, each once, in the order that every call keeps.
    fn lock_all(&self, attempts: &[Attempt]) -> Locked<'_> {
        let mut keys: Vec<Key<'_>> = attempts.iter().filter_map(|attempt| self.key_of(attempt)).collect();
        keys.sort_unstable_by_key(Key::order);
        keys.dedup_by_key(|key| key.order());
        let lanes = keys
            .chunk_by(Key::shares_lane_with)
            .filter_map(|keys| keys.first())
            .filter_map(|key| key.lanes.lock(key.lane))
            .collect();
        Locked { keys, lanes }
    }
}

/// The keys of one attempt in order, and the lanes they lie in, locked.
struct Locked<'limiter> {
    keys: Vec<Key<'limiter>>,
    lanes: Vec<MutexGuard<'limiter, Keys>>,
}

impl<'limiter> Locked<'limiter> {
    fn lanes_with_keys(&mut self) -> impl Iterator<Item = (&mut Keys, &[Key<'limiter>])> {
        self.lanes.iter_mut().map(|lane| &mut **lane).zip(self.keys.chunk_by(Key::shares_lane_with))
    }

    /// The decision for all keys together, and those that are counted if it lets them pass.
    fn judge(&mut self, now: Moment) -> (Decision, Vec<Fingerprint>) {
        let mut decision = Decision::Allowed(None);
        let mut countable = Vec::with_capacity(self.keys.len());
        for (lane, keys) in self.lanes_with_keys() {
            for (claimed, key) in keys.iter().enumerate() {
                let rules = &key.lanes.rules;
                let answer = lane.judge(rules, key.fingerprint.within_lane(), now, claimed);
                decision = decision.stricter(decide(key.action, rules.quota, answer));
                if matches!(answer, Answer::Window(_)) {
                    countable.push(key.fingerprint);
                }
            }
        }
        (decision, countable)
    }

    fn record(&mut self, countable: &[Fingerprint], now: Moment) {
        for (lane, keys) in self.lanes_with_keys() {
            for key in keys.iter().filter(|key| countable.contains(&key.fingerprint)) {
                lane.record(&key.lanes.rules, key.fingerprint.within_lane(), now);
            }
        }
    }
}

impl Limiter for MemoryLimiter {
    fn check(&self, attempts: &[Attempt], now: Monotonic) -> Decision {
        let now = self.clock.advance_to(now);
        if let [attempt] = attempts {
            return self.check_one(attempt, now);
        }
        let mut locked = self.lock_all(attempts);
        let (decision, countable) = locked.judge(now);
        if matches!(decision, Decision::Allowed(_)) {
            locked.record(&countable, now);
        }
        decision
    }

    fn peek(&self, attempts: &[Attempt], now: Monotonic) -> Decision {
        let now = self.clock.advance_to(now);
        self.lock_all(attempts).judge(now).0
    }

    fn give_back(&self, attempts: &[Attempt], now: Monotonic) {
        let now = self.clock.advance_to(now);
        for (lane, keys) in self.lock_all(attempts).lanes_with_keys() {
            for key in keys {
                lane.give_back(&key.lanes.rules, key.fingerprint.within_lane(), now);
            }
        }
    }

    fn prune(&self, now: Monotonic) {
        let now = self.clock.advance_to(now);
        for lanes in self.actions.iter().flatten() {
            lanes.lock_each().for_each(|mut keys| keys.prune(&lanes.rules, now));
        }
    }
}
