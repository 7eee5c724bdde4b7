//! Laws of the rate limiter.

use crate::builders::{user_id, username};
use core::time::Duration;
use epic_domain::Monotonic;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{
    Action, Attempt, Decision, Denial, DenialCause, Quota, Quotas, Standing, Subject,
};
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
            as_many_as_the_quota_pass_and_the_next_is_denied
            the_wait_told_is_exact
            the_window_slides_attempt_by_attempt
            a_denied_attempt_is_not_counted
            several_keys_are_taken_together_or_not_at_all
            the_tightest_key_is_told
            the_longest_wait_is_told
            of_racing_attempts_as_many_pass_as_the_quota
            a_peek_takes_nothing
            an_action_switched_off_is_always_allowed
            an_action_switched_off_does_not_loosen_the_others
            subjects_and_actions_count_apart
            an_attempt_given_back_is_free_again
            giving_back_what_was_not_taken_changes_nothing
            pruning_changes_no_decision
            a_clock_that_steps_back_frees_nobody
            the_count_of_milliseconds_may_pass_2_to_the_32
        }
    };
}

/// Three logins in ten seconds, five codes in a minute, two registrations in a minute.
fn quotas() -> Quotas {
    Quotas::DEFAULT
        .with(Action::Login, Some(quota(3, 10)))
        .with(Action::Totp, Some(quota(5, 60)))
        .with(Action::Register, Some(quota(2, 60)))
        .with(Action::Api, None)
}

fn quota(limit: u32, seconds: u64) -> Quota {
    Quota::new(limit, Duration::from_secs(seconds)).unwrap()
}

const fn at(millis: u64) -> Monotonic {
    Monotonic::from_millis(1_000_000 + millis)
}

fn account(action: Action, seed: u64) -> Attempt {
    Attempt::new(action, Subject::Account(user_id(seed)))
}

fn login() -> [Attempt; 1] {
    [account(Action::Login, 1)]
}

fn standing(decision: Decision) -> Standing {
    match decision {
        Decision::Allowed(Some(standing)) => standing,
        other => panic!("{other:?}"),
    }
}

fn denial(decision: Decision) -> Denial {
    match decision {
        Decision::Denied(denial) => denial,
        Decision::Allowed(standing) => panic!("{standing:?}"),
    }
}

fn is_allowed(decision: Decision) -> bool {
    matches!(decision, Decision::Allowed(_))
}

/// With what remains and how long until more is free.
pub fn as_many_as_the_quota_pass_and_the_next_is_denied(make: &MakeLimiter) {
    let limiter = make(quotas());
    for (remaining, millis) in [(2, 0), (1, 1_000), (0, 2_000)] {
        let standing = standing(limiter.check(&login(), at(millis)));
        assert_eq!(
            (standing.action, standing.quota, standing.remaining),
            (Action::Login, quota(3, 10), remaining)
        );
        assert_eq!(standing.reset, Duration::from_millis(10_000 - millis));
    }
    let denial = denial(limiter.check(&login(), at(3_000)));
    assert_eq!(
        (denial.action, denial.quota, denial.cause),
        (Action::Login, quota(3, 10), DenialCause::QuotaUsed)
    );
    assert_eq!(denial.retry_after, Duration::from_millis(7_000));
}

/// A millisecond before it is too early, and then it is not.
pub fn the_wait_told_is_exact(make: &MakeLimiter) {
    let limiter = make(quotas());
    for _ in 0..3 {
        limiter.check(&login(), at(17));
    }
    let wait = u64::try_from(denial(limiter.check(&login(), at(5_000))).retry_after.as_millis()).unwrap();
    let early = denial(limiter.check(&login(), at(5_000 + wait - 1)));
    assert_eq!(early.retry_after, Duration::from_millis(1));
    assert!(is_allowed(limiter.check(&login(), at(5_000 + wait))));
}

/// No burst at the edge of a fixed window.
pub fn the_window_slides_attempt_by_attempt(make: &MakeLimiter) {
    let limiter = make(quotas());
    for millis in [0, 9_000, 9_500] {
        assert!(is_allowed(limiter.check(&login(), at(millis))));
    }
    assert!(is_allowed(limiter.check(&login(), at(10_000))), "the first has left");
    let denial = denial(limiter.check(&login(), at(10_001)));
    assert_eq!(denial.retry_after, Duration::from_millis(8_999));
}

/// Knocking does not keep the door shut.
pub fn a_denied_attempt_is_not_counted(make: &MakeLimiter) {
    let limiter = make(quotas());
    for _ in 0..3 {
        limiter.check(&login(), at(0));
    }
    for millis in 1..10_000 {
        assert!(!is_allowed(limiter.check(&login(), at(millis))));
    }
    assert_eq!(standing(limiter.check(&login(), at(10_000))).remaining, 2);
}

/// A denial by one key costs the others nothing.
pub fn several_keys_are_taken_together_or_not_at_all(make: &MakeLimiter) {
    let limiter = make(quotas());
    let (full, free) = (account(Action::Login, 1), account(Action::Totp, 2));
    for _ in 0..3 {
        limiter.check(std::slice::from_ref(&full), at(0));
    }
    for order in [[full.clone(), free.clone()], [free.clone(), full]] {
        assert!(!is_allowed(limiter.check(&order, at(1))));
    }
    assert_eq!(standing(limiter.check(&[free], at(2))).remaining, 4);
}

/// Of an allowed attempt: the key with the least left.
pub fn the_tightest_key_is_told(make: &MakeLimiter) {
    let limiter = make(quotas());
    let keys = [account(Action::Totp, 1), account(Action::Register, 1), account(Action::Login, 1)];
    let standing = standing(limiter.check(&keys, at(0)));
    assert_eq!((standing.action, standing.remaining), (Action::Register, 1));
}

/// Of a denied attempt: the key that frees last.
pub fn the_longest_wait_is_told(make: &MakeLimiter) {
    let limiter = make(quotas());
    let (short, long) = (account(Action::Login, 1), account(Action::Register, 1));
    for _ in 0..3 {
        limiter.check(std::slice::from_ref(&short), at(0));
        limiter.check(std::slice::from_ref(&long), at(0));
    }
    for order in [[short.clone(), long.clone()], [long, short]] {
        let denial = denial(limiter.check(&order, at(1_000)));
        assert_eq!((denial.action, denial.retry_after), (Action::Register, Duration::from_secs(59)));
    }
}

/// Eight threads try at one moment, again and again.
pub fn of_racing_attempts_as_many_pass_as_the_quota(make: &MakeLimiter) {
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

/// However often.
pub fn an_action_switched_off_is_always_allowed(make: &MakeLimiter) {
    let limiter = make(quotas());
    let key = [account(Action::Api, 1)];
    for _ in 0..1_000 {
        assert_eq!(limiter.peek(&key, at(0)), Decision::Allowed(None));
        assert_eq!(limiter.check(&key, at(0)), Decision::Allowed(None));
    }
    assert_eq!(limiter.check(&[], at(0)), Decision::Allowed(None));
}

/// Beside a limited one it adds nothing.
pub fn an_action_switched_off_does_not_loosen_the_others(make: &MakeLimiter) {
    let limiter = make(quotas());
    let keys = [account(Action::Api, 1), account(Action::Login, 1)];
    assert_eq!(standing(limiter.check(&keys, at(0))).action, Action::Login);
    limiter.check(&keys, at(0));
    limiter.check(&keys, at(0));
    assert_eq!(denial(limiter.check(&keys, at(0))).action, Action::Login);
}

/// One that is used up takes nothing from another.
pub fn subjects_and_actions_count_apart(make: &MakeLimiter) {
    let limiter = make(quotas());
    let address = IpPrefix::of([192, 0, 2, 1].into());
    let other_address = IpPrefix::of([192, 0, 2, 2].into());
    let alice = || username("alice");
    let subjects = [
        Subject::Address(address),
        Subject::Address(other_address),
        Subject::Account(user_id(1)),
        Subject::Account(user_id(2)),
        Subject::NameFrom(alice(), address),
        Subject::NameFrom(alice(), other_address),
        Subject::NameFrom(username("bob"), address),
        Subject::Name(alice()),
        Subject::Name(username("bob")),
    ];
    for action in [Action::Login, Action::Totp, Action::LoginAccount] {
        for subject in &subjects {
            let key = [Attempt::new(action, subject.clone())];
            let limit = standing(limiter.peek(&key, at(0))).quota.limit();
            assert_eq!(standing(limiter.peek(&key, at(0))).remaining, limit - 1, "{subject:?} is untouched");
            for _ in 0..limit {
                assert!(is_allowed(limiter.check(&key, at(0))));
            }
            assert!(!is_allowed(limiter.check(&key, at(0))));
        }
    }
}

/// The newest one: the older keep their time.
pub fn an_attempt_given_back_is_free_again(make: &MakeLimiter) {
    let limiter = make(quotas());
    for millis in [0, 1_000, 2_000] {
        limiter.check(&login(), at(millis));
    }
    assert!(!is_allowed(limiter.peek(&login(), at(3_000))));
    limiter.give_back(&login(), at(3_000));
    let standing = standing(limiter.check(&login(), at(3_000)));
    assert_eq!((standing.remaining, standing.reset), (0, Duration::from_millis(7_000)));
    assert_eq!(denial(limiter.check(&login(), at(3_000))).retry_after, Duration::from_millis(7_000));
}

/// Neither for an unknown key nor for one whose attempts have left the window.
pub fn giving_back_what_was_not_taken_changes_nothing(make: &MakeLimiter) {
    let limiter = make(quotas());
    limiter.give_back(&login(), at(0));
    limiter.give_back(&[account(Action::Api, 1)], at(0));
    assert_eq!(standing(limiter.check(&login(), at(0))).remaining, 2);
    limiter.give_back(&login(), at(10_000));
    assert_eq!(standing(limiter.check(&login(), at(10_000))).remaining, 2);
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

/// Nothing is forgotten early.
pub fn a_clock_that_steps_back_frees_nobody(make: &MakeLimiter) {
    let limiter = make(quotas());
    for _ in 0..3 {
        limiter.check(&login(), at(5_000));
    }
    let denial = denial(limiter.check(&login(), at(0)));
    assert_eq!(denial.retry_after, Duration::from_secs(10), "as if no time had passed");
    assert!(is_allowed(limiter.check(&login(), at(15_000))));
}

/// After 49.7 days of uptime.
pub fn the_count_of_milliseconds_may_pass_2_to_the_32(make: &MakeLimiter) {
    let limiter = make(quotas());
    let edge = u64::from(u32::MAX);
    let moment = |offset: u64| Monotonic::from_millis(edge - 4_000 + offset);
    for offset in [0, 1_000, 2_000] {
        assert!(is_allowed(limiter.check(&login(), moment(offset))));
    }
    assert!(!is_allowed(limiter.check(&login(), moment(4_001))));
    assert!(!is_allowed(limiter.check(&login(), moment(9_999))));
    assert!(is_allowed(limiter.check(&login(), moment(10_000))));
}
