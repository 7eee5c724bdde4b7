//! Renewing the recovery codes: ten new ones, and the old are of no use.

use crate::support::{Ports, World, full, origin};
use epic_domain::audit::EventKind;
use epic_domain::user::{RecoveryCode, SecondFactor};
use epic_inbound::Fault;
use epic_inbound::recovery_codes::RenewCodesError;
use epic_inbound::sign_in::SignInError;
use epic_outbound::audit::MockAudit;
use epic_outbound::users::MockUsers;
use epic_tests::fakes::Fault::BeforeWrite;
use std::collections::HashSet;
use std::sync::Arc;

fn factor(code: &RecoveryCode) -> SecondFactor {
    SecondFactor::Recovery(code.clone())
}

#[tokio::test]
async fn the_old_codes_are_dead_and_each_new_one_works_once() {
    let world = World::unlimited();
    let (here, old) = world.confirmed(1).await;
    let fresh = world.fresh(&here.tokens).await;
    let new = world.renewed_codes(&fresh).await;
    assert_eq!(new.len(), RecoveryCode::PER_SET);
    let distinct: HashSet<_> = old.iter().chain(&new).map(|code| code.expose().to_vec()).collect();
    assert_eq!(distinct.len(), 2 * RecoveryCode::PER_SET);
    for code in &old {
        assert!(matches!(world.sign_in(1, factor(code)).await, Err(SignInError::Refused)));
    }
    for code in &new {
        assert!(world.sign_in(1, factor(code)).await.is_ok());
        assert!(world.sign_in(1, factor(code)).await.is_err());
    }
}

#[tokio::test]
async fn the_renewal_is_recorded_and_ends_no_session() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let fresh = world.fresh(&here.tokens).await;
    world.renewed_codes(&fresh).await;
    let event = world.audit.events().pop().unwrap();
    assert_eq!(event.kind, EventKind::RecoveryCodesRenewed);
    assert_eq!((event.user_id, event.session_id), (Some(world.user(1).id), Some(here.tokens.session_id)));
    assert_eq!(event.origin, Some(origin()));
    assert!(world.lets_in(&here.tokens).await && world.lets_in(&there.tokens).await);
}

#[tokio::test]
async fn an_account_that_is_not_active_any_more_gets_none_and_nothing_is_recorded() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let mut users = MockUsers::new();
    users.expect_replace_recovery_codes().times(1).returning(|_, _| Ok(false));
    let ports = Ports { users: Arc::new(users), audit: Arc::new(MockAudit::new()), ..world.ports() };
    let refused = ports.renew_recovery_codes().renew(&fresh, origin()).await;
    assert!(matches!(refused, Err(RenewCodesError::NotAllowed)), "{refused:?}");
}

#[tokio::test]
async fn without_store_or_randomness_the_old_codes_stay() {
    let world = World::unlimited();
    let (here, old) = world.confirmed(1).await;
    let fresh = world.fresh(&here.tokens).await;
    world.store.faults().fail_next(BeforeWrite);
    let unstored = world.ports().renew_recovery_codes().renew(&fresh, origin()).await;
    assert!(matches!(unstored, Err(RenewCodesError::Fault(_))));
    world.entropy.set_failing(true);
    let unmade = world.ports().renew_recovery_codes().renew(&fresh, origin()).await;
    assert!(matches!(unmade, Err(RenewCodesError::Fault(_))));
    world.entropy.set_failing(false);
    assert!(world.sign_in(1, factor(&old[0])).await.is_ok());
}

#[tokio::test]
async fn h04_codes_that_cannot_be_recorded_are_not_shown() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(full()));
    let ports = Ports { audit: Arc::new(audit), ..world.ports() };
    let unrecorded = ports.renew_recovery_codes().renew(&fresh, origin()).await;
    assert!(matches!(unrecorded, Err(RenewCodesError::Fault(Fault::Full(_)))), "{unrecorded:?}");
}
