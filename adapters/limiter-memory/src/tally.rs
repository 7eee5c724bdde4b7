//! One decision out of the answers for an attempt's keys.

use crate::shard::Answer;
use core::time::Duration;
use epic_domain::rate_limit::{Action, Decision, Denial, DenialCause, Quota, Standing, Verdict};

/// The answers so far: the longest denial, and the tightest standing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    denial: Option<Denial>,
    standing: Option<Standing>,
}

impl Tally {
    pub(crate) fn add(&mut self, action: Action, quota: Quota, answer: Answer) {
        match answer {
            Answer::Window(Verdict::Admit { remaining, reset_ms }) => {
                self.admit(Standing { action, quota, remaining, reset: millis(reset_ms) });
            }
            Answer::Window(Verdict::Refuse { wait_ms }) => {
                self.deny(Denial {
                    action,
                    quota,
                    retry_after: millis(wait_ms),
                    cause: DenialCause::QuotaUsed,
                });
            }
            Answer::NoRoom { wait_ms } if action.guards_a_secret() => {
                let cause = DenialCause::LimiterFull;
                self.deny(Denial { action, quota, retry_after: millis(wait_ms), cause });
            }
            // Waved through uncounted, and told what any new subject is told.
            Answer::NoRoom { .. } => self.admit(Standing {
                action,
                quota,
                remaining: quota.limit().saturating_sub(1),
                reset: millis(quota.window_ms()),
            }),
        }
    }

    pub(crate) const fn is_denied(&self) -> bool {
        self.denial.is_some()
    }

    pub(crate) fn decision(self) -> Decision {
        match self.denial {
            Some(denial) => Decision::Denied(denial),
            None => Decision::Allowed(self.standing),
        }
    }

    fn deny(&mut self, denial: Denial) {
        if self.denial.is_none_or(|longest| denial.retry_after > longest.retry_after) {
            self.denial = Some(denial);
        }
    }

    fn admit(&mut self, standing: Standing) {
        let is_tighter =
            |tightest: Standing| (standing.remaining, tightest.reset) < (tightest.remaining, standing.reset);
        if self.standing.is_none_or(is_tighter) {
            self.standing = Some(standing);
        }
    }
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

    fn decide(answers: &[(Action, Answer)]) -> Decision {
        let mut tally = Tally::default();
        answers.iter().for_each(|(action, answer)| tally.add(*action, quota(), *answer));
        tally.decision()
    }

    fn admit(remaining: u32, reset_ms: u32) -> Answer {
        Answer::Window(Verdict::Admit { remaining, reset_ms })
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
            (Action::Login, Answer::Window(Verdict::Refuse { wait_ms: 20 })),
            (Action::Totp, Answer::NoRoom { wait_ms: 30 }),
            (Action::Api, admit(0, 90)),
        ];
        let Decision::Denied(denial) = decide(&answers) else { panic!("allowed") };
        assert_eq!(denial.action, Action::Totp);
        assert_eq!((denial.retry_after, denial.cause), (millis(30), DenialCause::LimiterFull));
    }

    #[test]
    fn no_answer_means_no_limit() {
        assert_eq!(decide(&[]), Decision::Allowed(None));
    }
}
