//! Stepping up: key and code once more, for a token of the same session that says so.

use crate::support::{Ports, World, auth_key, origin, recording};
use epic_domain::Timestamp;
use epic_domain::audit::{Event, EventKind, FailureReason};
use epic_domain::rate_limit::{Action, Quotas};
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::{RecoveryCode, SecondFactor};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::sign_out::SignOutScope;
use epic_inbound::step_up::{StepUpError, StepUpRequest, SteppedUp};
use epic_outbound::audit::MockAudit;
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::MockEntryLimiter;
use epic_outbound::hasher::{MockHasher, Verification};
use epic_outbound::otp::MockOtp;
use epic_outbound::sealer::MockSealer;
use epic_outbound::sessions::MockSessions;
use epic_outbound::tokens::Tokens;
use epic_outbound::users::MockUsers;
use epic_tests::builders::seconds_after_t0;
use epic_tests::fakes::Fault::BeforeWrite;
use std::sync::Arc;
use std::time::Duration;

fn claims_of(world: &World, stepped_up: &SteppedUp) -> Claims {
    world.tokens.read(stepped_up.access_token.expose()).unwrap().as_ref().clone()
}

fn last_event(world: &World) -> Event {
    world.audit.events().pop().unwrap()
}

fn is_of(event: &Event, caller: &Authenticated) -> bool {
    event.user_id == Some(caller.user().id)
        && event.session_id == Some(caller.claims().session_id)
        && event.origin == Some(origin())
}

#[tokio::test]
async fn a_wrong_key_never_reaches_the_judge_of_the_factor() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let stored = caller.user().credentials.auth_key_hash.clone();
    let mut hasher = MockHasher::new();
    hasher
        .expect_verify()
        .withf(move |key, hash| *key == auth_key(2) && hash.as_ref() == Some(&stored))
        .times(1)
        .returning(|_, _| Ok(Verification::Mismatch));
    let ports = Ports {
        users: Arc::new(MockUsers::new()),
        sessions: Arc::new(MockSessions::new()),
        entry_limiter: Arc::new(MockEntryLimiter::new()),
        sealer: Arc::new(MockSealer::new()),
        otp: Arc::new(MockOtp::new()),
        hasher: Arc::new(hasher),
        audit: Arc::new(recording(&[(EventKind::StepUpFailed, Some(FailureReason::WrongKey))])),
        ..world.ports()
    };
    let request = StepUpRequest { auth_key: auth_key(2), factor: world.code(1), origin: origin() };
    let result = ports.step_up().step_up(&caller, &request).await;
    assert!(matches!(result, Err(StepUpError::Refused)), "{result:?}");
}

#[tokio::test]
async fn the_token_is_of_the_same_session_and_tells_when_the_proof_was_made() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    world.clock.advance(Duration::from_secs(600));
    let now = world.clock.now();
    let stepped_up = world.step_up(&caller, 1, world.code(1)).await.unwrap();
    let claims = claims_of(&world, &stepped_up);
    let before = caller.claims();
    assert_eq!(claims.kind, TokenKind::Access);
    assert_eq!((claims.session_id, claims.user_id), (before.session_id, before.user_id));
    assert_eq!(claims.username, before.username);
    assert_eq!((claims.auth_time, claims.issued_at), (now.floor_to_second(), now.floor_to_second()));
    assert_ne!(claims.token_id, before.token_id);
    assert_eq!(stepped_up.expires_in_seconds, 30 * 60);
    assert!(world.opens(&stepped_up.access_token).await);
    let event = last_event(&world);
    assert!(event.kind == EventKind::StepUp && event.reason.is_none() && is_of(&event, &caller));
}

/// Steps up ninety seconds before `end`.
async fn just_before(world: &World, caller: &Authenticated, end: Timestamp) -> SteppedUp {
    world.clock.set_wall(end.saturating_sub(Duration::from_secs(90)));
    let stepped_up = world.step_up(caller, 1, world.code(1)).await.unwrap();
    assert_eq!(stepped_up.expires_in_seconds, 90);
    assert_eq!(claims_of(world, &stepped_up).expires_at, end);
    stepped_up
}

#[tokio::test]
async fn b11_the_token_outlives_neither_the_session_nor_its_refresh_token() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    let session = world.store.all_sessions().remove(0);
    let refresh_ends_at = session.current.refresh_expires_at;
    assert!(refresh_ends_at < session.ends_at);
    let stepped_up = just_before(&world, &caller, refresh_ends_at).await;
    world.clock.set_wall(refresh_ends_at);
    assert!(!world.opens(&stepped_up.access_token).await, "the session may be swept from now on");

    let mut tokens = signed_in.tokens;
    for day in [6, 12, 18, 24, 29] {
        world.clock.set_wall(seconds_after_t0(day * 24 * 3_600));
        tokens = world.refresh(&tokens).await.unwrap();
    }
    just_before(&world, &caller, session.ends_at).await;
}

#[tokio::test]
async fn the_sessions_next_tokens_tell_of_its_sign_in_again() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    let stepped_up = world.step_up(&caller, 1, world.code(1)).await.unwrap();
    let renewed = world.refresh(&signed_in.tokens).await.unwrap();
    let claims = world.tokens.read(renewed.access_token.expose()).unwrap();
    assert_eq!(claims.auth_time, caller.claims().auth_time);
    assert!(claims_of(&world, &stepped_up).auth_time > claims.auth_time);
    assert!(world.opens(&stepped_up.access_token).await, "a refresh ends no token before its time");
}

#[tokio::test]
async fn the_token_dies_with_the_session() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let stepped_up = world.step_up(&caller, 1, world.code(1)).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    assert!(!world.opens(&stepped_up.access_token).await);
}

#[tokio::test]
async fn c02_the_code_of_the_sign_in_is_refused_and_recorded_as_a_replay() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let code = world.code(1);
    let signed_in = world.sign_in(1, code.clone()).await.unwrap();
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    assert!(matches!(world.step_up(&caller, 1, code).await, Err(StepUpError::Refused)));
    let event = last_event(&world);
    assert_eq!((event.kind, event.reason), (EventKind::OtpReplay, Some(FailureReason::SpentCode)));
    assert!(is_of(&event, &caller));
}

#[tokio::test]
async fn a_wrong_code_is_recorded_and_counts_towards_the_hold() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    assert!(matches!(world.step_up(&caller, 1, world.wrong_code(1)).await, Err(StepUpError::Refused)));
    let event = last_event(&world);
    assert_eq!((event.kind, event.reason), (EventKind::StepUpFailed, Some(FailureReason::WrongCode)));
    assert!(is_of(&event, &caller));
    assert_eq!(world.user(1).enrolment.consecutive_failures, 1);
}

#[tokio::test]
async fn after_three_wrong_codes_a_right_one_is_limited_and_waits() {
    let world = World::with_quotas(Quotas::DEFAULT.with(Action::Login, None));
    let caller = world.caller(1).await;
    for _ in 0..3 {
        assert!(matches!(world.step_up(&caller, 1, world.wrong_code(1)).await, Err(StepUpError::Refused)));
    }
    let limited = world.step_up(&caller, 1, world.code(1)).await;
    let Err(StepUpError::Limited(denial)) = limited else { panic!("not limited: {limited:?}") };
    assert_eq!(denial.action, Action::Totp);
    assert_eq!(world.user(1).enrolment.consecutive_failures, 3, "a guess not looked at is no failure");
    world.clock.advance(denial.retry_after);
    assert!(world.step_up(&caller, 1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn c16_a_recovery_code_steps_up_whatever_codes_have_failed_and_its_use_is_recorded() {
    let world = World::limited();
    let (signed_in, recovery_codes) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    for _ in 0..3 {
        assert!(world.step_up(&caller, 1, world.wrong_code(1)).await.is_err());
    }
    let factor = SecondFactor::Recovery(recovery_codes[0].clone());
    assert!(world.step_up(&caller, 1, factor.clone()).await.is_ok());
    assert!(world.kinds().ends_with(&[EventKind::RecoveryCodeUsed, EventKind::StepUp]));
    assert!(matches!(world.step_up(&caller, 1, factor).await, Err(StepUpError::Refused)), "used twice");
}

#[tokio::test]
async fn for_a_session_that_has_ended_no_code_is_spent() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    let code = world.code(1);
    assert!(matches!(world.step_up(&caller, 1, code.clone()).await, Err(StepUpError::Refused)));
    assert!(world.sign_in(1, code).await.is_ok());
}

#[tokio::test]
async fn i17_without_randomness_no_code_is_spent() {
    let world = World::unlimited();
    let (signed_in, recovery_codes) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    for factor in [world.code(1), SecondFactor::Recovery(RecoveryCode::clone(&recovery_codes[0]))] {
        world.entropy.set_failing(true);
        assert!(matches!(world.step_up(&caller, 1, factor.clone()).await, Err(StepUpError::Fault(_))));
        world.entropy.set_failing(false);
        assert!(world.step_up(&caller, 1, factor).await.is_ok());
    }
}

#[tokio::test]
async fn h04_a_step_up_that_cannot_be_recorded_gives_no_token() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    for (code, key_of) in [(world.code(1), 1), (world.wrong_code(1), 1), (world.wrong_code(1), 2)] {
        let mut audit = MockAudit::new();
        audit.expect_append().times(1).returning(|_| Err(crate::support::full()));
        let ports = Ports { audit: Arc::new(audit), ..world.ports() };
        let request = StepUpRequest { auth_key: auth_key(key_of), factor: code, origin: origin() };
        let result = ports.step_up().step_up(&caller, &request).await;
        assert!(matches!(result, Err(StepUpError::Fault(epic_inbound::Fault::Full(_)))), "{result:?}");
    }
}

#[tokio::test]
async fn without_the_store_nobody_steps_up_and_without_hashes_nothing_is_asked() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    for passing in 0..2 {
        world.store.faults().fail_after(passing, BeforeWrite);
        assert!(matches!(world.step_up(&caller, 1, world.code(1)).await, Err(StepUpError::Fault(_))));
    }
    world.hasher.set_overloaded(true);
    let overloaded = world.step_up(&caller, 1, world.code(1)).await;
    assert!(matches!(overloaded, Err(StepUpError::Fault(epic_inbound::Fault::Overloaded { .. }))));
    world.hasher.set_overloaded(false);
    assert!(world.step_up(&caller, 1, world.code(1)).await.is_ok(), "none of it spent the code");
}
