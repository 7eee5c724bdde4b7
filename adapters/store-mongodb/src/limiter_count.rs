//! What is counted against one key: times on the wall clock, which nodes share, under the domain's rule.

use epic_domain::Timestamp;
use epic_domain::rate_limit::{Quota, Tick, Verdict, expired_count, judge};

/// The attempts of a key.
///
/// Clocks of nodes differ. The latest time that any of them has told is time for all of them: a node whose clock is behind
/// takes time to stand still, so that no attempt leaves its window twice or early by going back and forth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    /// When attempts passed, oldest first, none of them after `latest_at`.
    pub(crate) moments: Vec<Timestamp>,
    /// The latest time told.
    pub(crate) latest_at: Timestamp,
}

impl Count {
    /// No attempt yet.
    pub(crate) const fn none(now: Timestamp) -> Self {
        Self { moments: Vec::new(), latest_at: now }
    }

    /// Lets time go on to `now` and forgets what has left the window.
    pub(crate) fn advance_to(&mut self, now: Timestamp, quota: Quota) {
        self.latest_at = self.latest_at.max(now);
        // Ticks come round every 49.7 days. What is older than any window goes first, so that no age is mistaken.
        let ancient_ms = Quota::WINDOW_MAX.as_millis();
        let latest_ms = self.latest_at.as_millis();
        let is_ancient = |moment: &Timestamp| u128::from(latest_ms - moment.as_millis()) >= ancient_ms;
        self.moments.drain(..self.moments.partition_point(is_ancient));
        let expired = expired_count(&self.ticks(), quota, tick(self.latest_at));
        self.moments.drain(..expired);
    }

    /// What one more attempt would get now.
    pub(crate) fn judge(&self, quota: Quota) -> Verdict {
        judge(&self.ticks(), quota, tick(self.latest_at))
    }

    /// Counts one more attempt now.
    pub(crate) fn record(&mut self) {
        self.moments.push(self.latest_at);
    }

    /// Takes the newest attempt back; false when none counts.
    pub(crate) fn give_back(&mut self) -> bool {
        self.moments.pop().is_some()
    }

    fn ticks(&self) -> Vec<Tick> {
        self.moments.iter().copied().map(tick).collect()
    }
}

const fn tick(time: Timestamp) -> Tick {
    Tick::from_millis(time.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn quota() -> Quota {
        Quota::new(2, Duration::from_secs(10)).unwrap()
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    /// One attempt; true when it passes.
    fn attempt(count: &mut Count, now: Timestamp) -> bool {
        count.advance_to(now, quota());
        let passes = matches!(count.judge(quota()), Verdict::Admit { .. });
        if passes {
            count.record();
        }
        passes
    }

    #[test]
    fn two_clocks_that_differ_free_nothing_early_by_turns() {
        let mut count = Count::none(at(0));
        // One clock is four seconds ahead of the other.
        assert!(attempt(&mut count, at(0)));
        assert!(attempt(&mut count, at(4_000)));
        for millis in (0..5_999).step_by(100) {
            assert!(!attempt(&mut count, at(millis)), "the slow clock says {millis}");
            assert!(!attempt(&mut count, at(4_000 + millis)), "the fast clock says so");
        }
        assert!(attempt(&mut count, at(10_000)));
        assert_eq!(count.moments, [at(4_000), at(10_000)]);
        assert!(!attempt(&mut count, at(6_000)), "time has been told");
        assert_eq!(count.latest_at, at(10_000));
    }

    #[test]
    fn what_is_given_back_leaves_the_time_told() {
        let mut count = Count::none(at(0));
        assert!(attempt(&mut count, at(0)) && attempt(&mut count, at(9_000)));
        assert!(count.give_back());
        assert_eq!(count.latest_at, at(9_000));
        assert!(attempt(&mut count, at(1_000)));
        assert_eq!(count.moments, [at(0), at(9_000)]);
    }

    #[test]
    fn an_age_that_ticks_cannot_tell_is_no_short_one() {
        let round = 1 << 32;
        for millis in [round, round + 1, round / 2 + 1, 7 * round] {
            let mut count = Count { moments: vec![at(0), at(0)], latest_at: at(0) };
            assert!(attempt(&mut count, at(millis)), "after {millis} ms");
            assert_eq!(count.moments, [at(millis)]);
        }
    }
}
