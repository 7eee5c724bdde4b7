//! A wall clock that jumps: limits do not follow it, sessions and codes do so safely.

use crate::support::World;
use epic_domain::Timestamp;
use epic_domain::user::OtpStep;
use epic_inbound::sign_in::SignInError;
use epic_inbound::sign_out::SignOutScope;
use epic_outbound::clock::Clock;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn e09_a_jump_neither_frees_nor_locks_anyone() {
    for jump in [Timestamp::saturating_add, Timestamp::saturating_sub] {
        let world = World::limited();
        for _ in 0..5 {
            assert!(matches!(world.sign_in_unknown(1).await, Err(SignInError::Refused)));
        }
        let Err(SignInError::Limited(before)) = world.sign_in_unknown(1).await else { panic!("not denied") };
        world.clock.set_wall(jump(world.clock.now(), DAY));
        let Err(SignInError::Limited(after)) = world.sign_in_unknown(1).await else { panic!("not denied") };
        assert_eq!(before, after);
        world.clock.advance(after.retry_after);
        assert!(matches!(world.sign_in_unknown(1).await, Err(SignInError::Refused)));
    }
}

#[tokio::test]
async fn a_step_back_gives_no_spent_code_a_second_life() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let (code, spent_at) = (world.code(1), world.clock.now());
    assert!(world.sign_in(1, code.clone()).await.is_ok());
    world.clock.set_wall(spent_at.saturating_sub(Duration::from_secs(3_600)));
    assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
    world.clock.set_wall(spent_at);
    assert!(matches!(world.sign_in(1, code).await, Err(SignInError::Refused)));
    world.clock.set_wall(spent_at.saturating_add(Duration::from_secs(OtpStep::SECONDS)));
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_step_back_ends_no_session_and_lengthens_none() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let session = world.store.all_sessions()[0].clone();
    world.clock.set_wall(world.clock.now().saturating_sub(DAY));
    assert!(world.lets_in(&signed_in.tokens).await);
    let renewed = world.refresh(&signed_in.tokens).await.unwrap();
    assert!(world.lets_in(&renewed).await);
    let after = world.store.all_sessions()[0].clone();
    assert_eq!(after.ends_at, session.ends_at);
    assert_eq!(after.last_seen_at, session.last_seen_at);
}

#[tokio::test]
async fn a_step_back_brings_no_ended_session_back() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    world.clock.set_wall(world.clock.now().saturating_sub(DAY));
    world.ports().housekeeping().prune_memory();
    assert!(!world.lets_in(&signed_in.tokens).await);
}

#[tokio::test]
async fn a_step_forward_ends_what_would_have_ended_then() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    world.clock.set_wall(world.clock.now().saturating_add(DAY));
    assert!(!world.lets_in(&signed_in.tokens).await);
    let renewed = world.refresh(&signed_in.tokens).await.unwrap();
    assert!(world.lets_in(&renewed).await);
}

#[tokio::test]
async fn i07_the_last_instant_that_can_be_written_breaks_nothing() {
    let world = World::unlimited();
    world.clock.set_wall(Timestamp::MAX);
    assert!(world.register(1).await.is_ok());
    assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
    world.clock.set_wall(Timestamp::MIN);
    assert!(world.register(2).await.is_ok());
    assert!(world.sign_in(2, world.code(2)).await.is_ok());
}
