//! The slowest a client may send.

use core::time::Duration;

/// How long a client may be slow before its average counts.
const GRACE: Duration = Duration::from_secs(30);
/// The least it must send on average after that.
const BYTES_PER_SECOND_MIN: u64 = 1_024;

/// How fast a body arrives: how long the server has waited for it, and for how much.
///
/// The time that the server itself takes to store what came is not the client's and is not counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    waited: Duration,
    received_bytes: u64,
}

impl Pace {
    /// Counts a wait and what it brought.
    pub(crate) fn count(&mut self, waited: Duration, received_bytes: usize) {
        self.waited = self.waited.saturating_add(waited);
        let received_bytes = u64::try_from(received_bytes).unwrap_or(u64::MAX);
        self.received_bytes = self.received_bytes.saturating_add(received_bytes);
    }

    /// Whether the body only drips.
    pub(crate) fn is_too_slow(&self) -> bool {
        self.waited > GRACE
            && self.received_bytes < self.waited.as_secs().saturating_mul(BYTES_PER_SECOND_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f09_a_body_that_drips_is_too_slow_once_its_grace_is_over() {
        let mut pace = Pace::default();
        for _ in 0..30 {
            pace.count(Duration::from_secs(1), 1);
            assert!(!pace.is_too_slow());
        }
        pace.count(Duration::from_secs(1), 1);
        assert!(pace.is_too_slow());
    }

    #[test]
    fn a_body_of_one_kibibyte_a_second_is_fast_enough_for_ever() {
        let mut pace = Pace::default();
        for _ in 0..10_000 {
            pace.count(Duration::from_secs(1), 1_024);
            assert!(!pace.is_too_slow());
        }
    }
}
