//! The wall clock and the monotonic clock of the machine.

use core::time::Duration;
use epic_domain::{Monotonic, Timestamp};
use epic_outbound::clock::Clock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What the monotonic clock shows when it is made: not zero, so that a moment a little before the start can be named.
const ORIGIN_OFFSET: Duration = Duration::from_secs(3_600);

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// Clocks whose monotonic half starts one hour after its origin.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this adapter is where the monotonic clock is read")]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    /// A machine whose clock stands before 1970 is taken to be at 1970.
    #[expect(clippy::disallowed_methods, reason = "this adapter is where the wall clock is read")]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(whole_millis(since_1970))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_millis(whole_millis(self.origin.elapsed().saturating_add(ORIGIN_OFFSET)))
    }
}

fn whole_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_starts_well_after_its_origin_and_never_goes_back() {
        let clock = SystemClock::new();
        let first = clock.monotonic();
        assert!(first.as_millis() >= 3_600_000);
        assert!((0..1_000).map(|_| clock.monotonic()).is_sorted());
    }

    #[test]
    fn the_wall_clock_stands_between_this_code_and_the_year_9999() {
        let written = Timestamp::from_seconds(1_700_000_000);
        let now = SystemClock::default().now();
        assert!(now > written && now < Timestamp::MAX);
    }
}
