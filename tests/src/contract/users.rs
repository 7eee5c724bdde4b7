//! Laws of accounts: names, round trips, replacement, expiry.

use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{
    T0, UserBuilder, maximal_user, minimal_user, recovery_code_digest, seconds_after_t0, user, user_id,
    username,
};
use epic_domain::user::{Status, User, Version};
use epic_outbound::users::{Insertion, Replacement};
use std::sync::Arc;

/// Expands to the laws of [`Users`](epic_outbound::users::Users). The factory is an async function without arguments
/// that returns fresh [`Stores`].
#[macro_export]
macro_rules! users_contract {
    ($factory:expr) => {
        $crate::laws_on_a_store! { users, $factory;
            an_account_reads_back_as_it_was_written
            a_maximal_account_reads_back_to_the_millisecond
            a_minimal_account_reads_back
            nobody_is_found_in_an_empty_store
            a_held_name_is_taken_whatever_the_status
            of_racing_registrations_of_one_name_one_wins
            an_expired_pending_account_does_not_hold_its_name
            the_heir_of_an_expired_name_inherits_nothing
            hostile_names_stay_apart
            a_pending_account_is_replaced_at_the_expected_version
            a_stale_version_replaces_nothing
            only_a_live_pending_account_is_replaced
            of_racing_replacements_one_wins
            the_sweep_removes_expired_pending_accounts_alone
            the_sweep_stops_at_its_limit
            a_registration_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { second_factor, $factory;
            a_step_is_spent_once
            of_racing_uses_of_one_step_one_wins
            an_earlier_step_is_never_accepted
            the_first_step_confirms_and_stores_recovery_codes
            a_later_step_leaves_the_recovery_codes_alone
            an_expired_pending_account_is_not_confirmed
            a_disabled_or_unknown_account_spends_nothing
            a_recovery_code_is_spent_once
            of_racing_uses_of_one_recovery_code_one_wins
            a_recovery_code_opens_its_own_account_alone
            a_recovery_code_opens_an_active_account_alone
            failures_add_up_until_a_code_is_right
            racing_failures_are_all_counted
            a_failure_of_nobody_is_no_error
            a_confirmation_given_up_is_whole_or_absent
        }
        $crate::laws_on_a_store! { credentials, $factory;
            a_change_replaces_what_the_password_leads_to
            a_stale_version_changes_no_credentials
            only_an_active_account_changes_its_credentials
            a_change_ends_the_other_sessions_and_keeps_its_own
            a_change_outside_a_session_ends_all
            of_racing_changes_of_credentials_one_wins
            a_sign_in_that_races_a_change_leaves_no_session
            a_hash_is_replaced_by_a_newer_one
            a_hash_that_has_moved_on_is_not_overwritten
            a_change_wins_over_racing_new_hashes_of_the_old_key
            a_change_given_up_is_whole_or_absent
            a_recovery_key_is_set_at_the_expected_version
            a_stale_version_sets_no_recovery_key
            of_racing_recovery_keys_one_wins
        }
        $crate::laws_on_a_store! { authenticator, $factory;
            a_proposed_secret_waits_beside_the_live_one
            only_an_active_account_gets_a_new_authenticator
            the_confirmed_secret_takes_over
            the_step_that_confirmed_a_secret_is_spent
            no_other_secret_than_the_proposed_one_is_confirmed
            of_racing_confirmations_one_wins
            a_new_authenticator_ends_the_other_sessions
            new_recovery_codes_replace_the_old_ones
            only_an_active_account_gets_new_recovery_codes
        }
        $crate::laws_on_a_store! { removal, $factory;
            a_removed_account_is_gone
            the_sessions_of_a_removed_account_are_revoked
            the_heir_of_a_removed_name_inherits_nothing
            the_events_of_a_removed_account_stay
            of_racing_removals_one_removes
            a_sign_in_that_races_a_removal_leaves_no_session
            a_removal_given_up_is_whole_or_absent
        }
    };
}

pub(super) async fn insert(stores: &Stores, user: &User) {
    assert_eq!(stores.users.insert_if_absent(user, T0).await.unwrap(), Insertion::Inserted);
}

pub(super) async fn stored(stores: &Stores, seed: u64) -> User {
    User::clone(&stores.users.find_by_id(user_id(seed)).await.unwrap().unwrap())
}

fn pending(seed: u64) -> UserBuilder {
    user(seed).pending_until(seconds_after_t0(100))
}

async fn reads_back(stores: &Stores, user: User) {
    insert(stores, &user).await;
    assert_eq!(stores.users.find_by_id(user.id).await.unwrap().as_deref(), Some(&user));
    assert_eq!(stores.users.find_by_username(&user.username).await.unwrap().as_deref(), Some(&user));
}

/// Every field survives.
pub async fn an_account_reads_back_as_it_was_written(stores: &Stores) {
    reads_back(stores, user(7).build()).await;
    reads_back(stores, pending(8).build()).await;
    reads_back(stores, user(9).status(Status::Disabled).build()).await;
}

/// Every field survives at its largest; no fraction of a second is lost.
pub async fn a_maximal_account_reads_back_to_the_millisecond(stores: &Stores) {
    reads_back(stores, maximal_user()).await;
}

/// Every field survives at its smallest.
pub async fn a_minimal_account_reads_back(stores: &Stores) {
    reads_back(stores, minimal_user()).await;
}

/// Absence is no error.
pub async fn nobody_is_found_in_an_empty_store(stores: &Stores) {
    assert_eq!(stores.users.find_by_id(user_id(1)).await.unwrap(), None);
    assert_eq!(stores.users.find_by_username(&username("alice")).await.unwrap(), None);
}

/// An active, a disabled and a live pending account hold their names, to the last millisecond.
pub async fn a_held_name_is_taken_whatever_the_status(stores: &Stores) {
    let just_before = T0.saturating_add(core::time::Duration::from_millis(99_999));
    for (seed, holder) in [(1, user(1)), (2, user(2).status(Status::Disabled)), (3, pending(3))] {
        let holder = holder.build();
        insert(stores, &holder).await;
        let rival = user(seed + 10).named(holder.username.as_str()).build();
        let insertion = stores.users.insert_if_absent(&rival, just_before).await.unwrap();
        assert_eq!(insertion, Insertion::NameTaken);
        assert_eq!(stored(stores, seed).await, holder);
        assert_eq!(stores.users.find_by_id(rival.id).await.unwrap(), None);
    }
}

/// Sixty-four register one name at one moment.
pub async fn of_racing_registrations_of_one_name_one_wins(stores: &Stores) {
    for round in 0..4_u64 {
        let name = format!("alice-{round}");
        let results = race(RACERS, |index| {
            let users = Arc::clone(&stores.users);
            let user = pending(round * 1_000 + u64::try_from(index).unwrap()).named(&name).build();
            async move { (user.id, users.insert_if_absent(&user, T0).await.unwrap()) }
        })
        .await;
        let winners: Vec<_> =
            results.iter().filter(|(_, insertion)| *insertion == Insertion::Inserted).collect();
        assert_eq!(winners.len(), 1);
        let holder = stores.users.find_by_username(&username(&name)).await.unwrap().unwrap();
        assert_eq!(holder.id, winners[0].0);
    }
}

/// From its expiry on, swept or not.
pub async fn an_expired_pending_account_does_not_hold_its_name(stores: &Stores) {
    insert(stores, &pending(1).named("alice").build()).await;
    let heir = user(2).named("alice").build();
    let insertion = stores.users.insert_if_absent(&heir, seconds_after_t0(100)).await.unwrap();
    assert_eq!(insertion, Insertion::Inserted);
    assert_eq!(stores.users.find_by_username(&heir.username).await.unwrap().as_deref(), Some(&heir));
    assert_eq!(stores.users.find_by_id(user_id(1)).await.unwrap(), None);
}

/// Neither failures nor codes of the account before.
pub async fn the_heir_of_an_expired_name_inherits_nothing(stores: &Stores) {
    insert(stores, &pending(1).named("alice").build()).await;
    stores.users.record_code_failure(user_id(1)).await.unwrap();

    let heir = user(2).named("alice").build();
    stores.users.insert_if_absent(&heir, seconds_after_t0(100)).await.unwrap();
    assert_eq!(stored(stores, 2).await, heir);
    let code = recovery_code_digest(1);
    assert!(!stores.users.consume_recovery_code(heir.id, &code, seconds_after_t0(100)).await.unwrap());
}

/// Names that would be something else in a query, path or number.
pub async fn hostile_names_stay_apart(stores: &Stores) {
    let names = [
        "a--",
        "a.b",
        "a_b",
        "a-b",
        "a..",
        "a.b_c",
        "aaa",
        "aaaa",
        "000",
        "0000",
        "0x41",
        "1e3",
        "1.0",
        "1.00",
        "0_0",
        "nan",
        "null",
        "true",
        "admin--",
        "drop.table-users--",
        "constructor",
        "user.0",
        "3..-_",
    ];
    for (seed, name) in (1..).zip(names) {
        insert(stores, &user(seed).named(name).build()).await;
    }
    for (seed, name) in (1..).zip(names) {
        let found = stores.users.find_by_username(&username(name)).await.unwrap().unwrap();
        assert_eq!((found.id, found.username.as_str()), (user_id(seed), name));
    }
    for pattern_of_another in ["a-_", "a.-", "00000", "nul", "user_0"] {
        assert_eq!(stores.users.find_by_username(&username(pattern_of_another)).await.unwrap(), None);
    }
}

/// A registration is repeated before it was confirmed.
pub async fn a_pending_account_is_replaced_at_the_expected_version(stores: &Stores) {
    insert(stores, &pending(1).build()).await;
    let renewed = pending(1).credentials_of(2).version(Version::FIRST.next()).build();
    let replacement = stores.users.replace_pending(&renewed, Version::FIRST, seconds_after_t0(99)).await;
    assert_eq!(replacement.unwrap(), Replacement::Replaced);
    assert_eq!(stored(stores, 1).await, renewed);
    assert_eq!(
        stores.users.find_by_username(&renewed.username).await.unwrap().as_deref(),
        Some(&renewed),
        "under its name too"
    );
}

/// Whoever read an older version must look again.
pub async fn a_stale_version_replaces_nothing(stores: &Stores) {
    let second = Version::FIRST.next();
    let original = pending(1).version(second).build();
    insert(stores, &original).await;
    let rival = pending(1).credentials_of(2).version(second.next()).build();
    for expected in [Version::FIRST, second.next()] {
        let replacement = stores.users.replace_pending(&rival, expected, T0).await.unwrap();
        assert_eq!(replacement, Replacement::Stale);
        assert_eq!(stored(stores, 1).await, original);
    }
}

/// An account that is confirmed, disabled, expired or gone keeps what it has.
pub async fn only_a_live_pending_account_is_replaced(stores: &Stores) {
    let expired_at = seconds_after_t0(100);
    for (seed, original) in [(1, user(1)), (2, user(2).status(Status::Disabled)), (3, pending(3))] {
        let original = original.build();
        insert(stores, &original).await;
        let rival = pending(seed).credentials_of(9).build();
        let replacement = stores.users.replace_pending(&rival, Version::FIRST, expired_at).await.unwrap();
        assert_eq!(replacement, Replacement::Stale);
        assert_eq!(stored(stores, seed).await, original);
    }
    let unknown = pending(4).build();
    let replacement = stores.users.replace_pending(&unknown, Version::FIRST, T0).await.unwrap();
    assert_eq!(replacement, Replacement::Stale);
    assert_eq!(stores.users.find_by_id(unknown.id).await.unwrap(), None);
}

/// Sixty-four replace one version at one moment.
pub async fn of_racing_replacements_one_wins(stores: &Stores) {
    insert(stores, &pending(1).build()).await;
    let results = race(RACERS, |index| {
        let users = Arc::clone(&stores.users);
        let credentials = 100 + u64::try_from(index).unwrap();
        let rival = pending(1).credentials_of(credentials).version(Version::FIRST.next()).build();
        async move { (users.replace_pending(&rival, Version::FIRST, T0).await.unwrap(), rival) }
    })
    .await;
    assert_eq!(count_of(&results, |(replacement, _)| *replacement == Replacement::Replaced), 1);
    let (_, winner) = results.iter().find(|(replacement, _)| *replacement == Replacement::Replaced).unwrap();
    assert_eq!(stored(stores, 1).await, *winner);
}

/// Live, active and disabled accounts stay.
pub async fn the_sweep_removes_expired_pending_accounts_alone(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    insert(stores, &user(2).status(Status::Disabled).build()).await;
    insert(stores, &user(3).pending_until(seconds_after_t0(10)).build()).await;
    insert(stores, &user(4).pending_until(seconds_after_t0(11)).build()).await;

    assert_eq!(stores.users.remove_expired_pending(seconds_after_t0(10), 100).await.unwrap(), 1);
    assert_eq!(stores.users.find_by_id(user_id(3)).await.unwrap(), None);
    assert_eq!(stores.users.find_by_username(&username("user-3")).await.unwrap(), None);
    for seed in [1, 2, 4] {
        assert!(stores.users.find_by_id(user_id(seed)).await.unwrap().is_some(), "{seed}");
    }
}

/// So that it never holds the store for long.
pub async fn the_sweep_stops_at_its_limit(stores: &Stores) {
    for seed in 0..5 {
        insert(stores, &pending(seed).build()).await;
    }
    let late = seconds_after_t0(1_000);
    assert_eq!(stores.users.remove_expired_pending(late, 0).await.unwrap(), 0);
    assert_eq!(stores.users.remove_expired_pending(late, 3).await.unwrap(), 3);
    assert_eq!(stores.users.remove_expired_pending(late, 3).await.unwrap(), 2);
    assert_eq!(stores.users.remove_expired_pending(late, 3).await.unwrap(), 0);
}

/// A call that is dropped half-way leaves all or nothing, and its name usable.
pub async fn a_registration_given_up_is_whole_or_absent(stores: &Stores) {
    for seed in 0..32 {
        let user = pending(seed).build();
        begin_and_drop(stores.users.insert_if_absent(&user, T0)).await;
        let again = stores.users.insert_if_absent(&user, T0).await.unwrap();
        let found = stores.users.find_by_username(&user.username).await.unwrap();
        assert_eq!(found.as_deref(), Some(&user), "{again:?}");
    }
}
