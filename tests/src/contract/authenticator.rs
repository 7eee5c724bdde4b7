//! Laws of a new authenticator and of new recovery codes. They are part of `users_contract!`.

use super::credentials::{ended, ending, ids, is_live};
use super::sessions::{UNTIL, opened, revoked};
use super::users::{insert, stored};
use super::{RACERS, Stores, count_of, race};
use crate::builders::{T0, proposed_totp, recovery_code_digest, seconds_after_t0, user, user_id};
use epic_domain::user::{OtpStep, RecoveryCodeDigest, Status, User, Version};
use epic_outbound::users::{Change, Consumption, TotpChange};
use std::sync::Arc;

const fn step(number: u64) -> OtpStep {
    OtpStep::from_number(number)
}

/// A code of the secret of `proposed_seed`, of step 100, has been seen for the account of a seed.
fn confirmation(seed: u64, proposed_seed: u64, keep: Option<u64>) -> TotpChange {
    TotpChange {
        user_id: user_id(seed),
        sealed_secret: proposed_totp(proposed_seed).sealed_secret,
        step: step(100),
        ending: ending(keep),
    }
}

async fn propose(stores: &Stores, seed: u64, proposed_seed: u64) -> bool {
    stores.users.propose_totp(user_id(seed), &proposed_totp(proposed_seed)).await.unwrap()
}

async fn confirm(stores: &Stores, change: &TotpChange) -> Change {
    stores.users.confirm_totp(change).await.unwrap()
}

async fn consume(stores: &Stores, number: u64) -> Consumption {
    stores.users.consume_otp_step(user_id(1), step(number), &[], T0).await.unwrap()
}

fn has_proposed(user: User, proposed_seed: u64) -> User {
    let mut user = user;
    user.enrolment.proposed = Some(proposed_totp(proposed_seed));
    user
}

/// One at a time; the live one and the version stay.
pub async fn a_proposed_secret_waits_beside_the_live_one(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    for proposed_seed in [7, 8] {
        assert!(propose(stores, 1, proposed_seed).await);
        assert_eq!(stored(stores, 1).await, has_proposed(user(1).build(), proposed_seed));
    }
    assert_eq!(consume(stores, 100).await, Consumption::Consumed { confirmed: false });
    assert_eq!(stored(stores, 1).await.enrolment.proposed, Some(proposed_totp(8)), "signing in goes on");
}

/// And confirms one: there may be one from before it was shut.
pub async fn only_an_active_account_gets_a_new_authenticator(stores: &Stores) {
    let pending = Status::Pending { expires_at: seconds_after_t0(100) };
    for (seed, status) in [(1, pending), (2, Status::Disabled)] {
        let original = has_proposed(user(seed).status(status).build(), 7);
        insert(stores, &original).await;
        assert!(!propose(stores, seed, 8).await);
        assert_eq!(confirm(stores, &confirmation(seed, 7, None)).await, Change::Stale);
        assert_eq!(stored(stores, seed).await, original);
    }
    assert!(!propose(stores, 3, 7).await);
    assert_eq!(confirm(stores, &confirmation(3, 7, None)).await, Change::Stale);
}

/// The old secret is gone, and with it its steps and failures.
pub async fn the_confirmed_secret_takes_over(stores: &Stores) {
    let old = user(1).with(|user| {
        user.enrolment.last_step = Some(step(200));
        user.enrolment.consecutive_failures = 3;
    });
    insert(stores, &old.clone().build()).await;
    propose(stores, 1, 7).await;
    let change = confirmation(1, 7, None);
    assert_eq!(confirm(stores, &change).await, Change::Made { ended: Vec::new() });
    let expected = old.version(Version::FIRST.next()).updated_at(change.ending.now).with(|user| {
        user.enrolment.sealed_secret = proposed_totp(7).sealed_secret;
        user.enrolment.last_step = Some(step(100));
        user.enrolment.consecutive_failures = 0;
    });
    assert_eq!(stored(stores, 1).await, expected.build());
}

/// The code that confirmed it signs nobody in.
pub async fn the_step_that_confirmed_a_secret_is_spent(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    propose(stores, 1, 7).await;
    confirm(stores, &confirmation(1, 7, None)).await;
    for number in [99, 100] {
        assert_eq!(consume(stores, number).await, Consumption::AlreadySpent);
    }
    assert_eq!(consume(stores, 101).await, Consumption::Consumed { confirmed: false });
}

/// Neither one that was replaced, nor the live one, nor one when none waits.
pub async fn no_other_secret_than_the_proposed_one_is_confirmed(stores: &Stores) {
    let original = user(1).build();
    insert(stores, &original).await;
    assert_eq!(confirm(stores, &confirmation(1, 7, None)).await, Change::Stale);
    propose(stores, 1, 7).await;
    propose(stores, 1, 8).await;
    let live =
        TotpChange { sealed_secret: original.enrolment.sealed_secret.clone(), ..confirmation(1, 7, None) };
    for change in [confirmation(1, 7, None), confirmation(1, 9, None), live] {
        assert_eq!(confirm(stores, &change).await, Change::Stale);
        assert_eq!(stored(stores, 1).await, has_proposed(original.clone(), 8));
    }
}

/// Sixty-four confirm it at one moment; afterwards none waits.
pub async fn of_racing_confirmations_one_wins(stores: &Stores) {
    insert(stores, &user(1).build()).await;
    propose(stores, 1, 7).await;
    let results = race(RACERS, |_| {
        let users = Arc::clone(&stores.users);
        async move { users.confirm_totp(&confirmation(1, 7, None)).await.unwrap() }
    })
    .await;
    assert_eq!(count_of(&results, |result| matches!(result, Change::Made { .. })), 1);
    assert_eq!(confirm(stores, &confirmation(1, 7, None)).await, Change::Stale);
    let found = stored(stores, 1).await;
    assert_eq!((found.version, found.enrolment.proposed), (Version::FIRST.next(), None));
}

/// Those of no one else; a confirmation that is stale ends none.
pub async fn a_new_authenticator_ends_the_other_sessions(stores: &Stores) {
    opened(stores, 1, &[1, 2, 3]).await;
    opened(stores, 2, &[4]).await;
    propose(stores, 1, 7).await;
    assert_eq!(confirm(stores, &confirmation(1, 8, Some(2))).await, Change::Stale);
    assert_eq!(revoked(stores).await, []);
    assert_eq!(ended(confirm(stores, &confirmation(1, 7, Some(2))).await), ids([1, 3]));
    assert_eq!(revoked(stores).await, [(1, UNTIL), (3, UNTIL)]);
    assert!(is_live(stores, 2).await);
    assert!(is_live(stores, 4).await);
}

async fn renew(stores: &Stores, seed: u64, codes: &[RecoveryCodeDigest]) -> bool {
    stores.users.replace_recovery_codes(user_id(seed), codes).await.unwrap()
}

async fn spend(stores: &Stores, seed: u64, code: u64) -> bool {
    stores.users.consume_recovery_code(user_id(seed), &recovery_code_digest(code), T0).await.unwrap()
}

/// Used or not; those of another account stay.
pub async fn new_recovery_codes_replace_the_old_ones(stores: &Stores) {
    for seed in [1, 2] {
        insert(stores, &user(seed).build()).await;
        assert!(renew(stores, seed, &[recovery_code_digest(1), recovery_code_digest(2)]).await);
    }
    assert!(spend(stores, 1, 1).await);
    assert!(renew(stores, 1, &[recovery_code_digest(3)]).await);
    assert_eq!(stored(stores, 1).await, user(1).build(), "nothing else changed");
    for code in [1, 2] {
        assert!(!spend(stores, 1, code).await, "{code}");
        assert!(spend(stores, 2, code).await, "{code}");
    }
    assert!(spend(stores, 1, 3).await);
    assert!(renew(stores, 1, &[recovery_code_digest(3)]).await, "even the same again");
    assert!(spend(stores, 1, 3).await);
}

/// A pending one gets its first set when it is confirmed.
pub async fn only_an_active_account_gets_new_recovery_codes(stores: &Stores) {
    insert(stores, &user(1).pending_until(seconds_after_t0(100)).build()).await;
    insert(stores, &user(2).status(Status::Disabled).build()).await;
    for seed in [1, 2, 3] {
        assert!(!renew(stores, seed, &[recovery_code_digest(1)]).await);
    }
    assert_eq!(consume(stores, 100).await, Consumption::Consumed { confirmed: true });
    assert!(!spend(stores, 1, 1).await);
}
