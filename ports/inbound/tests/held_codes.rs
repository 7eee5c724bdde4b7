//! Guessing: what wrong codes cost, and the way back after too many of them.

use crate::support::World;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::rate_limit::{Action, Quotas};
use epic_domain::user::{Enrolment, RecoveryCode, SecondFactor};
use epic_inbound::sign_in::SignInError;
use std::time::Duration;

async fn guess_wrong(world: &World, times: u32) {
    for _ in 0..times {
        assert!(matches!(world.sign_in(1, world.wrong_code(1)).await, Err(SignInError::Refused)));
    }
}

fn last_reason(world: &World) -> Option<FailureReason> {
    world.audit.events().last().and_then(|event| event.reason)
}

#[tokio::test]
async fn c15_after_a_hundred_failures_in_a_row_a_right_code_is_refused_for_good() {
    let world = World::unlimited();
    world.confirmed(1).await;
    guess_wrong(&world, Enrolment::FAILURES_MAX).await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(24 * 3_600));
        assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
        assert_eq!(last_reason(&world), Some(FailureReason::CodesHeld));
    }
}

#[tokio::test]
async fn c15_after_ninety_nine_a_right_code_passes_and_clears_the_count() {
    let world = World::unlimited();
    world.confirmed(1).await;
    for _ in 0..2 {
        guess_wrong(&world, Enrolment::FAILURES_MAX - 1).await;
        world.signed_in(1).await;
        assert_eq!(world.user(1).enrolment.consecutive_failures, 0);
    }
}

#[tokio::test]
async fn c16_a_recovery_code_with_the_right_key_gives_codes_their_force_back() {
    let world = World::unlimited();
    let (_, recovery_codes) = world.confirmed(1).await;
    guess_wrong(&world, Enrolment::FAILURES_MAX).await;
    let recovered = world.sign_in(1, SecondFactor::Recovery(recovery_codes[4].clone())).await;
    assert!(recovered.is_ok(), "{recovered:?}");
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn wrong_recovery_codes_never_lead_to_the_hold() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let nobodys = SecondFactor::Recovery(RecoveryCode::from_randomness(&[9; 12]));
    for _ in 0..=Enrolment::FAILURES_MAX {
        assert!(matches!(world.sign_in(1, nobodys.clone()).await, Err(SignInError::Refused)));
        assert_eq!(last_reason(&world), Some(FailureReason::WrongCode));
    }
    assert_eq!(world.user(1).enrolment.consecutive_failures, 0);
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_wrong_key_never_leads_to_the_hold() {
    let world = World::unlimited();
    world.confirmed(1).await;
    for _ in 0..=Enrolment::FAILURES_MAX {
        assert!(world.sign_in_with_key_of(2, 1).await.is_err());
    }
    assert_eq!(world.user(1).enrolment.consecutive_failures, 0);
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn after_three_failed_guesses_a_right_code_waits_and_then_passes() {
    let quotas = Quotas::DEFAULT.with(Action::Login, None);
    let world = World::with_quotas(quotas);
    world.confirmed(1).await;
    guess_wrong(&world, 3).await;
    assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
    assert_eq!(last_reason(&world), Some(FailureReason::CodesHeld));
    assert_eq!(world.user(1).enrolment.consecutive_failures, 3, "a guess not looked at is no failure");
    world.clock.advance(Duration::from_secs(300));
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn right_codes_use_no_guesses_up() {
    let quotas = Quotas::DEFAULT.with(Action::Login, None);
    let world = World::with_quotas(quotas);
    world.confirmed(1).await;
    guess_wrong(&world, 2).await;
    for _ in 0..5 {
        world.signed_in(1).await;
    }
    guess_wrong(&world, 1).await;
    assert_eq!(world.kinds().iter().filter(|kind| **kind == EventKind::Login).count(), 6);
}
