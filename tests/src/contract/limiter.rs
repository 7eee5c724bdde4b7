//! Laws of the rate limiter that are its own. How it counts, the laws of the
//! [limiter of the ways in](super::entry_limiter) say, which an adapter passes through the one that counts with it.

use crate::builders::user_id;
use core::time::Duration;
use epic_domain::Monotonic;
use epic_domain::rate_limit::{Action, Attempt, Decision, Quota, Quotas, Standing, Subject};
use epic_outbound::limiter::Limiter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Makes a fresh limiter with these quotas.
pub type MakeLimiter = dyn Fn(Quotas) -> Arc<dyn Limiter>;

/// Expands to the laws of [`Limiter`]. The factory takes the
/// [`Quotas`] and returns an `Arc<dyn Limiter>` with room for some thousand subjects.
#[macro_export]
macro_rules! limiter_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { limiter, $factory;
            of_racing_threads_as_many_pass_as_the_quota
            a_peek_takes_nothing
            a_peek_at_what_is_switched_off_is_allowed
            pruning_changes_no_decision
        }
    };
}

/// Three logins in ten seconds, five codes in a minute, two registrations in a minute.
pub(super) fn quotas() -> Quotas {
    Quotas::DEFAULT
        .with(Action::Login, Some(quota(3, 10)))
        .with(Action::Totp, Some(quota(5, 60)))
        .with(Action::Register, Some(quota(2, 60)))
        .with(Action::Api, None)
}

pub(super) fn quota(limit: u32, seconds: u64) -> Quota {
    Quota::new(limit, Duration::from_secs(seconds)).unwrap()
}

const fn at(millis: u64) -> Monotonic {
    Monotonic::from_millis(1_000_000 + millis)
}

pub(super) fn account(action: Action, seed: u64) -> Attempt {
    Attempt::new(action, Subject::Account(user_id(seed)))
}

pub(super) fn login() -> [Attempt; 1] {
    [account(Action::Login, 1)]
}

pub(super) fn standing(decision: Decision) -> Standing {
    match decision {
        Decision::Allowed(Some(standing)) => standing,
        other => panic!("{other:?}"),
    }
}

pub(super) const fn is_allowed(decision: Decision) -> bool {
    matches!(decision, Decision::Allowed(_))
}

/// Eight threads try at one moment, again and again.
pub fn of_racing_threads_as_many_pass_as_the_quota(make: &MakeLimiter) {
    let limiter = make(quotas());
    for round in 0..50_u64 {
        let keys = [account(Action::Login, round), account(Action::Totp, round)];
        let passed = AtomicUsize::new(0);
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    if is_allowed(limiter.check(&keys, at(round))) {
                        passed.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), 3);
        let totp = standing(limiter.check(&[account(Action::Totp, round)], at(round)));
        assert_eq!(totp.remaining, 1, "those that were denied took nothing of the other key");
    }
}

/// It tells what a check would.
pub fn a_peek_takes_nothing(make: &MakeLimiter) {
    let limiter = make(quotas());
    for millis in [0, 10, 20, 30] {
        let told = limiter.peek(&login(), at(millis));
        assert_eq!(limiter.peek(&login(), at(millis)), told);
        assert_eq!(limiter.check(&login(), at(millis)), told);
    }
}

/// And so is a check.
pub fn a_peek_at_what_is_switched_off_is_allowed(make: &MakeLimiter) {
    let limiter = make(quotas());
    let key = [account(Action::Api, 1)];
    for _ in 0..1_000 {
        assert_eq!(limiter.peek(&key, at(0)), Decision::Allowed(None));
        assert_eq!(limiter.check(&key, at(0)), Decision::Allowed(None));
    }
}

/// Neither for what still counts nor for what does not.
pub fn pruning_changes_no_decision(make: &MakeLimiter) {
    let (pruned, plain) = (make(quotas()), make(quotas()));
    for step in 0..200_u64 {
        let now = at(step * 700);
        let key = [account(if step % 3 == 0 { Action::Totp } else { Action::Login }, step % 2)];
        pruned.prune(now);
        assert_eq!(pruned.check(&key, now), plain.check(&key, now), "step {step}");
    }
}
