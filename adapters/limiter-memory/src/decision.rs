//! The decision for one key, in a memory that may be full.

use crate::shard::Answer;
use core::time::Duration;
use epic_domain::rate_limit::{Action, Decision, Denial, DenialCause, Quota, Standing};

/// The decision for one key.
#[inline]
pub(crate) const fn decide(action: Action, quota: Quota, answer: Answer) -> Decision {
    match answer {
        Answer::Window(verdict) => Decision::of(action, quota, verdict),
        Answer::NoRoom { wait_ms } if action.guards_a_secret() => {
            let (retry_after, cause) = (millis(wait_ms), DenialCause::LimiterFull);
            Decision::Denied(Denial { action, quota, retry_after, cause })
        }
        // Waved through uncounted, and told what any new subject is told.
        Answer::NoRoom { .. } => {
            let (remaining, reset) = (quota.limit() - 1, millis(quota.window_ms()));
            Decision::Allowed(Some(Standing { action, quota, remaining, reset }))
        }
    }
}

const fn millis(count: u32) -> Duration {
    Duration::from_millis(count as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_room_a_secret_is_guarded_and_an_ordinary_call_waved_through() {
        let quota = Quota::new(5, Duration::from_secs(60)).unwrap();
        let no_room = Answer::NoRoom { wait_ms: 30 };
        let Decision::Denied(denial) = decide(Action::Totp, quota, no_room) else { panic!("allowed") };
        assert_eq!((denial.retry_after, denial.cause), (millis(30), DenialCause::LimiterFull));
        let Decision::Allowed(Some(standing)) = decide(Action::Api, quota, no_room) else { panic!("denied") };
        assert_eq!((standing.remaining, standing.reset), (4, millis(60_000)));
    }
}
