//! The keys of one lane and the time they live in: judging, recording, forgetting.

use crate::clock_floor::Moment;
use crate::slot::Slot;
use crate::table::{Place, Table};
use epic_domain::rate_limit::{Quota, Verdict, judge};

/// What is the same for all lanes of an action.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) quota: Quota,
    pub(crate) slots_max: usize,
}

/// What a lane says of one more attempt of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// What the key's window says.
    Window(Verdict),
    /// The key is new and there is no room for it; some may be free after `wait_ms`.
    NoRoom { wait_ms: u32 },
}

/// A lane that nobody pruned for this long prunes itself. Ticks are ambiguous after 24.8 days: a window lasts 7 days at
/// most and the lane's last use before its next lies less than a window back, or all is dropped, so no moment grows
/// older than 7 + 1 + 7 days.
const UNPRUNED_MILLIS_MAX: u64 = 24 * 3_600 * 1_000;

/// The shortest time between two searches of a full table for what has expired: a search looks at every key, and must
/// not be had for each refused attempt.
const SEARCH_INTERVAL_MILLIS: u32 = 1_000;

#[derive(Debug)]
pub(crate) struct Shard<S> {
    table: Table<S>,
    /// The latest moment recorded or pruned at. Nothing here is judged at an earlier one.
    latest: Moment,
    pruned_at: Moment,
    /// When the table, having been full, is worth searching again.
    search_at: Moment,
}

impl<S: Slot> Shard<S> {
    pub(crate) fn new() -> Self {
        Self {
            table: Table::new(),
            latest: Moment::ORIGIN,
            pruned_at: Moment::ORIGIN,
            search_at: Moment::ORIGIN,
        }
    }

    pub(crate) const fn keys(&self) -> usize {
        self.table.keys()
    }

    pub(crate) const fn table_bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Judges one more attempt and counts it if it fits.
    #[inline]
    pub(crate) fn take(&mut self, rules: &Rules, key: u64, now: Moment) -> Answer {
        let now = self.enter(rules, now);
        if let Place::Taken(index) = self.table.locate(key)
            && let Some(slot) = self.table.get_mut(index)
        {
            let verdict = judge(slot.moments(), rules.quota, now.tick());
            if matches!(verdict, Verdict::Admit { .. }) {
                slot.record(rules.quota, now.tick());
                self.latest = now;
            }
            return Answer::Window(verdict);
        }
        let answer = self.judge_new(rules, now, 0);
        if matches!(answer, Answer::Window(_)) {
            self.record(rules, key, now);
        }
        answer
    }

    /// Judges one more attempt of a key, of which `claimed` others are to be recorded in this lane in the same step.
    pub(crate) fn judge(&mut self, rules: &Rules, key: u64, now: Moment, claimed: usize) -> Answer {
        let now = self.enter(rules, now);
        match self.table.locate(key) {
            Place::Taken(index) => {
                let moments = self.table.get(index).map(S::moments).unwrap_or_default();
                Answer::Window(judge(moments, rules.quota, now.tick()))
            }
            Place::Vacant(_) => self.judge_new(rules, now, claimed),
        }
    }

    /// Counts an attempt that was judged to fit.
    pub(crate) fn record(&mut self, rules: &Rules, key: u64, now: Moment) {
        let now = now.max(self.latest);
        match self.table.locate(key) {
            Place::Taken(index) => {
                if let Some(slot) = self.table.get_mut(index) {
                    slot.record(rules.quota, now.tick());
                }
            }
            Place::Vacant(index) => {
                let mut slot = S::occupied_by(key);
                slot.record(rules.quota, now.tick());
                self.table.occupy(index, slot);
            }
        }
        self.latest = now;
    }

    /// Takes the key's newest attempt back, if it still counts.
    pub(crate) fn give_back(&mut self, rules: &Rules, key: u64, now: Moment) {
        let now = self.enter(rules, now);
        if let Place::Taken(index) = self.table.locate(key)
            && let Some(slot) = self.table.get_mut(index)
            && time_left(slot, rules.quota, now) > 0
        {
            slot.give_back();
        }
    }

    /// Forgets the keys that no window counts any more, and gives their memory back.
    pub(crate) fn prune(&mut self, rules: &Rules, now: Moment) {
        let now = now.max(self.latest);
        if self.table.keys() > 0 {
            if self.latest.millis_until(now) >= u64::from(rules.quota.window_ms()) {
                self.table = Table::new();
            } else {
                self.forget_expired(rules, now);
            }
        }
        self.latest = now;
        self.pruned_at = now;
    }

    fn forget_expired(&mut self, rules: &Rules, now: Moment) {
        if self.table.occupied().any(|slot| time_left(slot, rules.quota, now) == 0) {
            self.table.rebuild(|slot| time_left(slot, rules.quota, now) > 0, 0, rules.slots_max);
        }
        self.table.occupied_mut().for_each(|slot| slot.tidy(rules.quota, now.tick()));
    }

    /// The moment to judge at; makes sure first that no moment kept here has become ambiguous.
    #[inline]
    fn enter(&mut self, rules: &Rules, now: Moment) -> Moment {
        let now = now.max(self.latest);
        if self.pruned_at.millis_until(now) > UNPRUNED_MILLIS_MAX {
            self.prune(rules, now);
        }
        now
    }

    /// What a key that is not here gets: a fresh window, if there is room for it.
    #[cold]
    fn judge_new(&mut self, rules: &Rules, now: Moment, claimed: usize) -> Answer {
        match self.make_room(rules, now, claimed.saturating_add(1)) {
            Ok(()) => Answer::Window(judge(&[], rules.quota, now.tick())),
            Err(wait_ms) => Answer::NoRoom { wait_ms },
        }
    }

    /// Makes room for `more` keys, or says in how many milliseconds it is worth trying again.
    fn make_room(&mut self, rules: &Rules, now: Moment, more: usize) -> Result<(), u32> {
        if self.table.has_room_for(more) {
            return Ok(());
        }
        let full_size = self.table.slots() >= rules.slots_max;
        if full_size && now < self.search_at {
            return Err(u32::try_from(now.millis_until(self.search_at)).unwrap_or(u32::MAX));
        }
        let (living, soonest) = self.living(rules.quota, now);
        let wait_ms = soonest.max(SEARCH_INTERVAL_MILLIS).min(rules.quota.window_ms());
        if living.saturating_add(more) > Table::<S>::keys_in(rules.slots_max) {
            self.search_at = now.plus_millis(u64::from(wait_ms));
            return Err(wait_ms);
        }
        // A search that found little is as dear as one that found nothing.
        self.search_at = now.plus_millis(u64::from(SEARCH_INTERVAL_MILLIS));
        self.latest = now;
        self.table.rebuild(|slot| time_left(slot, rules.quota, now) > 0, more, rules.slots_max);
        Ok(())
    }

    /// How many keys still count, and in how many milliseconds the first of them ceases to.
    fn living(&self, quota: Quota, now: Moment) -> (usize, u32) {
        self.table
            .occupied()
            .map(|slot| time_left(slot, quota, now))
            .filter(|left| *left > 0)
            .fold((0, quota.window_ms()), |(keys, soonest), left| (keys + 1, soonest.min(left)))
    }
}

/// Milliseconds until the key's newest attempt leaves the window; zero when none is in it.
fn time_left<S: Slot>(slot: &S, quota: Quota, now: Moment) -> u32 {
    slot.moments().last().map_or(0, |newest| quota.window_ms().saturating_sub(newest.age_at(now.tick())))
}
