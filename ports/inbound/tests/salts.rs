//! Looking up salts: an unknown name is answered like a known one.

use crate::support::{DECOY_KEY, Ports, active_user, admission, enrolled, unanswered, users_with};
use epic_domain::Timestamp;
use epic_domain::decoy::DecoySalts;
use epic_domain::secret::Secret;
use epic_domain::user::{KdfParameters, Status, User};
use epic_inbound::Fault;
use epic_inbound::salts::PublicSalts;
use epic_outbound::clock::MockClock;
use epic_outbound::users::MockUsers;
use epic_tests::builders::{T0, seconds_after_t0};
use std::sync::Arc;

/// The salts for the name of seed 1 at `T0`, with the ports called as often as they are for every name.
async fn salts_with(found: Option<User>) -> PublicSalts {
    let mut clock = MockClock::new();
    clock.expect_now().times(1).return_const(T0);
    let ports = Ports { users: Arc::new(users_with(1, found)), clock: Arc::new(clock), ..Ports::untouched() };
    ports.look_up_salts().look_up(&admission(), &active_user(1).username).await.unwrap()
}

fn decoy() -> PublicSalts {
    let decoys = DecoySalts::new(Secret::new(DECOY_KEY));
    let (salts, kdf) = decoys.salts_for(&active_user(1).username);
    PublicSalts { salts, kdf }
}

fn pending_until(expires_at: Timestamp) -> User {
    enrolled(1).pending_until(expires_at).build()
}

#[tokio::test]
async fn a_name_nobody_has_gets_its_decoy() {
    assert_eq!(salts_with(None).await, decoy());
}

#[tokio::test]
async fn a_pending_account_past_its_expiry_gets_the_decoy_of_its_name() {
    assert_eq!(salts_with(Some(pending_until(T0))).await, decoy());
}

#[tokio::test]
async fn every_account_that_exists_gets_its_own_salts_and_parameters() {
    let kdf = KdfParameters::FLOOR;
    for status in [Status::Active, Status::Disabled, pending_until(seconds_after_t0(1)).status] {
        let user = enrolled(1).status(status).with(|user| user.credentials.kdf = kdf).build();
        let own = PublicSalts { salts: user.credentials.salts.clone(), kdf };
        assert_eq!(salts_with(Some(user)).await, own);
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_gives_no_decoy() {
    let mut users = MockUsers::new();
    users.expect_find_by_username().times(1).returning(|_| Err(unanswered()));
    let ports = Ports { users: Arc::new(users), ..Ports::untouched() };
    let answer = ports.look_up_salts().look_up(&admission(), &active_user(1).username).await;
    assert!(matches!(answer, Err(Fault::Unavailable(_))), "{answer:?}");
}
