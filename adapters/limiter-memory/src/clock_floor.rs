//! A clock that does not go back, whichever thread read it first.

use core::sync::atomic::{AtomicU64, Ordering};
use epic_domain::Monotonic;
use epic_domain::rate_limit::Tick;

/// Milliseconds on the limiter's clock, not yet cut to a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) const ORIGIN: Self = Self(0);

    pub(crate) const fn plus_millis(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `self` to `later`; zero when `later` is not later.
    pub(crate) const fn millis_until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0)
    }

    pub(crate) const fn tick(self) -> Tick {
        Tick::from_millis(self.0)
    }
}

/// The latest moment the limiter has been told.
///
/// Threads read the clock before they reach the limiter, so a call may come with a moment earlier than one already
/// judged. It is taken to be the latest moment known: time stands still rather than runs back.
#[derive(Debug, Default)]
pub(crate) struct ClockFloor(AtomicU64);

impl ClockFloor {
    /// `now`, or the latest moment told before when that is later.
    pub(crate) fn advance_to(&self, now: Monotonic) -> Moment {
        let now = now.as_millis();
        // A line that is read by all and written once a millisecond at most costs the readers nothing. Relaxed is
        // enough: what must be consistent with the moment is behind the lanes' locks, which keep floors of their own.
        let latest = self.0.load(Ordering::Relaxed);
        if now > latest { Moment(self.0.fetch_max(now, Ordering::Relaxed).max(now)) } else { Moment(latest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_steps_back_is_taken_to_stand_still() {
        let floor = ClockFloor::default();
        let shown: Vec<Moment> =
            [5, 3, 5, 9, 0].map(|millis| floor.advance_to(Monotonic::from_millis(millis))).into();
        assert_eq!(shown, [5, 5, 5, 9, 9].map(Moment));
    }
}
