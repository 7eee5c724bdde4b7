//! What a caller sees of the limits: how many pass, what the refused are told, who is counted with whom.

use crate::support::{at, from_address, limiter, of_account, passes, quota, with_name};
use core::time::Duration;
use epic_domain::rate_limit::{Action, Decision, Denial, DenialCause, Quotas};
use epic_outbound::limiter::Limiter;

#[expect(clippy::panic, reason = "a decision of the other kind fails the test")]
fn denial(decision: Decision) -> Denial {
    match decision {
        Decision::Denied(denial) => denial,
        Decision::Allowed(_) => panic!("the attempt was allowed"),
    }
}

#[test]
fn e01_each_action_lets_its_quota_through_and_no_more_until_the_told_wait_is_over() {
    for action in Action::ALL {
        let limiter = limiter(Quotas::DEFAULT);
        let quota = Quotas::DEFAULT.of(action).unwrap();
        let attempt = [from_address(action, 1)];
        for number in 0..quota.limit() {
            let Decision::Allowed(Some(standing)) = limiter.check(&attempt, at(u64::from(number))) else {
                panic!("{action:?} {number}")
            };
            assert_eq!(standing.remaining, quota.limit() - number - 1);
            assert_eq!(standing.reset, Duration::from_millis(u64::from(quota.window_ms() - number)));
        }
        let now = 1_000;
        let denial = denial(limiter.check(&attempt, at(now)));
        assert_eq!((denial.action, denial.quota, denial.cause), (action, quota, DenialCause::QuotaUsed));
        let wait = u64::try_from(denial.retry_after.as_millis()).unwrap();
        assert!(!passes!(limiter.check(&attempt, at(now + wait - 1))));
        assert!(passes!(limiter.check(&attempt, at(now + wait))));
        assert!(!passes!(limiter.check(&attempt, at(now + wait))), "one was freed, one passes");
    }
}

#[test]
fn e13_no_window_wherever_it_begins_holds_more_than_the_quota() {
    let limiter = limiter(Quotas::DEFAULT);
    let attempt = [from_address(Action::Login, 1)];
    let window = 300_000;
    assert!((0..5).all(|n| passes!(limiter.check(&attempt, at(window - 5 + n)))));
    assert!((0..5).all(|n| !passes!(limiter.check(&attempt, at(window + n)))));
    assert!(passes!(limiter.check(&attempt, at(2 * window - 5))));
}

#[test]
fn a_denied_attempt_is_not_counted() {
    let limiter = limiter(Quotas::DEFAULT);
    let attempt = [from_address(Action::Register, 1)];
    assert!((0..3).all(|_| passes!(limiter.check(&attempt, at(0)))));
    assert!((1..3_600).all(|second| !passes!(limiter.check(&attempt, at(second * 1_000)))));
    assert!((0..3).all(|_| passes!(limiter.check(&attempt, at(3_600_000)))));
}

#[test]
fn an_attempt_of_several_keys_takes_all_or_none() {
    let limiter = limiter(Quotas::DEFAULT);
    let attempt = |name: &str| [from_address(Action::Login, 1), with_name(Action::Login, name, 1)];
    let other_source = |name: &str| [from_address(Action::Login, 2), with_name(Action::Login, name, 1)];
    assert!((0..5).all(|_| passes!(limiter.check(&attempt("alice"), at(0)))));
    // The address is used up: nothing may be taken from the name.
    assert!((0..9).all(|_| !passes!(limiter.check(&attempt("bob"), at(0)))));
    assert!((0..5).all(|_| passes!(limiter.check(&other_source("bob"), at(0)))));
}

#[test]
fn a_denial_of_several_keys_tells_the_longest_wait() {
    let limiter = limiter(Quotas::DEFAULT);
    let (login, register) = (from_address(Action::Login, 1), from_address(Action::Register, 1));
    (0..5).for_each(|_| assert!(passes!(limiter.check(std::slice::from_ref(&login), at(0)))));
    (0..3).for_each(|_| assert!(passes!(limiter.check(std::slice::from_ref(&register), at(0)))));
    let denial = denial(limiter.check(&[login, register], at(1_000)));
    assert_eq!((denial.action, denial.retry_after_seconds()), (Action::Register, 3_599));
}

#[test]
fn a_key_named_twice_in_one_attempt_counts_once() {
    let limiter = limiter(Quotas::DEFAULT);
    let key = from_address(Action::Login, 1);
    assert!((0..5).all(|_| passes!(limiter.check(&[key.clone(), key.clone()], at(0)))));
    assert!(!passes!(limiter.check(&[key], at(0))));
}

#[test]
fn an_action_that_is_off_is_not_limited_and_limits_no_other() {
    let limiter = limiter(Quotas::DEFAULT.with(Action::Api, None));
    let api = from_address(Action::Api, 1);
    assert!((0..1_000).all(|_| limiter.check(std::slice::from_ref(&api), at(0)) == Decision::Allowed(None)));
    assert_eq!(limiter.check(&[], at(0)), Decision::Allowed(None));
    let both = [api, from_address(Action::Login, 1)];
    let Decision::Allowed(Some(standing)) = limiter.check(&both, at(0)) else { panic!("denied") };
    assert_eq!((standing.action, standing.remaining), (Action::Login, 4));
}

#[test]
fn peeking_takes_nothing_and_says_what_check_would() {
    let limiter = limiter(Quotas::DEFAULT);
    let attempts = [from_address(Action::Login, 1), with_name(Action::Login, "alice", 1)];
    for round in 0..7 {
        let seen = limiter.peek(&attempts, at(round));
        assert_eq!(limiter.peek(&attempts, at(round)), seen);
        assert_eq!(limiter.check(&attempts, at(round)), seen);
    }
}

#[test]
fn an_attempt_given_back_is_free_again() {
    let limiter = limiter(Quotas::DEFAULT);
    let key = [of_account(Action::Totp, 1)];
    limiter.give_back(&key, at(0));
    assert!((0..100).all(|_| {
        let taken = passes!(limiter.check(&key, at(0)));
        limiter.give_back(&key, at(0));
        taken
    }));
    assert!((0..3).all(|_| passes!(limiter.check(&key, at(0)))));
    limiter.give_back(&key, at(300_000));
    assert!(
        (0..3).all(|_| passes!(limiter.check(&key, at(300_000)))),
        "what had left the window was not owed"
    );
    assert!(!passes!(limiter.check(&key, at(300_000))));
}

#[test]
fn d09_a_name_somebody_has_and_one_nobody_has_are_limited_alike() {
    let limiter = limiter(Quotas::DEFAULT);
    for step in 0..8 {
        let told = |name| limiter.check(&[with_name(Action::Login, name, 1)], at(step * 10));
        assert_eq!(told("alice"), told("nobody"));
    }
}

#[test]
fn d03_one_name_in_any_spelling_is_one_key() {
    let limiter = limiter(Quotas::DEFAULT);
    let spellings = ["alice", "Alice", "ALICE", "aLICE", "alicE"];
    assert!(spellings.iter().all(|name| passes!(limiter.check(&[with_name(Action::Login, name, 1)], at(0)))));
    assert!(!passes!(limiter.check(&[with_name(Action::Login, "AlIcE", 1)], at(0))));
}

#[test]
fn e09_a_clock_that_steps_back_frees_nobody_and_locks_nobody_longer() {
    let limiter = limiter(Quotas::DEFAULT);
    let key = [from_address(Action::Login, 1)];
    let day = 24 * 3_600_000;
    assert!((0..5).all(|_| passes!(limiter.check(&key, at(2 * day)))));
    assert!(!passes!(limiter.check(&key, at(day))));
    let other = [from_address(Action::Login, 2)];
    assert!(passes!(limiter.check(&other, at(day))), "whoever is not limited is not locked out by the step");
    assert_eq!(denial(limiter.check(&key, at(day))).retry_after_seconds(), 300);
    assert!(passes!(limiter.check(&key, at(2 * day + 300_000))));
}

#[test]
fn no_key_is_locked_or_freed_by_the_wrapping_of_the_tick_even_if_nobody_prunes() {
    let week = 7 * 24 * 3_600_000;
    let quotas = Quotas::DEFAULT.with(Action::Register, Some(quota(3, week)));
    let limiter = limiter(quotas);
    let wrap = 1_u64 << 32;
    let key = [from_address(Action::Register, 1)];
    assert!((0..3).all(|n| passes!(limiter.check(&key, at(wrap - 10 + n)))));
    assert!(!passes!(limiter.check(&key, at(wrap + 10))));
    assert!(!passes!(limiter.check(&key, at(wrap - 10 + week - 1))));
    // Exactly one wrap later the ticks read as if no time had passed.
    for gap in [wrap / 2 - 1, wrap / 2, wrap / 2 + 1, wrap - 1, wrap, 3 * wrap] {
        let limiter = crate::support::limiter(quotas);
        assert!((0..3).all(|_| passes!(limiter.check(&key, at(5)))));
        assert!((0..3).all(|_| passes!(limiter.check(&key, at(5 + gap)))), "{gap}");
        assert!(!passes!(limiter.check(&key, at(5 + gap))), "{gap}");
    }
}

#[test]
fn a_busy_lane_that_nobody_prunes_still_forgets_before_ticks_are_ambiguous() {
    let limiter = limiter(Quotas::DEFAULT);
    let idle = [from_address(Action::Login, 1)];
    assert!((0..5).all(|_| passes!(limiter.check(&idle, at(0)))));
    // Others keep every lane busy for 49 days; then the idle key's ticks read as if a second had passed.
    let day = 24 * 3_600_000;
    for today in 1..50 {
        for number in 100..1_100 {
            assert!(passes!(limiter.check(&[from_address(Action::Login, number)], at(today * day))));
        }
    }
    assert!((0..5).all(|_| passes!(limiter.check(&idle, at((1 << 32) + 1_000)))));
    assert!(!passes!(limiter.check(&idle, at((1 << 32) + 1_000))));
}

#[test]
fn pruning_forgets_exactly_the_keys_whose_window_is_over() {
    let limiter = limiter(Quotas::DEFAULT);
    let millis = 300_000;
    for number in 0..1_000 {
        assert!(passes!(limiter.check(&[from_address(Action::Login, number)], at(u64::from(number)))));
    }
    limiter.prune(at(millis + 499));
    assert_eq!(limiter.key_count(Action::Login), 500);
    limiter.prune(at(millis + 999));
    assert_eq!(limiter.key_count(Action::Login), 0);
}

#[test]
fn pruning_changes_no_answer() {
    let pruned = limiter(Quotas::DEFAULT);
    let left_alone = limiter(Quotas::DEFAULT);
    for step in 0..2_000_u64 {
        let now = at(step * 20_011);
        let key = [from_address(Action::Login, u32::try_from(step % 3).unwrap()), of_account(Action::Api, 1)];
        pruned.prune(now);
        assert_eq!(pruned.check(&key, now), left_alone.check(&key, now), "step {step}");
    }
}
