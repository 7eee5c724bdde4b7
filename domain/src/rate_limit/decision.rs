//! The limiter's answer.

use super::{Action, Quota, Verdict};
use core::time::Duration;

/// What the limiter says of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It counts and may go on. `None` when the action is not limited.
    Allowed(Option<Standing>),
    /// It may not go on, and was not counted.
    Denied(Denial),
}

impl Decision {
    /// The decision for one key, of whose window `verdict` is said.
    #[inline]
    #[must_use]
    pub const fn of(action: Action, quota: Quota, verdict: Verdict) -> Self {
        match verdict {
            Verdict::Admit { remaining, reset_ms } => {
                Self::Allowed(Some(Standing { action, quota, remaining, reset: millis(reset_ms) }))
            }
            Verdict::Refuse { wait_ms } => {
                let retry_after = millis(wait_ms);
                Self::Denied(Denial { action, quota, retry_after, cause: DenialCause::QuotaUsed })
            }
        }
    }

    /// The stricter of two decisions: a denial before an allowance, the longer of two denials, the tighter of two
    /// standings. An attempt of several keys gets the strictest of theirs.
    #[inline]
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let other_is_stricter = match (self, other) {
            (Self::Denied(one), Self::Denied(other)) => other.retry_after > one.retry_after,
            (Self::Denied(_), Self::Allowed(_)) => false,
            (Self::Allowed(_), Self::Denied(_)) => true,
            (Self::Allowed(one), Self::Allowed(other)) => match (one, other) {
                (Some(one), Some(other)) => (other.remaining, one.reset) < (one.remaining, other.reset),
                (one, _) => one.is_none(),
            },
        };
        if other_is_stricter { other } else { self }
    }
}

const fn millis(count: u32) -> Duration {
    Duration::from_millis(count as u64)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(answers: &[(Action, Verdict)]) -> Decision {
        let quota = Quota::new(5, Duration::from_secs(60)).unwrap();
        let decisions = answers.iter().map(|(action, verdict)| Decision::of(*action, quota, *verdict));
        decisions.fold(Decision::Allowed(None), Decision::stricter)
    }

    fn admit(remaining: u32, reset_ms: u32) -> Verdict {
        Verdict::Admit { remaining, reset_ms }
    }

    #[test]
    fn the_tightest_standing_is_told_and_of_equal_ones_the_longest() {
        let answers = [admit(3, 10), admit(2, 10), admit(2, 30), admit(2, 20), admit(4, 90)];
        let Decision::Allowed(Some(standing)) = decide(&answers.map(|answer| (Action::Login, answer))) else {
            panic!("denied")
        };
        assert_eq!((standing.remaining, standing.reset), (2, millis(30)));
    }

    #[test]
    fn one_denial_denies_all_and_the_longest_wait_is_told() {
        let answers = [
            (Action::Api, admit(0, 10)),
            (Action::Login, Verdict::Refuse { wait_ms: 20 }),
            (Action::Totp, Verdict::Refuse { wait_ms: 30 }),
            (Action::Api, admit(0, 90)),
        ];
        let Decision::Denied(denial) = decide(&answers) else { panic!("allowed") };
        assert_eq!((denial.action, denial.retry_after), (Action::Totp, millis(30)));
    }

    #[test]
    fn no_key_means_no_limit() {
        assert_eq!(decide(&[]), Decision::Allowed(None));
    }
}
