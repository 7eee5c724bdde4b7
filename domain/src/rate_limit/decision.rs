//! The limiter's answer.

use super::{Action, Quota};
use core::time::Duration;

/// What the limiter says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It counts and may go on. `None` when the action is not limited.
    Allowed(Option<Standing>),
    /// It may not go on, and was not counted.
    Denied(Denial),
}

/// Where a subject stands after an allowed attempt: the tightest of the keys it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The action.
    pub action: Action,
    /// Its quota.
    pub quota: Quota,
    /// Attempts left right now.
    pub remaining: u32,
    /// The time until one more attempt is free again.
    pub reset: Duration,
}

/// Why and for how long an attempt is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// The action.
    pub action: Action,
    /// Its quota.
    pub quota: Quota,
    /// The exact time after which the same attempt would pass, if nothing else happens.
    pub retry_after: Duration,
    /// Why.
    pub cause: DenialCause,
}

/// Why an attempt is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenialCause {
    /// The subject has used its quota up.
    QuotaUsed,
    /// The limiter's memory is full of other subjects.
    LimiterFull,
}

impl Denial {
    /// The wait in whole seconds, rounded up, so that a client that waits this long is let in.
    #[must_use]
    pub fn retry_after_seconds(&self) -> u64 {
        self.retry_after.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
    }
}
