//! Laws of the limiter of the ways in, and so of the count behind it.

use super::limiter::{account, is_allowed, login, quota, quotas, standing};
use super::{RACERS, count_of, race};
use crate::builders::{T0, user_id, username};
use crate::fakes::FakeClock;
use core::any::Any;
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, DenialCause, Quotas, Standing, Subject};
use epic_domain::{Monotonic, Timestamp};
use epic_outbound::entry_limiter::EntryLimiter;
use std::sync::Arc;

/// A fresh limiter, the clock that it goes by, and whatever must live as long as it does.
pub struct EntryLimits {
    limiter: Arc<dyn EntryLimiter>,
    clock: Arc<FakeClock>,
    // Dropped last.
    _keep_alive: Box<dyn Any + Send + Sync>,
}

impl EntryLimits {
    /// A limiter that makes no use of any clock but `clock`.
    #[must_use]
    pub fn new(
        limiter: Arc<dyn EntryLimiter>,
        clock: Arc<FakeClock>,
        keep_alive: impl Any + Send + Sync,
    ) -> Self {
        Self { limiter, clock, _keep_alive: Box::new(keep_alive) }
    }

    /// Sets both clocks.
    fn turn_to(&self, millis: u64) {
        self.clock.set_wall(T0.saturating_add(Duration::from_millis(millis)));
        self.clock.set_monotonic(Monotonic::from_millis(1_000_000 + millis));
    }

    async fn check(&self, attempts: &[Attempt], millis: u64) -> Decision {
        self.turn_to(millis);
        self.limiter.check(attempts).await.unwrap()
    }

    async fn give_back(&self, attempts: &[Attempt], millis: u64) {
        self.turn_to(millis);
        self.limiter.give_back(attempts).await.unwrap();
    }
}

/// The quotas of the limiter that the factory makes.
#[must_use]
pub fn quotas_of_the_laws() -> Quotas {
    quotas()
}

/// Expands to the laws of [`EntryLimiter`]. The factory takes the [`Quotas`] and returns a future of fresh
/// [`EntryLimits`] with room for some thousand subjects.
#[macro_export]
macro_rules! entry_limiter_contract {
    ($factory:expr) => {
        $crate::laws_on_entry_limits! { $factory;
            as_many_as_the_quota_pass_and_the_next_is_denied
            the_wait_told_is_exact
            the_window_slides_attempt_by_attempt
            a_denied_attempt_is_not_counted
            several_keys_are_taken_together_or_not_at_all
            a_key_that_stands_twice_counts_once
            the_tightest_key_is_told
            the_longest_wait_is_told
            of_racing_attempts_as_many_pass_as_the_quota
            an_early_refusal_is_what_a_check_says_and_takes_nothing
            an_action_switched_off_is_always_allowed
            an_action_switched_off_does_not_loosen_the_others
            subjects_and_actions_count_apart
            an_attempt_given_back_is_free_again
            giving_back_what_was_not_taken_changes_nothing
            a_clock_that_steps_back_frees_nobody
            the_count_of_milliseconds_may_pass_2_to_the_32
            attempts_of_long_ago_do_not_count
        }
    };
}

/// Expands to a module with one test per law. Not for direct use.
#[doc(hidden)]
#[macro_export]
macro_rules! laws_on_entry_limits {
    ($factory:expr; $($law:ident)+) => {
        mod entry_limiter {
            #[allow(unused_imports, reason = "the factory may be a closure that needs nothing from around it")]
            use super::*;

            $(
                #[test]
                fn $law() {
                    $crate::contract::run(async {
                        let limits = ($factory)($crate::contract::entry_limiter::quotas_of_the_laws()).await;
                        $crate::contract::entry_limiter::$law(&limits).await;
                    });
                }
            )+
        }
    };
}

fn denial(decision: Decision) -> Denial {
    match decision {
        Decision::Denied(denial) => denial,
        Decision::Allowed(standing) => panic!("{standing:?}"),
    }
}

/// With what remains and how long until more is free.
pub async fn as_many_as_the_quota_pass_and_the_next_is_denied(limits: &EntryLimits) {
    for (remaining, millis) in [(2, 0), (1, 1_000), (0, 2_000)] {
        let standing = standing(limits.check(&login(), millis).await);
        assert_eq!(
            (standing.action, standing.quota, standing.remaining),
            (Action::Login, quota(3, 10), remaining)
        );
        assert_eq!(standing.reset, Duration::from_millis(10_000 - millis));
    }
    let denial = denial(limits.check(&login(), 3_000).await);
    assert_eq!(
        (denial.action, denial.quota, denial.cause),
        (Action::Login, quota(3, 10), DenialCause::QuotaUsed)
    );
    assert_eq!(denial.retry_after, Duration::from_millis(7_000));
}

/// A millisecond before it is too early, and then it is not.
pub async fn the_wait_told_is_exact(limits: &EntryLimits) {
    for _ in 0..3 {
        limits.check(&login(), 17).await;
    }
    let wait = u64::try_from(denial(limits.check(&login(), 5_000).await).retry_after.as_millis()).unwrap();
    let early = denial(limits.check(&login(), 5_000 + wait - 1).await);
    assert_eq!(early.retry_after, Duration::from_millis(1));
    assert!(is_allowed(limits.check(&login(), 5_000 + wait).await));
}

/// No burst at the edge of a fixed window.
pub async fn the_window_slides_attempt_by_attempt(limits: &EntryLimits) {
    for millis in [0, 9_000, 9_500] {
        assert!(is_allowed(limits.check(&login(), millis).await));
    }
    assert!(is_allowed(limits.check(&login(), 10_000).await), "the first has left");
    let denial = denial(limits.check(&login(), 10_001).await);
    assert_eq!(denial.retry_after, Duration::from_millis(8_999));
}

/// Knocking does not keep the door shut.
pub async fn a_denied_attempt_is_not_counted(limits: &EntryLimits) {
    for _ in 0..3 {
        limits.check(&login(), 0).await;
    }
    for millis in (1..10_000).step_by(37) {
        assert!(!is_allowed(limits.check(&login(), millis).await));
    }
    assert_eq!(standing(limits.check(&login(), 10_000).await).remaining, 2);
}

/// A denial by one key costs the others nothing.
pub async fn several_keys_are_taken_together_or_not_at_all(limits: &EntryLimits) {
    let (full, free) = (account(Action::Login, 1), account(Action::Totp, 2));
    for _ in 0..3 {
        limits.check(std::slice::from_ref(&full), 0).await;
    }
    for order in [[full.clone(), free.clone()], [free.clone(), full]] {
        assert!(!is_allowed(limits.check(&order, 1).await));
    }
    assert_eq!(standing(limits.check(&[free], 2).await).remaining, 4);
}

/// Whoever names it twice.
pub async fn a_key_that_stands_twice_counts_once(limits: &EntryLimits) {
    let twice = [login(), login()].concat();
    assert_eq!(standing(limits.check(&twice, 0).await).remaining, 2);
    limits.give_back(&twice, 0).await;
    limits.check(&login(), 0).await;
    assert_eq!(standing(limits.check(&login(), 0).await).remaining, 1);
}

/// Of an allowed attempt: the key with the least left.
pub async fn the_tightest_key_is_told(limits: &EntryLimits) {
    let keys = [account(Action::Totp, 1), account(Action::Register, 1), account(Action::Login, 1)];
    let standing = standing(limits.check(&keys, 0).await);
    assert_eq!((standing.action, standing.remaining), (Action::Register, 1));
}

/// Of a denied attempt: the key that frees last.
pub async fn the_longest_wait_is_told(limits: &EntryLimits) {
    let (short, long) = (account(Action::Login, 1), account(Action::Register, 1));
    for _ in 0..3 {
        limits.check(std::slice::from_ref(&short), 0).await;
        limits.check(std::slice::from_ref(&long), 0).await;
    }
    for order in [[short.clone(), long.clone()], [long, short]] {
        let denial = denial(limits.check(&order, 1_000).await);
        assert_eq!((denial.action, denial.retry_after), (Action::Register, Duration::from_secs(59)));
    }
}

/// Each of several keys.
pub async fn of_racing_attempts_as_many_pass_as_the_quota(limits: &EntryLimits) {
    for round in 0..4 {
        let keys = [account(Action::Totp, round), account(Action::Login, round)];
        limits.turn_to(round);
        let decisions = race(RACERS, |_| {
            let (limiter, keys) = (Arc::clone(&limits.limiter), keys.clone());
            async move { limiter.check(&keys).await.unwrap() }
        })
        .await;
        assert_eq!(count_of(&decisions, |decision| is_allowed(*decision)), 3);
        let totp = standing(limits.check(&[account(Action::Totp, round)], round).await);
        assert_eq!(totp.remaining, 1, "those that were denied took nothing of the other key");
    }
}

/// One that was told just now is known, for that key alone, and is forgotten when it ends or something is given back.
pub async fn an_early_refusal_is_what_a_check_says_and_takes_nothing(limits: &EntryLimits) {
    let known = |millis| {
        limits.turn_to(millis);
        limits.limiter.known_denial(&login())
    };
    for millis in [0, 1_000, 2_000] {
        assert_eq!(known(millis), None);
        assert!(is_allowed(limits.check(&login(), millis).await));
    }
    let told = denial(limits.check(&login(), 9_500).await);
    assert_eq!(known(9_500), Some(told));
    let later = Denial { retry_after: Duration::from_millis(1), ..told };
    assert_eq!(known(9_999), Some(later));
    assert_eq!(limits.limiter.known_denial(&[account(Action::Login, 2)]), None);
    assert_eq!(known(10_000), None);
    assert!(is_allowed(limits.check(&login(), 10_000).await));
    assert!(!is_allowed(limits.check(&login(), 10_000).await));
    limits.give_back(&login(), 10_000).await;
    assert_eq!(known(10_000), None);
}

/// However often.
pub async fn an_action_switched_off_is_always_allowed(limits: &EntryLimits) {
    let key = [account(Action::Api, 1)];
    for _ in 0..1_000 {
        assert_eq!(limits.limiter.known_denial(&key), None);
        assert_eq!(limits.check(&key, 0).await, Decision::Allowed(None));
    }
    assert_eq!(limits.check(&[], 0).await, Decision::Allowed(None));
}

/// Beside a limited one it adds nothing.
pub async fn an_action_switched_off_does_not_loosen_the_others(limits: &EntryLimits) {
    let keys = [account(Action::Api, 1), account(Action::Login, 1)];
    assert_eq!(standing(limits.check(&keys, 0).await).action, Action::Login);
    limits.check(&keys, 0).await;
    limits.check(&keys, 0).await;
    assert_eq!(denial(limits.check(&keys, 0).await).action, Action::Login);
}

/// One that is used up takes nothing from another.
pub async fn subjects_and_actions_count_apart(limits: &EntryLimits) {
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
            let Standing { quota, remaining, .. } = standing(limits.check(&key, 0).await);
            assert_eq!(remaining, quota.limit() - 1, "{subject:?} was untouched");
            for _ in 1..quota.limit() {
                assert!(is_allowed(limits.check(&key, 0).await));
            }
            assert!(!is_allowed(limits.check(&key, 0).await));
        }
    }
}

/// The newest one: the older keep their time.
pub async fn an_attempt_given_back_is_free_again(limits: &EntryLimits) {
    for millis in [0, 1_000, 2_000] {
        limits.check(&login(), millis).await;
    }
    assert!(!is_allowed(limits.check(&login(), 3_000).await));
    limits.give_back(&login(), 3_000).await;
    let standing = standing(limits.check(&login(), 3_000).await);
    assert_eq!((standing.remaining, standing.reset), (0, Duration::from_millis(7_000)));
    assert_eq!(denial(limits.check(&login(), 3_000).await).retry_after, Duration::from_millis(7_000));
}

/// Neither for an unknown key nor for one whose attempts have left the window.
pub async fn giving_back_what_was_not_taken_changes_nothing(limits: &EntryLimits) {
    limits.give_back(&login(), 0).await;
    limits.give_back(&[account(Action::Api, 1)], 0).await;
    assert_eq!(standing(limits.check(&login(), 0).await).remaining, 2);
    limits.give_back(&login(), 10_000).await;
    assert_eq!(standing(limits.check(&login(), 10_000).await).remaining, 2);
}

/// Nothing is forgotten early.
pub async fn a_clock_that_steps_back_frees_nobody(limits: &EntryLimits) {
    for _ in 0..3 {
        limits.check(&login(), 5_000).await;
    }
    let denial = denial(limits.check(&login(), 0).await);
    assert_eq!(denial.retry_after, Duration::from_secs(10), "as if no time had passed");
    assert!(is_allowed(limits.check(&login(), 15_000).await));
}

/// After 49.7 days of uptime, and every 49.7 days by the wall clock.
pub async fn the_count_of_milliseconds_may_pass_2_to_the_32(limits: &EntryLimits) {
    let edge = 1_u64 << 32;
    let check = async |offset: u64| {
        // Four seconds before the edge.
        limits.clock.set_wall(Timestamp::from_millis(400 * edge - 4_000 + offset));
        limits.clock.set_monotonic(Monotonic::from_millis(edge - 4_000 + offset));
        is_allowed(limits.limiter.check(&login()).await.unwrap())
    };
    for offset in [0, 1_000, 2_000] {
        assert!(check(offset).await);
    }
    assert!(!check(4_001).await);
    assert!(!check(9_999).await);
    assert!(check(10_000).await);
}

/// Not even if nobody has come by to forget them: an age is never mistaken for a shorter one.
pub async fn attempts_of_long_ago_do_not_count(limits: &EntryLimits) {
    for days in [0, 8, 25, 50, 1_000] {
        let millis = days * 24 * 3_600 * 1_000;
        for _ in 0..3 {
            assert!(is_allowed(limits.check(&login(), millis).await), "after {days} days");
        }
        assert!(!is_allowed(limits.check(&login(), millis).await));
    }
}
