//! Laws of one-time codes, recovery codes and the count of failures. They are part of `users_contract!`.

use super::users::{insert, stored};
use super::{RACERS, Stores, begin_and_drop, count_of, race};
use crate::builders::{T0, recovery_code_digest, seconds_after_t0, user, user_id};
use epic_domain::Timestamp;
use epic_domain::user::{OtpStep, RecoveryCodeDigest, Status};
use epic_outbound::users::Consumption;
use std::sync::Arc;

const CONFIRMED: Consumption = Consumption::Consumed { confirmed: true };
const CONSUMED: Consumption = Consumption::Consumed { confirmed: false };

const fn step(number: u64) -> OtpStep {
    OtpStep::from_number(number)
}

async fn consume(stores: &Stores, seed: u64, number: u64, now: Timestamp) -> Consumption {
    stores.users.consume_otp_step(user_id(seed), step(number), &[], now).await.unwrap()
}

/// An account that was confirmed with these recovery codes.
async fn confirmed(stores: &Stores, seed: u64, codes: &[RecoveryCodeDigest]) {
    insert(stores, &user(seed).pending_until(seconds_after_t0(100)).build()).await;
    let consumption = stores.users.consume_otp_step(user_id(seed), step(100), codes, T0).await.unwrap();
    assert_eq!(consumption, CONFIRMED);
}

/// The second use is told from the first.
pub async fn a_step_is_spent_once(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    assert_eq!(consume(stores, 1, 100, T0).await, CONSUMED);
    assert_eq!(consume(stores, 1, 100, T0).await, Consumption::AlreadySpent);
    assert_eq!(
        stored(stores, 1).await,
        user(1).with(|user| user.enrolment.last_step = Some(step(100))).build()
    );
    assert_eq!(consume(stores, 1, 101, T0).await, CONSUMED);
}

/// Sixty-four present one code at one moment, for a pending and for an active account.
pub async fn of_racing_uses_of_one_step_one_wins(stores: &Stores) {
    insert(stores, &user(1).pending_until(seconds_after_t0(100)).build()).await;
    for round in 0..4 {
        let results = race(RACERS, |_| {
            let users = Arc::clone(&stores.users);
            async move { users.consume_otp_step(user_id(1), step(100 + round), &[], T0).await.unwrap() }
        })
        .await;
        let winning = Consumption::Consumed { confirmed: round == 0 };
        assert_eq!(count_of(&results, |result| *result == winning), 1);
        assert_eq!(count_of(&results, |result| *result == Consumption::AlreadySpent), RACERS - 1);
    }
}

/// Neither step 0 nor the step just before.
pub async fn an_earlier_step_is_never_accepted(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    assert_eq!(consume(stores, 1, 100, T0).await, CONSUMED);
    for number in [0, 1, 99] {
        assert_eq!(consume(stores, 1, number, T0).await, Consumption::AlreadySpent);
    }
    assert_eq!(stored(stores, 1).await.enrolment.last_step, Some(step(100)));
}

/// The first login confirms the account, at that moment; its version stays.
pub async fn the_first_step_confirms_and_stores_recovery_codes(stores: &Stores) {
    let pending = user(1).pending_until(seconds_after_t0(100));
    insert(stores, &pending.clone().build()).await;
    let now = seconds_after_t0(99);
    let codes: Vec<_> = (0..10).map(recovery_code_digest).collect();
    let consumption = stores.users.consume_otp_step(user_id(1), step(5), &codes, now).await.unwrap();
    assert_eq!(consumption, CONFIRMED);
    let expected =
        pending.status(Status::Active).updated_at(now).with(|user| user.enrolment.last_step = Some(step(5)));
    assert_eq!(stored(stores, 1).await, expected.build());
    for code in &codes {
        assert!(stores.users.consume_recovery_code(user_id(1), code, now).await.unwrap());
    }
}

/// Only the confirming step brings a set.
pub async fn a_later_step_leaves_the_recovery_codes_alone(stores: &Stores) {
    confirmed(stores, 1, &[recovery_code_digest(1)]).await;
    let other = [recovery_code_digest(2)];
    let consumption = stores.users.consume_otp_step(user_id(1), step(101), &other, T0).await.unwrap();
    assert_eq!(consumption, CONSUMED);
    assert!(!stores.users.consume_recovery_code(user_id(1), &other[0], T0).await.unwrap());
    assert!(stores.users.consume_recovery_code(user_id(1), &recovery_code_digest(1), T0).await.unwrap());
}

/// From the very millisecond of its expiry.
pub async fn an_expired_pending_account_is_not_confirmed(stores: &Stores) {
    let pending = user(1).pending_until(seconds_after_t0(100)).build();
    insert(stores, &pending).await;
    assert_eq!(consume(stores, 1, 100, seconds_after_t0(100)).await, Consumption::NotAllowed);
    assert_eq!(stored(stores, 1).await, pending);
}

/// And nothing about them changes.
pub async fn a_disabled_or_unknown_account_spends_nothing(stores: &Stores) {
    let disabled = user(1).status(Status::Disabled).build();
    insert(stores, &disabled).await;
    assert_eq!(consume(stores, 1, 100, T0).await, Consumption::NotAllowed);
    assert_eq!(consume(stores, 2, 100, T0).await, Consumption::NotAllowed);
    assert_eq!(stored(stores, 1).await, disabled);
    assert_eq!(stores.users.find_by_id(user_id(2)).await.unwrap(), None);
}

/// It is gone after its use, and the others are not.
pub async fn a_recovery_code_is_spent_once(stores: &Stores) {
    let codes = [recovery_code_digest(1), recovery_code_digest(2)];
    confirmed(stores, 1, &codes).await;
    assert!(stores.users.consume_recovery_code(user_id(1), &codes[0], T0).await.unwrap());
    assert!(!stores.users.consume_recovery_code(user_id(1), &codes[0], T0).await.unwrap());
    assert!(stores.users.consume_recovery_code(user_id(1), &codes[1], T0).await.unwrap());
    assert!(!stores.users.consume_recovery_code(user_id(1), &recovery_code_digest(3), T0).await.unwrap());
}

/// Sixty-four present one code at one moment.
pub async fn of_racing_uses_of_one_recovery_code_one_wins(stores: &Stores) {
    let codes: Vec<_> = (0..4).map(recovery_code_digest).collect();
    confirmed(stores, 1, &codes).await;
    for code in codes {
        let results = race(RACERS, |_| {
            let users = Arc::clone(&stores.users);
            async move { users.consume_recovery_code(user_id(1), &code, T0).await.unwrap() }
        })
        .await;
        assert_eq!(count_of(&results, |spent| *spent), 1);
    }
}

/// Two accounts may even have equal digests.
pub async fn a_recovery_code_opens_its_own_account_alone(stores: &Stores) {
    let shared = recovery_code_digest(1);
    confirmed(stores, 1, &[shared, recovery_code_digest(2)]).await;
    confirmed(stores, 2, &[shared]).await;
    assert!(!stores.users.consume_recovery_code(user_id(2), &recovery_code_digest(2), T0).await.unwrap());
    assert!(stores.users.consume_recovery_code(user_id(2), &shared, T0).await.unwrap());
    assert!(stores.users.consume_recovery_code(user_id(1), &shared, T0).await.unwrap());
    assert!(!stores.users.consume_recovery_code(user_id(3), &shared, T0).await.unwrap());
}

/// Pending and disabled accounts have no use for one.
pub async fn a_recovery_code_opens_an_active_account_alone(stores: &Stores) {
    insert(stores, &user(1).pending_until(seconds_after_t0(100)).build()).await;
    insert(stores, &user(2).status(Status::Disabled).build()).await;
    for seed in [1, 2] {
        let code = recovery_code_digest(1);
        assert!(!stores.users.consume_recovery_code(user_id(seed), &code, T0).await.unwrap());
    }
}

/// Either kind of code sets the count back, and nothing else does.
pub async fn failures_add_up_until_a_code_is_right(stores: &Stores) {
    let code = recovery_code_digest(1);
    confirmed(stores, 1, &[code]).await;
    for expected in 1..=3 {
        assert_eq!(stores.users.record_code_failure(user_id(1)).await.unwrap(), expected);
    }
    assert_eq!(consume(stores, 1, 100, T0).await, Consumption::AlreadySpent);
    let unknown = recovery_code_digest(2);
    assert!(!stores.users.consume_recovery_code(user_id(1), &unknown, T0).await.unwrap());
    assert_eq!(stored(stores, 1).await.enrolment.consecutive_failures, 3);

    assert_eq!(consume(stores, 1, 101, T0).await, CONSUMED);
    assert_eq!(stored(stores, 1).await.enrolment.consecutive_failures, 0);
    assert_eq!(stores.users.record_code_failure(user_id(1)).await.unwrap(), 1);
    assert!(stores.users.consume_recovery_code(user_id(1), &code, T0).await.unwrap());
    assert_eq!(stored(stores, 1).await.enrolment.consecutive_failures, 0);
}

/// Sixty-four guesses at one moment are sixty-four, each with a count of its own.
pub async fn racing_failures_are_all_counted(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    let mut counts = race(RACERS, |_| {
        let users = Arc::clone(&stores.users);
        async move { users.record_code_failure(user_id(1)).await.unwrap() }
    })
    .await;
    counts.sort_unstable();
    let expected: Vec<u32> = (1..).take(RACERS).collect();
    assert_eq!(counts, expected);
    assert_eq!(stored(stores, 1).await.enrolment.consecutive_failures, expected[RACERS - 1]);
}

/// The account may have gone in the meantime.
pub async fn a_failure_of_nobody_is_no_error(stores: &Stores) {
    assert_eq!(stores.users.record_code_failure(user_id(1)).await.unwrap(), 0);
    assert_eq!(stores.users.find_by_id(user_id(1)).await.unwrap(), None);
}

/// A call that is dropped half-way confirms with all its recovery codes, or not at all.
pub async fn a_confirmation_given_up_is_whole_or_absent(stores: &Stores) {
    let codes: Vec<_> = (0..10).map(recovery_code_digest).collect();
    for seed in 0..16 {
        let pending = user(seed).pending_until(seconds_after_t0(100)).build();
        insert(stores, &pending).await;
        begin_and_drop(stores.users.consume_otp_step(user_id(seed), step(5), &codes, T0)).await;
        let found = stored(stores, seed).await;
        if found == pending {
            continue;
        }
        assert_eq!((found.status, found.enrolment.last_step), (Status::Active, Some(step(5))));
        for code in &codes {
            assert!(stores.users.consume_recovery_code(user_id(seed), code, T0).await.unwrap());
        }
    }
}
