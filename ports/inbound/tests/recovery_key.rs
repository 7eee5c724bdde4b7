//! Setting the recovery key up: hashed, stored against a version, recorded.

use crate::support::{Ports, World, auth_key, elsewhere, full, recovery_seed};
use epic_domain::audit::EventKind;
use epic_domain::user::{RecoveryKey, Version};
use epic_inbound::Fault;
use epic_inbound::change_credentials::ChangeError;
use epic_inbound::fresh::Fresh;
use epic_outbound::audit::MockAudit;
use epic_outbound::clock::Clock;
use epic_outbound::hasher::MockHasher;
use epic_outbound::users::{MockUsers, Replacement};
use epic_tests::builders::{auth_key_hash, wrapped_key};
use mockall::Sequence;
use std::sync::Arc;

/// A store that answers so when it is asked to keep the key of seed 5 against version 7, after the hash is made.
fn asked(order: &mut Sequence, fresh: &Fresh, world: &World, answer: Replacement) -> Ports {
    let (user_id, now) = (fresh.caller().user().id, world.clock.now());
    let mut hasher = MockHasher::new();
    hasher
        .expect_hash()
        .withf(|key| *key == auth_key(5))
        .times(1)
        .in_sequence(order)
        .returning(|_| Ok(auth_key_hash(5)));
    let mut users = MockUsers::new();
    users
        .expect_set_recovery_key()
        .withf(move |id, expected, key, at| {
            let kept = RecoveryKey { auth_key_hash: auth_key_hash(5), encrypted_mek: wrapped_key(5) };
            *id == user_id && *expected == Version::from_number(7) && *key == kept && *at == now
        })
        .times(1)
        .in_sequence(order)
        .returning(move |_, _, _, _| Ok(answer));
    Ports {
        hasher: Arc::new(hasher),
        users: Arc::new(users),
        clock: Arc::clone(&world.clock) as _,
        ..Ports::untouched()
    }
}

async fn set_on(ports: Ports, fresh: &Fresh) -> Result<(), ChangeError> {
    let version = Version::from_number(7);
    ports.set_recovery_key().set(fresh, version, &auth_key(5), wrapped_key(5), elsewhere()).await
}

#[tokio::test]
async fn the_key_is_hashed_then_stored_then_recorded() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let (user_id, session_id) = (fresh.caller().user().id, fresh.caller().claims().session_id);
    for answer in [Ok(()), Err(())] {
        let mut order = Sequence::new();
        let ports = asked(&mut order, &fresh, &world, Replacement::Replaced);
        let mut audit = MockAudit::new();
        audit
            .expect_append()
            .withf(move |events| {
                events.len() == 1
                    && events[0].kind == EventKind::RecoveryKeySet
                    && (events[0].user_id, events[0].session_id) == (Some(user_id), Some(session_id))
                    && events[0].origin == Some(elsewhere())
            })
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_| answer.map_err(|()| full()));
        let set = set_on(Ports { audit: Arc::new(audit), ..ports }, &fresh).await;
        match answer {
            Ok(()) => assert!(set.is_ok(), "{set:?}"),
            Err(()) => assert!(matches!(set, Err(ChangeError::Fault(Fault::Full(_)))), "{set:?}"),
        }
    }
}

#[tokio::test]
async fn a_key_set_against_another_version_is_not_recorded() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let ports = asked(&mut Sequence::new(), &fresh, &world, Replacement::Stale);
    assert!(matches!(set_on(ports, &fresh).await, Err(ChangeError::Stale)));
}

#[tokio::test]
async fn setting_it_moves_the_version_on_and_ends_no_session() {
    let world = World::unlimited();
    let (here, _) = world.confirmed_with_recovery_key(1).await;
    let user = world.user(1);
    assert_eq!(user.version, Version::FIRST.next());
    assert_eq!(user.recovery_key.unwrap().encrypted_mek, wrapped_key(recovery_seed(1)));
    assert!(world.lets_in(&here.tokens).await);
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}
