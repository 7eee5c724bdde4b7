//! Replacing the authenticator: the new secret takes over once a code of it has been seen, and the old one is dead then.

use crate::support::{Ports, World, announcing, elsewhere, full, origin};
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::rate_limit::{Action, Quotas};
use epic_domain::user::{OtpCode, OtpStep, ProposedTotp, SecondFactor};
use epic_inbound::Fault;
use epic_inbound::refresh::RefreshError;
use epic_inbound::replace_totp::ReplaceTotpError;
use epic_inbound::sign_in::SignInError;
use epic_outbound::audit::MockAudit;
use epic_outbound::clock::Clock;
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_outbound::users::{Change, Ending, MockUsers};
use epic_tests::builders;
use epic_tests::fakes::Fault::BeforeWrite;
use epic_tests::fakes::{FakeOtp, FakeSealer};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

/// A person of seed 1 on a server that limits codes alone, who has asked for a new authenticator.
async fn proposed() -> (World, epic_inbound::sign_in::SignedIn) {
    let world = World::with_quotas(Quotas::DEFAULT.with(Action::Login, None));
    let (here, _) = world.confirmed(1).await;
    let fresh = world.fresh(&here.tokens).await;
    world.propose_totp(&fresh).await.unwrap();
    (world, here)
}

fn code(factor: SecondFactor) -> OtpCode {
    match factor {
        SecondFactor::Code(code) => code,
        SecondFactor::Recovery(_) => panic!("no code"),
    }
}

fn last_event(world: &World) -> (EventKind, Option<FailureReason>) {
    world.audit.events().last().map(|event| (event.kind, event.reason)).unwrap()
}

#[tokio::test]
async fn the_uri_shown_is_that_of_the_secret_proposed_and_the_old_one_stays_live() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let before = world.user(1);
    let uri = world.ports().replace_totp().propose(&fresh, origin()).await.unwrap();
    let after = world.user(1);
    let proposed = after.enrolment.proposed.clone().unwrap();
    let secret = FakeSealer::default().open_totp(after.id, &proposed.sealed_secret).unwrap();
    let expected = FakeOtp::default().enrolment_uri(&secret, &after.username).unwrap();
    assert_eq!(uri.expose(), expected.expose());
    assert_eq!(proposed.proposed_at, world.clock.now());
    assert_eq!(after.enrolment.sealed_secret, before.enrolment.sealed_secret);
    assert_eq!(after.version, before.version, "nothing has changed yet");
    assert_eq!(last_event(&world), (EventKind::TotpProposed, None));
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn b06_a_code_of_the_new_secret_kills_the_old_one_and_ends_the_other_sessions_at_once() {
    let (world, here) = proposed().await;
    let there = world.signed_in(1).await;
    let old_code = world.code(1);
    let fresh = world.fresh(&here.tokens).await;
    let new_code = world.proposed_code(1);
    world.confirm_totp(&fresh, &new_code).await.unwrap();
    assert_eq!(last_event(&world), (EventKind::TotpChanged, None));
    assert!(!world.lets_in(&there.tokens).await && world.lets_in(&here.tokens).await);
    assert!(matches!(world.refresh(&there.tokens).await, Err(RefreshError::Refused)));
    assert_eq!(world.user(1).enrolment.proposed, None);

    assert!(matches!(world.sign_in(1, old_code).await, Err(SignInError::Refused)));
    assert_eq!(last_event(&world), (EventKind::LoginFailed, Some(FailureReason::WrongCode)));
    let replay = world.sign_in(1, SecondFactor::Code(new_code)).await;
    assert!(matches!(replay, Err(SignInError::Refused)), "the code that confirmed is spent");
    assert_eq!(last_event(&world), (EventKind::OtpReplay, Some(FailureReason::SpentCode)));
    world.next_step();
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_proposal_can_be_confirmed_for_fifteen_minutes_and_not_a_millisecond_longer() {
    let (world, here) = proposed().await;
    let fresh = world.fresh(&here.tokens).await;
    let asked_at = world.clock.now();
    let closes_at = asked_at.saturating_add(Duration::from_secs(15 * 60));
    world.clock.set_wall(closes_at);
    let late = world.confirm_totp(&fresh, &world.proposed_code(1)).await;
    assert!(matches!(late, Err(ReplaceTotpError::Refused)), "{late:?}");
    world.clock.set_wall(closes_at.saturating_sub(Duration::from_millis(1)));
    world.confirm_totp(&fresh, &world.proposed_code(1)).await.unwrap();
}

#[tokio::test]
async fn a_code_of_the_live_secret_confirms_nothing_and_is_no_failure_of_it() {
    let (world, here) = proposed().await;
    let fresh = world.fresh(&here.tokens).await;
    let live = world.user(1).enrolment.sealed_secret;
    let refused = world.confirm_totp(&fresh, &code(world.code(1))).await;
    assert!(matches!(refused, Err(ReplaceTotpError::Refused)), "{refused:?}");
    assert_eq!(last_event(&world), (EventKind::StepUpFailed, Some(FailureReason::WrongCode)));
    let enrolment = world.user(1).enrolment;
    assert_eq!((enrolment.sealed_secret, enrolment.consecutive_failures), (live, 0));
    assert!(enrolment.proposed.is_some(), "another attempt may follow");
}

#[tokio::test]
async fn after_three_wrong_codes_the_right_one_is_limited_and_waits() {
    let (world, here) = proposed().await;
    let fresh = world.fresh(&here.tokens).await;
    let wrong = code(world.wrong_code(1));
    for _ in 0..3 {
        assert!(matches!(world.confirm_totp(&fresh, &wrong).await, Err(ReplaceTotpError::Refused)));
    }
    let limited = world.confirm_totp(&fresh, &world.proposed_code(1)).await;
    let Err(ReplaceTotpError::Limited(denial)) = limited else { panic!("not limited: {limited:?}") };
    assert_eq!(denial.action, Action::Totp);
    world.clock.advance(denial.retry_after);
    world.confirm_totp(&fresh, &world.proposed_code(1)).await.unwrap();
}

#[tokio::test]
async fn without_a_proposal_there_is_nothing_to_confirm_and_no_guess_is_counted() {
    let world = World::with_quotas(Quotas::DEFAULT.with(Action::Login, None));
    let (here, _) = world.confirmed(1).await;
    let fresh = world.fresh(&here.tokens).await;
    for _ in 0..5 {
        let refused = world.confirm_totp(&fresh, &code(world.code(1))).await;
        assert!(matches!(refused, Err(ReplaceTotpError::Refused)), "{refused:?}");
    }
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn of_two_proposals_the_later_counts() {
    let (world, here) = proposed().await;
    let saw_the_first = world.fresh(&here.tokens).await;
    let first_code = world.proposed_code(1);
    world.propose_totp(&saw_the_first).await.unwrap();
    let live = world.user(1).enrolment.sealed_secret;
    let stale = world.confirm_totp(&saw_the_first, &first_code).await;
    assert!(matches!(stale, Err(ReplaceTotpError::Refused)), "{stale:?}");
    assert_eq!(world.user(1).enrolment.sealed_secret, live);
    let fresh = world.fresh(&here.tokens).await;
    world.confirm_totp(&fresh, &world.proposed_code(1)).await.unwrap();
}

#[tokio::test]
async fn an_account_that_is_gone_meanwhile_gets_no_new_secret() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    let mut users = MockUsers::new();
    users.expect_propose_totp().times(1).returning(|_, _| Ok(false));
    let ports = Ports { users: Arc::new(users), audit: Arc::new(MockAudit::new()), ..world.ports() };
    let refused = ports.replace_totp().propose(&fresh, origin()).await;
    assert!(matches!(refused, Err(ReplaceTotpError::Refused)));
}

#[tokio::test]
async fn the_secret_takes_over_in_the_store_then_it_is_announced_then_recorded() {
    let (world, here) = proposed().await;
    let fresh = world.fresh(&here.tokens).await;
    let (user, session_id) = (world.user(1), fresh.caller().claims().session_id);
    let ProposedTotp { sealed_secret, .. } = user.enrolment.proposed.clone().unwrap();
    let now = world.clock.now();
    let ended = [builders::session_id(5), builders::session_id(6)];
    let mut order = Sequence::new();
    let mut users = MockUsers::new();
    users
        .expect_confirm_totp()
        .withf(move |change| {
            let revoked_until = epic_domain::session::SessionPolicy::DEFAULT.revoked_until(now);
            change.user_id == user.id
                && change.sealed_secret == sealed_secret
                && change.step == OtpStep::at(now)
                && change.ending == Ending { keep: Some(session_id), revoked_until, now }
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_| Ok(Change::Made { ended: ended.to_vec() }));
    let revocations = announcing(&mut order, &ended, now);
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(move |events| {
            events.len() == 1
                && events[0].kind == EventKind::TotpChanged
                && events[0].session_id == Some(session_id)
                && events[0].origin == Some(elsewhere())
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(full()));
    let ports = Ports {
        users: Arc::new(users),
        revocations: Arc::new(revocations),
        audit: Arc::new(audit),
        ..world.ports()
    };
    let code = world.proposed_code(1);
    let unrecorded = ports.replace_totp().confirm(&fresh, &code, elsewhere()).await;
    assert!(matches!(unrecorded, Err(ReplaceTotpError::Fault(Fault::Full(_)))), "{unrecorded:?}");
}

#[tokio::test]
async fn a_fault_changes_nothing_and_a_retry_mends_it() {
    let (world, here) = proposed().await;
    let fresh = world.fresh(&here.tokens).await;
    let code = world.proposed_code(1);
    world.store.faults().fail_next(BeforeWrite);
    assert!(matches!(world.confirm_totp(&fresh, &code).await, Err(ReplaceTotpError::Fault(_))));
    world.otp.set_failing(true);
    assert!(matches!(world.confirm_totp(&fresh, &code).await, Err(ReplaceTotpError::Fault(_))));
    world.otp.set_failing(false);
    world.entropy.set_failing(true);
    assert!(matches!(world.propose_totp(&fresh).await, Err(ReplaceTotpError::Fault(_))));
    world.entropy.set_failing(false);
    world.confirm_totp(&fresh, &code).await.unwrap();
}
