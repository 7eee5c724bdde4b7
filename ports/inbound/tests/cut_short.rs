//! Faults in the middle: whichever call of the store fails, before its write or after, a retry mends it.

use crate::support::{Ports, World, origin, unanswered};
use epic_domain::audit::EventKind;
use epic_domain::user::{SecondFactor, Status};
use epic_inbound::refresh::RefreshError;
use epic_inbound::register::RegisterError;
use epic_inbound::sign_in::SignInError;
use epic_inbound::sign_out::SignOutScope;
use epic_outbound::audit::MockAudit;
use epic_outbound::sealer::Sealer;
use epic_tests::fakes::Fault::{self, AfterWrite, BeforeWrite};
use std::sync::Arc;

const FAULTS: [Fault; 2] = [BeforeWrite, AfterWrite];

#[tokio::test]
async fn a_registration_cut_short_can_be_made_again() {
    for fault in FAULTS {
        for passing in 0..2 {
            let world = World::unlimited();
            world.store.faults().fail_after(passing, fault);
            assert!(matches!(world.register(1).await, Err(RegisterError::Fault(_))));
            world.register(1).await.unwrap();
            assert!(world.sign_in(1, world.code(1)).await.unwrap().recovery_codes.is_some());
        }
    }
}

/// Whatever has happened, the person of seed 1 can register again or is told that the name is taken, and in both cases
/// signs in and has ten recovery codes in the end.
async fn d14_ends_well(world: &World, what: &str) {
    for user in world.store.all_users() {
        let secret = world.sealer.open_totp(user.id, &user.enrolment.sealed_secret);
        assert!(secret.is_ok(), "an account without a second factor after {what}");
    }
    let retry = world.register(1).await;
    assert!(matches!(retry, Ok(_) | Err(RegisterError::NameTaken)), "{what}: {retry:?}");
    assert_eq!(retry.is_ok(), world.user(1).status != Status::Active, "{what}");
    world.next_step();
    let signed_in = world.sign_in(1, world.code(1)).await.unwrap();
    let fresh = world.fresh(&signed_in.tokens).await;
    let codes = world.renewed_codes(&fresh).await;
    assert!(world.sign_in(1, SecondFactor::Recovery(codes[9].clone())).await.is_ok(), "{what}");
    assert_eq!(world.store.all_users().len(), 1, "{what}");
}

#[tokio::test]
async fn d14_a_registration_that_fails_at_any_step_is_mended_by_making_it_again() {
    for fault in FAULTS {
        for passing in 0..2 {
            let world = World::unlimited();
            world.store.faults().fail_after(passing, fault);
            assert!(matches!(world.register(1).await, Err(RegisterError::Fault(_))));
            d14_ends_well(&world, &format!("{fault:?} at step {passing} of the store")).await;
        }
        let world = World::unlimited();
        world.audit.faults().fail_next(fault);
        assert!(matches!(world.register(1).await, Err(RegisterError::Fault(_))));
        d14_ends_well(&world, &format!("{fault:?} of the log")).await;
    }
}

#[tokio::test]
async fn d14_a_first_login_that_fails_at_any_step_is_mended_by_the_next() {
    for fault in FAULTS {
        for passing in 0..3 {
            let world = World::unlimited();
            world.register(1).await.unwrap();
            world.store.faults().fail_after(passing, fault);
            assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Fault(_))));
            d14_ends_well(&world, &format!("{fault:?} at step {passing} of the store")).await;
        }
        let world = World::unlimited();
        world.register(1).await.unwrap();
        world.audit.faults().fail_next(fault);
        assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Fault(_))));
        d14_ends_well(&world, &format!("{fault:?} of the log")).await;
    }
}

#[tokio::test]
async fn a_registration_that_could_not_be_recorded_can_be_made_again() {
    for fault in FAULTS {
        let world = World::unlimited();
        world.audit.faults().fail_next(fault);
        assert!(matches!(world.register(1).await, Err(RegisterError::Fault(_))));
        world.register(1).await.unwrap();
        assert_eq!(world.kinds().last(), Some(&EventKind::RegistrationRenewed));
        assert!(world.sign_in(1, world.code(1)).await.is_ok());
    }
}

#[tokio::test]
async fn a_login_cut_short_can_be_made_again_with_the_next_code_at_the_latest() {
    for fault in FAULTS {
        for passing in 0..3 {
            let world = World::unlimited();
            world.confirmed(1).await;
            world.store.faults().fail_after(passing, fault);
            assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Fault(_))));
            world.next_step();
            let signed_in = world.sign_in(1, world.code(1)).await.unwrap();
            assert!(world.lets_in(&signed_in.tokens).await);
        }
    }
}

#[tokio::test]
async fn a_login_that_failed_before_the_code_was_spent_can_be_made_again_with_it() {
    let world = World::unlimited();
    world.confirmed(1).await;
    for passing in 0..2 {
        world.store.faults().fail_after(passing, BeforeWrite);
        assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Fault(_))));
    }
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn i17_a_login_without_randomness_can_be_made_again_with_the_same_factor() {
    let world = World::unlimited();
    let (_, recovery_codes) = world.confirmed(1).await;
    for factor in [world.code(1), SecondFactor::Recovery(recovery_codes[0].clone())] {
        world.entropy.set_failing(true);
        assert!(matches!(world.sign_in(1, factor.clone()).await, Err(SignInError::Fault(_))));
        world.entropy.set_failing(false);
        assert!(world.sign_in(1, factor).await.is_ok());
    }
}

#[tokio::test]
async fn h04_a_login_that_cannot_be_recorded_hands_out_nothing_and_works_once_it_can() {
    let world = World::unlimited();
    world.confirmed(1).await;
    world.audit.faults().fail_always(BeforeWrite);
    for _ in 0..3 {
        assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Fault(_))));
        world.next_step();
    }
    world.audit.faults().recover();
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_first_login_cut_short_leaves_an_account_that_can_sign_in() {
    for fault in FAULTS {
        for passing in 0..3 {
            let world = World::unlimited();
            world.register(1).await.unwrap();
            world.store.faults().fail_after(passing, fault);
            assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Fault(_))));
            world.next_step();
            assert!(world.sign_in(1, world.code(1)).await.is_ok());
            assert_eq!(world.user(1).status, Status::Active);
        }
    }
}

#[tokio::test]
async fn a_refresh_cut_short_can_be_made_again_with_the_same_token() {
    for fault in FAULTS {
        for passing in 0..2 {
            let world = World::unlimited();
            let (signed_in, _) = world.confirmed(1).await;
            world.store.faults().fail_after(passing, fault);
            assert!(matches!(world.refresh(&signed_in.tokens).await, Err(RefreshError::Fault(_))));
            let renewed = world.refresh(&signed_in.tokens).await.unwrap();
            assert!(world.lets_in(&renewed).await);
            assert!(world.refresh(&renewed).await.is_ok());
        }
    }
}

#[tokio::test]
async fn a_sign_out_cut_short_is_finished_by_a_retry() {
    for (scope, calls) in [(SignOutScope::Session, 1), (SignOutScope::Others, 2), (SignOutScope::All, 2)] {
        for (fault, passing) in FAULTS.into_iter().flat_map(|fault| (0..calls).map(move |n| (fault, n))) {
            let world = World::unlimited();
            let (here, _) = world.confirmed(1).await;
            let there = world.signed_in(1).await;
            let caller = world.authenticate(&here.tokens).await.unwrap();
            world.store.faults().fail_after(passing, fault);
            assert!(world.sign_out(&caller, scope).await.is_err());
            world.sign_out(&caller, scope).await.unwrap();
            let lets_in = (world.lets_in(&here.tokens).await, world.lets_in(&there.tokens).await);
            let expected = match scope {
                SignOutScope::Session => (false, true),
                SignOutScope::Others => (true, false),
                SignOutScope::All => (false, false),
            };
            assert_eq!(lets_in, expected, "{scope:?} {fault:?} after {passing}");
        }
    }
}

#[tokio::test]
async fn a_reuse_whose_answer_was_lost_is_announced_by_the_next_refresh() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let renewed = world.refresh(&signed_in.tokens).await.unwrap();
    world.next_step();
    world.store.faults().fail_after(1, AfterWrite);
    assert!(matches!(world.refresh(&signed_in.tokens).await, Err(RefreshError::Fault(_))));
    assert!(world.store.all_sessions().is_empty());
    assert!(matches!(world.refresh(&renewed).await, Err(RefreshError::Refused)));
    assert!(!world.lets_in(&renewed).await);
}

#[tokio::test]
async fn a_sign_out_that_could_not_be_recorded_is_a_sign_out_all_the_same() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(unanswered()));
    let ports = Ports { audit: Arc::new(audit), ..world.ports() };
    assert!(ports.sign_out().sign_out(&caller, SignOutScope::Session, origin()).await.is_err());
    assert!(!world.lets_in(&signed_in.tokens).await);
}
