//! What many threads at once can and cannot do.

use crate::support::{at, from_address, limiter, of_account, passes, with_name};
use core::sync::atomic::{AtomicU32, Ordering};
use epic_domain::rate_limit::{Action, Attempt, Quotas};
use epic_limiter_memory::MemoryLimiter;
use epic_outbound::limiter::Limiter;
use std::sync::Barrier;

const THREADS: u32 = 64;

/// Lets 64 threads make one attempt each at the same time, as often as there are rounds; returns the number that passed
/// in each round.
fn race(limiter: &MemoryLimiter, rounds: u32, attempt: impl Fn(u32, u32) -> Vec<Attempt> + Sync) -> Vec<u32> {
    let passed: Vec<AtomicU32> = (0..rounds).map(|_| AtomicU32::new(0)).collect();
    let start = Barrier::new(usize::try_from(THREADS).unwrap_or(1));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (passed, start, attempt) = (&passed, &start, &attempt);
            scope.spawn(move || {
                for (round, passed) in (0..).zip(passed) {
                    start.wait();
                    if passes!(limiter.check(&attempt(round, thread), at(1_000))) {
                        passed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    passed.into_iter().map(AtomicU32::into_inner).collect()
}

#[test]
fn e08_of_64_racing_at_the_edge_exactly_one_more_passes() {
    let limiter = limiter(Quotas::DEFAULT);
    let rounds = 1_000;
    for round in 0..rounds {
        assert!((0..4).all(|_| passes!(limiter.check(&[from_address(Action::Login, round)], at(0)))));
    }
    let passed = race(&limiter, rounds, |round, _| vec![from_address(Action::Login, round)]);
    assert!(passed.iter().all(|count| *count == 1), "{passed:?}");
}

#[test]
fn racing_attempts_of_several_keys_take_all_or_none() {
    let limiter = limiter(Quotas::DEFAULT);
    let rounds = 300;
    // Each round has one address and one account; half of the threads name them in the other order.
    let attempt = |round: u32, thread: u32| {
        let mut keys = vec![
            from_address(Action::Login, round),
            with_name(Action::Login, "alice", round),
            of_account(Action::Totp, u128::from(round)),
        ];
        if thread.is_multiple_of(2) {
            keys.reverse();
        }
        keys
    };
    let passed = race(&limiter, rounds, attempt);
    assert!(passed.iter().all(|count| *count == 3), "totp allows three: {passed:?}");
    for round in 0..rounds {
        // Of the five logins three were taken, so the refused attempts took none.
        for key in [from_address(Action::Login, round), with_name(Action::Login, "alice", round)] {
            let key = [key];
            assert!((0..2).all(|_| passes!(limiter.check(&key, at(1_000)))));
            assert!(!passes!(limiter.check(&key, at(1_000))));
        }
    }
}

#[test]
fn keys_that_cross_between_threads_never_deadlock() {
    let limiter = limiter(Quotas::DEFAULT);
    std::thread::scope(|scope| {
        for thread in 0..8_u32 {
            let limiter = &limiter;
            scope.spawn(move || {
                for round in 0..2_000_u32 {
                    let number = |n: u32| round.wrapping_mul(31).wrapping_add(thread * n) % 50;
                    let keys: Vec<Attempt> = Action::ALL
                        .into_iter()
                        .zip([7, 5, 3, 2, 1])
                        .flat_map(|(action, n)| [action, Action::Login].map(|a| from_address(a, number(n))))
                        .collect();
                    limiter.check(&keys, at(u64::from(round)));
                    limiter.peek(&keys, at(u64::from(round)));
                    limiter.give_back(&keys, at(u64::from(round)));
                    if round % 100 == 0 {
                        limiter.prune(at(u64::from(round)));
                    }
                }
            });
        }
    });
    assert!(limiter.key_count(Action::Login) <= 50);
}
