//! Changing the password: hashed, stored, announced, recorded, in this order; and nobody stays in by the old one.

use crate::support::{
    Ports, World, announcing, auth_key, elsewhere, full, new_credentials, origin, unanswered,
};
use epic_domain::audit::EventKind;
use epic_domain::id::SessionId;
use epic_domain::session::SessionPolicy;
use epic_domain::user::Version;
use epic_inbound::Fault;
use epic_inbound::change_credentials::ChangeError;
use epic_inbound::fresh::Fresh;
use epic_inbound::refresh::RefreshError;
use epic_inbound::sign_in::SignInError;
use epic_outbound::audit::MockAudit;
use epic_outbound::clock::Clock;
use epic_outbound::hasher::{HasherError, MockHasher};
use epic_outbound::revocations::MockRevocations;
use epic_outbound::users::{Change, Ending, MockUsers};
use epic_tests::builders::{self, auth_key_hash};
use epic_tests::fakes::FakeRevocations;
use epic_tests::fakes::Fault::{AfterWrite, BeforeWrite};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

fn hashing(order: &mut Sequence) -> MockHasher {
    let mut hasher = MockHasher::new();
    hasher
        .expect_hash()
        .withf(|key| *key == auth_key(9))
        .times(1)
        .in_sequence(order)
        .returning(|_| Ok(auth_key_hash(9)));
    hasher
}

/// Accounts that are changed once, exactly as asked, at the time of the world's clock.
fn changing(order: &mut Sequence, fresh: &Fresh, world: &World, change: Change) -> MockUsers {
    let caller = fresh.caller();
    let (user_id, session_id, now) = (caller.user().id, caller.claims().session_id, world.clock.now());
    let new = new_credentials(9);
    let mut users = MockUsers::new();
    users
        .expect_change_credentials()
        .withf(move |asked| {
            let ending = Ending {
                keep: Some(session_id),
                revoked_until: SessionPolicy::DEFAULT.revoked_until(now),
                now,
            };
            asked.user_id == user_id
                && asked.expected == Version::from_number(7)
                && asked.credentials.salts == new.salts
                && asked.credentials.kdf == new.kdf
                && asked.credentials.auth_key_hash == auth_key_hash(9)
                && asked.encrypted_mek == new.encrypted_mek
                && asked.encrypted_private_key == new.encrypted_private_key
                && asked.ending == ending
        })
        .times(1)
        .in_sequence(order)
        .returning(move |_| Ok(change.clone()));
    users
}

fn ended() -> [SessionId; 2] {
    [builders::session_id(5), builders::session_id(6)]
}

async fn change_on(ports: Ports, fresh: &Fresh) -> Result<(), ChangeError> {
    let change = ports.change_credentials();
    change.change(fresh, Version::from_number(7), new_credentials(9), elsewhere()).await
}

#[tokio::test]
async fn the_key_is_hashed_the_change_stored_then_announced_then_recorded() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let (user_id, session_id) = (fresh.caller().user().id, fresh.caller().claims().session_id);
    let mut order = Sequence::new();
    let hasher = hashing(&mut order);
    let users = changing(&mut order, &fresh, &world, Change::Made { ended: ended().to_vec() });
    let revocations = announcing(&mut order, &ended(), world.clock.now());
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(move |events| {
            events.len() == 1
                && events[0].kind == EventKind::CredentialsChanged
                && (events[0].user_id, events[0].session_id) == (Some(user_id), Some(session_id))
                && events[0].origin == Some(elsewhere())
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let ports = Ports {
        hasher: Arc::new(hasher),
        users: Arc::new(users),
        revocations: Arc::new(revocations),
        audit: Arc::new(audit),
        clock: Arc::clone(&world.clock) as _,
        ..Ports::untouched()
    };
    change_on(ports, &fresh).await.unwrap();
}

#[tokio::test]
async fn a_stale_change_is_neither_announced_nor_recorded() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let mut order = Sequence::new();
    let ports = Ports {
        hasher: Arc::new(hashing(&mut order)),
        users: Arc::new(changing(&mut order, &fresh, &world, Change::Stale)),
        clock: Arc::clone(&world.clock) as _,
        ..Ports::untouched()
    };
    assert!(matches!(change_on(ports, &fresh).await, Err(ChangeError::Stale)));
}

#[tokio::test]
async fn what_was_not_hashed_or_stored_is_neither_announced_nor_recorded() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let mut hasher = MockHasher::new();
    let retry_after = Duration::from_secs(2);
    hasher.expect_hash().times(1).returning(move |_| Err(HasherError::Overloaded { retry_after }));
    let ports = Ports { hasher: Arc::new(hasher), ..Ports::untouched() };
    assert!(matches!(
        change_on(ports, &fresh).await,
        Err(ChangeError::Fault(Fault::Overloaded { retry_after: given })) if given == retry_after
    ));

    let mut users = MockUsers::new();
    users.expect_change_credentials().times(1).returning(|_| Err(full()));
    let hasher = hashing(&mut Sequence::new());
    let ports = Ports { hasher: Arc::new(hasher), users: Arc::new(users), ..Ports::untouched() };
    assert!(matches!(change_on(ports, &fresh).await, Err(ChangeError::Fault(Fault::Full(_)))));
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_announced_all_the_same() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let mut order = Sequence::new();
    let hasher = hashing(&mut order);
    let users = changing(&mut order, &fresh, &world, Change::Made { ended: ended().to_vec() });
    let revocations: MockRevocations = announcing(&mut order, &ended(), world.clock.now());
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).in_sequence(&mut order).returning(|_| Err(unanswered()));
    let ports = Ports {
        hasher: Arc::new(hasher),
        users: Arc::new(users),
        revocations: Arc::new(revocations),
        audit: Arc::new(audit),
        clock: Arc::clone(&world.clock) as _,
        ..Ports::untouched()
    };
    assert!(matches!(change_on(ports, &fresh).await, Err(ChangeError::Fault(Fault::Unavailable(_)))));
}

#[tokio::test]
async fn b06_other_sessions_are_out_at_once_and_the_one_that_made_the_change_stays() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let (someone_else, _) = world.confirmed(2).await;
    let fresh = world.fresh(&here.tokens).await;
    world.change_credentials(&fresh, Version::FIRST, 9).await.unwrap();
    assert!(!world.lets_in(&there.tokens).await);
    assert!(matches!(world.refresh(&there.tokens).await, Err(RefreshError::Refused)));
    assert!(world.lets_in(&here.tokens).await && world.lets_in(&someone_else.tokens).await);
    assert!(world.refresh(&here.tokens).await.is_ok());
}

#[tokio::test]
async fn b06_a_restart_brings_no_ended_session_back() {
    let mut world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let fresh = world.fresh(&here.tokens).await;
    world.change_credentials(&fresh, Version::FIRST, 9).await.unwrap();
    world.revocations = Arc::new(FakeRevocations::default());
    world.ports().housekeeping().take_up().await.unwrap();
    assert!(!world.lets_in(&there.tokens).await && world.lets_in(&here.tokens).await);
}

#[tokio::test]
async fn the_new_key_opens_the_old_one_does_not_and_both_see_the_new_salts_and_wrapped_keys() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    world.change_credentials(&fresh, Version::FIRST, 9).await.unwrap();
    assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
    let signed_in = world.signed_in_with_key_of(9, 1).await;
    let new = new_credentials(9);
    assert_eq!(signed_in.encrypted_mek, new.encrypted_mek);
    assert_eq!(signed_in.encrypted_private_key, new.encrypted_private_key);
    let look_up = world.ports().look_up_salts();
    let found = look_up.look_up(&crate::support::admission(), &world.user(1).username).await.unwrap();
    assert_eq!((found.salts, found.kdf), (new.salts, new.kdf));
}

#[tokio::test]
async fn a_change_against_another_version_changes_nothing() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let fresh = world.fresh(&here.tokens).await;
    let before = world.user(1);
    let stale = world.change_credentials(&fresh, Version::FIRST.next(), 9).await;
    assert!(matches!(stale, Err(ChangeError::Stale)), "{stale:?}");
    assert_eq!(world.user(1), before);
    assert!(world.lets_in(&there.tokens).await);
}

#[tokio::test]
async fn of_two_changes_against_one_version_the_second_is_stale() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    world.change_credentials(&fresh, Version::FIRST, 8).await.unwrap();
    assert!(matches!(world.change_credentials(&fresh, Version::FIRST, 9).await, Err(ChangeError::Stale)));
    world.change_credentials(&fresh, Version::FIRST.next(), 9).await.unwrap();
    assert!(world.sign_in_with_key_of(8, 1).await.is_err());
    world.next_step();
    assert!(world.sign_in_with_key_of(9, 1).await.is_ok());
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_shows_itself_at_the_retry_and_ends_sessions_within_a_round() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let fresh = world.fresh(&here.tokens).await;
    world.store.faults().fail_next(BeforeWrite);
    assert!(matches!(world.change_credentials(&fresh, Version::FIRST, 9).await, Err(ChangeError::Fault(_))));
    world.store.faults().fail_next(AfterWrite);
    assert!(matches!(world.change_credentials(&fresh, Version::FIRST, 9).await, Err(ChangeError::Fault(_))));
    assert!(matches!(world.change_credentials(&fresh, Version::FIRST, 9).await, Err(ChangeError::Stale)));
    world.ports().housekeeping().catch_up().await.unwrap();
    assert!(!world.lets_in(&there.tokens).await && world.lets_in(&here.tokens).await);
    assert!(world.sign_in_with_key_of(9, 1).await.is_ok());
    assert_eq!(origin(), world.audit.events().pop().unwrap().origin.unwrap());
}
