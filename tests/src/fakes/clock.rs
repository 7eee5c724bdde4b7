//! A clock that stands until it is told to move.

use crate::builders::T0;
use core::time::Duration;
use epic_domain::{Monotonic, Timestamp};
use epic_outbound::clock::Clock;
use parking_lot::Mutex;

/// Both clocks, set by hand and apart from each other.
#[derive(Debug)]
pub struct FakeClock {
    hands: Mutex<(Timestamp, Monotonic)>,
}

impl Default for FakeClock {
    /// The wall clock at [`T0`], the other at 1,000,000 ms.
    fn default() -> Self {
        Self { hands: Mutex::new((T0, Monotonic::from_millis(1_000_000))) }
    }
}

impl FakeClock {
    /// Lets time pass on both clocks.
    pub fn advance(&self, span: Duration) {
        let mut hands = self.hands.lock();
        let millis = u64::try_from(span.as_millis()).unwrap();
        *hands = (hands.0.saturating_add(span), Monotonic::from_millis(hands.1.as_millis() + millis));
    }

    /// Sets the wall clock alone, as an operator or a time server does.
    pub fn set_wall(&self, now: Timestamp) {
        self.hands.lock().0 = now;
    }

    /// Sets the monotonic clock alone.
    pub fn set_monotonic(&self, now: Monotonic) {
        self.hands.lock().1 = now;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        self.hands.lock().0
    }

    fn monotonic(&self) -> Monotonic {
        self.hands.lock().1
    }
}
