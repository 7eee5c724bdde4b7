//! Denials that this node has been told of lately: a subject who goes on knocking costs the database one question a second.

use crate::limiter_key::LimitKey;
use core::time::Duration;
use epic_domain::Monotonic;
use parking_lot::Mutex;
use std::collections::HashMap;

/// How long a denial is taken for granted. Another node may have given an attempt back meanwhile.
const TRUSTED_FOR_MS: u64 = 1_000;
/// Keys remembered at once.
const KEYS_MAX: usize = 16_384;

/// Remembered denials, by key.
#[derive(Debug, Default)]
pub(crate) struct Denials(Mutex<HashMap<LimitKey, Remembered>>);

#[derive(Debug, Clone, Copy)]
struct Remembered {
    told_at: Monotonic,
    wait_ms: u32,
}

impl Remembered {
    /// The rest of the wait, while it is taken for granted.
    fn rest_at(self, now: Monotonic) -> Option<Duration> {
        let age_ms = now.as_millis().checked_sub(self.told_at.as_millis())?;
        let rest_ms = u64::from(self.wait_ms).checked_sub(age_ms).filter(|rest| *rest > 0)?;
        (age_ms < TRUSTED_FOR_MS).then_some(Duration::from_millis(rest_ms))
    }
}

impl Denials {
    /// Remembers that a key is used up for so long.
    pub(crate) fn remember(&self, key: LimitKey, wait_ms: u32, now: Monotonic) {
        let mut remembered = self.0.lock();
        if remembered.len() >= KEYS_MAX {
            remembered.retain(|_, denial| denial.rest_at(now).is_some());
        }
        // Forgetting costs a question to the database, no more.
        if remembered.len() >= KEYS_MAX {
            remembered.clear();
        }
        remembered.insert(key, Remembered { told_at: now, wait_ms });
    }

    /// How long a key that is known to be used up has to wait.
    pub(crate) fn wait_of(&self, key: LimitKey, now: Monotonic) -> Option<Duration> {
        self.0.lock().get(&key)?.rest_at(now)
    }

    /// Forgets that a key is used up.
    pub(crate) fn forget(&self, key: LimitKey) {
        self.0.lock().remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> LimitKey {
        LimitKey::from_bytes((number as u128).to_le_bytes())
    }

    const fn at(millis: u64) -> Monotonic {
        Monotonic::from_millis(5_000 + millis)
    }

    #[test]
    fn a_denial_is_taken_for_granted_for_a_second_and_never_beyond_its_wait() {
        let denials = Denials::default();
        denials.remember(key(1), 60_000, at(0));
        denials.remember(key(2), 300, at(0));
        assert_eq!(denials.wait_of(key(1), at(999)), Some(Duration::from_millis(59_001)));
        assert_eq!(denials.wait_of(key(1), at(1_000)), None);
        assert_eq!(denials.wait_of(key(2), at(299)), Some(Duration::from_millis(1)));
        assert_eq!(denials.wait_of(key(2), at(300)), None);
        assert_eq!(denials.wait_of(key(3), at(0)), None);
        denials.remember(key(1), 60_000, at(0));
        denials.forget(key(1));
        assert_eq!(denials.wait_of(key(1), at(0)), None);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_over_goes_first() {
        let denials = Denials::default();
        for number in 0..KEYS_MAX {
            denials.remember(key(number), 60_000, at(u64::from(number >= KEYS_MAX / 2) * 900));
        }
        denials.remember(key(KEYS_MAX), 60_000, at(1_000));
        assert_eq!(denials.0.lock().len(), KEYS_MAX / 2 + 1);
        for number in 0..2 * KEYS_MAX {
            denials.remember(key(number), 60_000, at(1_000));
            assert!(denials.0.lock().len() <= KEYS_MAX);
            assert!(denials.wait_of(key(number), at(1_000)).is_some(), "the newest is known");
        }
    }
}
