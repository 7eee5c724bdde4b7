//! What floods of new keys can and cannot do.

use crate::support::{at, from_address, of_account, passes};
use epic_domain::rate_limit::{Action, Decision, DenialCause, Quotas};
use epic_limiter_memory::{Budget, MemoryLimiter};
use epic_outbound::limiter::Limiter;

const SMALL: usize = 1 << 20;

fn small_limiter() -> MemoryLimiter {
    let budget = Action::ALL.iter().fold(Budget::DEFAULT, |budget, action| budget.with(*action, SMALL));
    MemoryLimiter::new(Quotas::DEFAULT, &[0x5A; 16], budget)
}

/// Makes so many attempts of as many subjects; returns how many passed.
fn flood(limiter: &MemoryLimiter, action: Action, subjects: u32, now: u64) -> usize {
    (0..subjects).filter(|n| passes!(limiter.check(&[from_address(action, 1_000_000 + n)], at(now)))).count()
}

#[test]
fn e06_the_default_budget_leaves_the_allocator_room_below_256_mib() {
    assert_eq!(Budget::DEFAULT.total_bytes(), 240 << 20);
}

#[test]
fn the_default_budget_holds_as_many_keys_as_its_documentation_says() {
    let documented = [
        (Action::Upload, 150_000, 200_000),
        (Action::Api, 100_000, 150_000),
        (Action::LoginAccount, 230_000, 300_000),
    ];
    for (action, keys, flood_size) in documented {
        let limiter = MemoryLimiter::new(Quotas::DEFAULT, &[0x5A; 16], Budget::DEFAULT);
        flood(&limiter, action, flood_size, 0);
        let held = limiter.key_count(action);
        assert!((keys..keys + keys / 10).contains(&held), "{action:?}: {held}");
    }
}

#[test]
fn e06_a_flood_of_new_keys_stays_within_the_cap() {
    for action in Action::ALL {
        let limiter = small_limiter();
        let idle_bytes = small_limiter().table_bytes();
        flood(&limiter, action, 200_000, 0);
        assert!(limiter.table_bytes() <= SMALL + idle_bytes, "{action:?}: {}", limiter.table_bytes());
        let share_used = limiter.key_count(action) * 28;
        assert!(share_used <= SMALL, "{action:?}");
        // Again and again, with everything expired in between and nothing pruned.
        for round in 1..5 {
            flood(&limiter, action, 100_000, round * 3_600_000);
            assert!(limiter.table_bytes() <= SMALL + idle_bytes, "{action:?}: {}", limiter.table_bytes());
        }
    }
}

#[test]
fn e06_new_subjects_past_the_cap_are_refused_where_a_secret_is_guarded_and_pass_elsewhere() {
    for action in Action::ALL {
        let limiter = small_limiter();
        let subjects = 100_000;
        let passed = flood(&limiter, action, subjects, 0);
        let counted = limiter.key_count(action);
        assert!(counted < 30_000, "the flood is larger than the cap");
        if action.guards_a_secret() {
            assert_eq!(passed, counted, "{action:?}");
        } else {
            assert_eq!(passed, usize::try_from(subjects).unwrap(), "{action:?}");
        }
    }
}

#[test]
fn e06_a_flood_neither_frees_nor_locks_the_keys_already_known() {
    for action in Action::ALL {
        let limiter = small_limiter();
        let quota = Quotas::DEFAULT.of(action).unwrap();
        let (used_up, half_used) = ([from_address(action, 1)], [from_address(action, 2)]);
        assert!((0..quota.limit()).all(|_| passes!(limiter.check(&used_up, at(0)))));
        assert!((0..quota.limit() / 2).all(|_| passes!(limiter.check(&half_used, at(0)))));
        flood(&limiter, action, 100_000, 1);
        assert!(!passes!(limiter.check(&used_up, at(2))), "{action:?}");
        assert!((quota.limit() / 2..quota.limit()).all(|_| passes!(limiter.check(&half_used, at(2)))));
        assert!(!passes!(limiter.check(&half_used, at(2))), "{action:?}");
    }
}

#[test]
fn e06_a_refusal_for_lack_of_room_says_so_and_waits_between_one_second_and_the_window() {
    let limiter = small_limiter();
    flood(&limiter, Action::Login, 100_000, 0);
    let mut refused = 0;
    for number in 0..1_000 {
        if let Decision::Denied(denial) = limiter.check(&[from_address(Action::Login, number)], at(299_500)) {
            assert_eq!(denial.cause, DenialCause::LimiterFull);
            assert!((1..=300).contains(&denial.retry_after_seconds()));
            refused += 1;
        }
    }
    assert!(refused > 900, "only {refused} refused");
}

#[test]
fn e06_new_subjects_get_in_again_once_the_flood_has_left_the_window() {
    let limiter = small_limiter();
    flood(&limiter, Action::Login, 100_000, 0);
    assert!((0..1_000).all(|n| passes!(limiter.check(&[from_address(Action::Login, n)], at(300_000)))));
}

#[test]
fn a_full_action_leaves_the_others_alone() {
    let limiter = small_limiter();
    flood(&limiter, Action::Login, 100_000, 0);
    assert!((0..1_000).all(|n| passes!(limiter.check(&[from_address(Action::Register, n)], at(0)))));
}

#[test]
fn an_attempt_of_several_new_keys_past_the_cap_takes_none_of_them() {
    let limiter = small_limiter();
    flood(&limiter, Action::Login, 100_000, 0);
    let account = of_account(Action::Totp, 1);
    for number in 0..200 {
        let attempt = [from_address(Action::Login, number), account.clone()];
        if passes!(limiter.check(&attempt, at(0))) {
            limiter.give_back(&attempt, at(0));
        }
    }
    assert!((0..3).all(|_| passes!(limiter.check(std::slice::from_ref(&account), at(0)))));
}

#[test]
fn memory_falls_again_once_the_keys_have_left_the_window() {
    let limiter = MemoryLimiter::new(Quotas::DEFAULT, &[0x5A; 16], Budget::DEFAULT);
    let idle_bytes = limiter.table_bytes();
    flood(&limiter, Action::Login, 300_000, 0);
    flood(&limiter, Action::Api, 50_000, 0);
    assert!(limiter.table_bytes() > 8 << 20);
    limiter.prune(at(3_600_000));
    assert_eq!(limiter.table_bytes(), idle_bytes);
    assert_eq!(limiter.key_count(Action::Login) + limiter.key_count(Action::Api), 0);
}
