//! Decisions: the one for a key, and the one for an attempt of several.

use crate::shard::Answer;
use core::time::Duration;
use epic_domain::rate_limit::{Action, Decision, Denial, DenialCause, Quota, Standing, Verdict};

/// The decision for one key.
#[inline]
pub(crate) const fn decide(action: Action, quota: Quota, answer: Answer) -> Decision {
    let (wait_ms, cause) = match answer {
        Answer::Window(Verdict::Admit { remaining, reset_ms }) => {
            return Decision::Allowed(Some(Standing { action, quota, remaining, reset: millis(reset_ms) }));
        }
        Answer::Window(Verdict::Refuse { wait_ms }) => (wait_ms, DenialCause::QuotaUsed),
        Answer::NoRoom { wait_ms } if action.guards_a_secret() => (wait_ms, DenialCause::LimiterFull),
        // Waved through uncounted, and told what any new subject is told.
        Answer::NoRoom { .. } => {
            let (remaining, reset) = (quota.limit() - 1, millis(quota.window_ms()));
            return Decision::Allowed(Some(Standing { action, quota, remaining, reset }));
        }
    };
    Decision::Denied(Denial { action, quota, retry_after: millis(wait_ms), cause })
}

/// The stricter of two decisions: a denial before an allowance, the longer of two denials, the tighter of two standings.
pub(crate) fn stricter(one: Decision, other: Decision) -> Decision {
    let other_is_stricter = match (one, other) {
        (Decision::Denied(one), Decision::Denied(other)) => other.retry_after > one.retry_after,
        (Decision::Denied(_), Decision::Allowed(_)) => false,
        (Decision::Allowed(_), Decision::Denied(_)) => true,
        (Decision::Allowed(one), Decision::Allowed(other)) => match (one, other) {
            (Some(one), Some(other)) => (other.remaining, one.reset) < (one.remaining, other.reset),
            (one, _) => one.is_none(),
        },
    };
    if other_is_stricter { other } else { one }
}

const fn millis(count: u32) -> Duration {
    Duration::from_millis(count as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota() -> Quota {
        Quota::new(5, Duration::from_secs(60)).unwrap()
    }

    fn decide_all(answers: &[(Action, Answer)]) -> Decision {
        let decisions = answers.iter().map(|(action, answer)| decide(*action, quota(), *answer));
        decisions.fold(Decision::Allowed(None), stricter)
    }

    fn admit(remaining: u32, reset_ms: u32) -> Answer {
        Answer::Window(Verdict::Admit { remaining, reset_ms })
    }

    #[test]
    fn the_tightest_standing_is_told_and_of_equal_ones_the_longest() {
        let answers = [admit(3, 10), admit(2, 10), admit(2, 30), admit(2, 20), admit(4, 90)];
        let Decision::Allowed(Some(standing)) = decide_all(&answers.map(|answer| (Action::Login, answer)))
        else {
            panic!("denied")
        };
        assert_eq!((standing.remaining, standing.reset), (2, millis(30)));
    }

    #[test]
    fn one_denial_denies_all_and_the_longest_wait_is_told() {
        let answers = [
            (Action::Api, admit(0, 10)),
            (Action::Login, Answer::Window(Verdict::Refuse { wait_ms: 20 })),
            (Action::Totp, Answer::NoRoom { wait_ms: 30 }),
            (Action::Api, admit(0, 90)),
        ];
        let Decision::Denied(denial) = decide_all(&answers) else { panic!("allowed") };
        assert_eq!(denial.action, Action::Totp);
        assert_eq!((denial.retry_after, denial.cause), (millis(30), DenialCause::LimiterFull));
    }

    #[test]
    fn no_answer_means_no_limit() {
        assert_eq!(decide_all(&[]), Decision::Allowed(None));
    }
}
