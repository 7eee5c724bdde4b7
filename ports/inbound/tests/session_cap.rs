//! The cap on sessions: one more ends the one that was not seen for the longest.

use crate::support::World;
use epic_domain::audit::EventKind;
use epic_domain::session::SessionPolicy;
use epic_inbound::refresh::RefreshError;
use epic_inbound::sign_in::SignedIn;
use std::sync::Arc;

/// A person of seed 1 with as many sessions as an account may have.
async fn at_the_cap(sessions_max: u32) -> (World, Vec<SignedIn>) {
    let mut world = World::unlimited();
    world.policy = SessionPolicy::DEFAULT.with_sessions_max(sessions_max).unwrap();
    let mut signed_in = vec![world.confirmed(1).await.0];
    for _ in 1..sessions_max {
        signed_in.push(world.signed_in(1).await);
    }
    (world, signed_in)
}

async fn alive(world: &World, sessions: &[SignedIn]) -> Vec<bool> {
    let mut alive = Vec::new();
    for signed_in in sessions {
        alive.push(world.lets_in(&signed_in.tokens).await);
    }
    alive
}

#[tokio::test]
async fn b10_one_more_ends_the_one_not_seen_for_the_longest_at_once_and_records_it() {
    let (world, sessions) = at_the_cap(3).await;
    assert_eq!(alive(&world, &sessions).await, [true, true, true]);
    // The first is seen again, so the second is the one not seen for the longest.
    world.ports().housekeeping().record_accesses().await.unwrap();
    world.next_step();
    assert!(world.lets_in(&sessions[0].tokens).await);
    world.ports().housekeeping().record_accesses().await.unwrap();
    let newest = world.signed_in(1).await;
    assert_eq!(alive(&world, &sessions).await, [true, false, true]);
    assert!(matches!(world.refresh(&sessions[1].tokens).await, Err(RefreshError::Refused)));
    assert!(world.lets_in(&newest.tokens).await);
    let events = world.audit.events();
    let [.., login, evicted] = events.as_slice() else { panic!("too few events: {events:?}") };
    assert_eq!((login.kind, login.session_id), (EventKind::Login, Some(newest.tokens.session_id)));
    assert_eq!(evicted.kind, EventKind::SessionEvicted);
    assert_eq!(evicted.session_id, Some(sessions[1].tokens.session_id));
    assert_eq!(evicted.user_id, Some(world.user(1).id));
}

#[tokio::test]
async fn b10_the_count_is_right_after_a_restart_and_what_was_ended_stays_out() {
    let (mut world, sessions) = at_the_cap(2).await;
    world.signed_in(1).await;
    world.revocations = Arc::default();
    world.ports().housekeeping().take_up().await.unwrap();
    assert_eq!(alive(&world, &sessions).await, [false, true]);
    world.signed_in(1).await;
    assert_eq!(alive(&world, &sessions).await, [false, false]);
    assert_eq!(world.store.all_sessions().len(), 2);
}

#[tokio::test]
async fn a_lower_cap_ends_as_many_as_it_takes_at_the_next_sign_in() {
    let (mut world, sessions) = at_the_cap(4).await;
    world.policy = SessionPolicy::DEFAULT.with_sessions_max(2).unwrap();
    world.signed_in(1).await;
    assert_eq!(alive(&world, &sessions).await, [false, false, false, true]);
    let evicted = world.kinds().iter().filter(|kind| **kind == EventKind::SessionEvicted).count();
    assert_eq!(evicted, 3);
}

#[tokio::test]
async fn the_sessions_of_others_do_not_count() {
    let (world, sessions) = at_the_cap(1).await;
    let (other, _) = world.confirmed(2).await;
    assert_eq!(alive(&world, &sessions).await, [true]);
    assert!(world.lets_in(&other.tokens).await);
    assert!(!world.kinds().contains(&EventKind::SessionEvicted));
}
