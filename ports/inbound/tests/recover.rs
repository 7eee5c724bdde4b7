//! Recovering an account: whoever holds the recovery key and a second factor sets new credentials, once.

use crate::support::{
    Ports, World, admission, allowing_entry_limiter, denial, denying_entry_limiter, full, new_credentials,
    origin, recovery_request, recovery_seed,
};
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::rate_limit::{Action, Quotas};
use epic_domain::user::{Enrolment, SecondFactor, Status};
use epic_inbound::Fault;
use epic_inbound::recover::{RecoverError, RecoveryStarted};
use epic_inbound::refresh::RefreshError;
use epic_inbound::sign_in::SignInError;
use epic_outbound::audit::MockAudit;
use epic_outbound::clock::Clock;
use epic_outbound::hasher::{MockHasher, Verification};
use epic_outbound::passes::MockPasses;
use epic_outbound::sealer::MockSealer;
use epic_tests::builders::wrapped_key;
use epic_tests::fakes::Fault::BeforeWrite;
use std::sync::Arc;
use std::time::Duration;

const KEY: u64 = recovery_seed(1);

async fn started(world: &World) -> RecoveryStarted {
    let started = world.start_recovery(1, KEY, world.code(1)).await.unwrap();
    world.next_step();
    started
}

fn last_reason(world: &World) -> (EventKind, Option<FailureReason>) {
    world.audit.events().last().map(|event| (event.kind, event.reason)).unwrap()
}

#[tokio::test]
async fn who_holds_the_recovery_key_gets_the_wrapped_keys_and_sets_new_credentials() {
    let world = World::unlimited();
    let (here, _) = world.confirmed_with_recovery_key(1).await;
    let there = world.signed_in(1).await;
    let user = world.user(1);
    let started = started(&world).await;
    assert_eq!(started.encrypted_mek, wrapped_key(KEY));
    assert_eq!(started.encrypted_private_key, user.keys.encrypted_private_key);
    assert_eq!(started.expires_in_seconds, 600);
    assert!(world.lets_in(&here.tokens).await, "nothing has changed yet");

    world.complete_recovery(started.recovery_token.expose(), 9).await.unwrap();
    for tokens in [&here.tokens, &there.tokens] {
        assert!(!world.lets_in(tokens).await);
        assert!(matches!(world.refresh(tokens).await, Err(RefreshError::Refused)));
    }
    assert!(world.kinds().ends_with(&[EventKind::RecoveryStarted, EventKind::Recovered]));
    assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
    let signed_in = world.signed_in_with_key_of(9, 1).await;
    assert_eq!(signed_in.encrypted_mek, new_credentials(9).encrypted_mek);
}

#[tokio::test]
async fn wrong_key_no_key_and_unknown_name_are_one_answer_after_the_same_work() {
    let world = World::unlimited();
    world.confirmed_with_recovery_key(1).await;
    world.confirmed(2).await;
    world.register(3).await.unwrap();
    let code = world.code(1);
    for (seed, key_of, reason, is_known) in [
        (1, 77, FailureReason::WrongKey, true),
        (1, 1, FailureReason::WrongKey, true),
        (2, 2, FailureReason::WrongKey, true),
        (3, 3, FailureReason::WrongKey, true),
        (4, 4, FailureReason::UnknownUser, false),
    ] {
        let hashes = world.hasher.computed();
        let refused = world.start_recovery(seed, key_of, code.clone()).await;
        assert!(matches!(refused, Err(RecoverError::Refused)), "{seed}: {refused:?}");
        assert_eq!(world.hasher.computed(), hashes + 1, "{seed}");
        assert_eq!(last_reason(&world), (EventKind::RecoveryFailed, Some(reason)), "{seed}");
        let event = world.audit.events().pop().unwrap();
        assert_eq!(event.user_id, is_known.then(|| world.user(seed).id), "{seed}");
    }
    assert_eq!(world.user(1).enrolment.consecutive_failures, 0, "no factor was looked at");
}

#[tokio::test]
async fn an_account_that_may_not_sign_in_costs_one_verification_without_a_hash_and_no_factor_is_looked_at() {
    let world = World::unlimited();
    world.confirmed_with_recovery_key(1).await;
    let user_id = world.user(1).id;
    for status in [Status::Disabled, Status::Pending { expires_at: world.clock.now() }] {
        world.store.edit_user(user_id, |user| user.status = status);
        let mut hasher = MockHasher::new();
        // Even a match opens nothing.
        hasher
            .expect_verify()
            .withf(|_, stored| stored.is_none())
            .times(1)
            .returning(|_, _| Ok(Verification::Match { outdated: false }));
        let ports = Ports {
            hasher: Arc::new(hasher),
            entry_limiter: Arc::new(allowing_entry_limiter()),
            sealer: Arc::new(MockSealer::new()),
            passes: Arc::new(MockPasses::new()),
            ..world.ports()
        };
        let answer = ports.recover().start(&recovery_request(1, KEY, world.code(1))).await;
        assert!(matches!(answer.result, Err(RecoverError::Refused)));
        assert_eq!(last_reason(&world), (EventKind::RecoveryFailed, Some(FailureReason::NotAllowed)));
        assert_eq!(world.audit.events().pop().unwrap().user_id, Some(user_id));
    }
}

#[tokio::test]
async fn a_wrong_spent_or_held_code_is_refused_like_a_wrong_key() {
    let world = World::with_quotas(Quotas::DEFAULT.with(Action::Login, None));
    world.confirmed_with_recovery_key(1).await;
    let spent = world.code(1);
    world.signed_in(1).await;
    for (code, reason) in [
        (world.wrong_code(1), FailureReason::WrongCode),
        (spent, FailureReason::SpentCode),
        (world.wrong_code(1), FailureReason::WrongCode),
        (world.code(1), FailureReason::CodesHeld),
    ] {
        let refused = world.start_recovery(1, KEY, code).await;
        assert!(matches!(refused, Err(RecoverError::Refused)), "{reason:?}: {refused:?}");
        assert_eq!(last_reason(&world), (EventKind::RecoveryFailed, Some(reason)));
    }
    assert_eq!(world.user(1).enrolment.consecutive_failures, 2);
}

#[tokio::test]
async fn c16_a_recovery_code_serves_while_codes_are_held_and_its_use_is_recorded() {
    let world = World::unlimited();
    let (_, recovery_codes) = world.confirmed_with_recovery_key(1).await;
    for _ in 0..Enrolment::FAILURES_MAX {
        assert!(world.start_recovery(1, KEY, world.wrong_code(1)).await.is_err());
    }
    assert!(world.start_recovery(1, KEY, world.code(1)).await.is_err());
    let factor = SecondFactor::Recovery(recovery_codes[0].clone());
    let started = world.start_recovery(1, KEY, factor.clone()).await.unwrap();
    assert!(world.kinds().ends_with(&[EventKind::RecoveryCodeUsed, EventKind::RecoveryStarted]));
    assert!(world.start_recovery(1, KEY, factor).await.is_err(), "used twice");
    world.complete_recovery(started.recovery_token.expose(), 9).await.unwrap();
}

#[tokio::test]
async fn the_token_works_once() {
    let world = World::unlimited();
    world.confirmed_with_recovery_key(1).await;
    let started = started(&world).await;
    let token = started.recovery_token.expose();
    world.complete_recovery(token, 9).await.unwrap();
    let again = world.complete_recovery(token, 8).await;
    assert!(matches!(again, Err(RecoverError::Refused)), "{again:?}");
    assert!(world.sign_in_with_key_of(9, 1).await.is_ok());
}

#[tokio::test]
async fn the_token_lasts_ten_minutes_and_not_a_millisecond_longer() {
    let world = World::unlimited();
    world.confirmed_with_recovery_key(1).await;
    let expires_at = world.clock.now().saturating_add(Duration::from_secs(600));
    let started = started(&world).await;
    let token = started.recovery_token.expose();
    world.clock.set_wall(expires_at);
    let hashes = world.hasher.computed();
    assert!(matches!(world.complete_recovery(token, 9).await, Err(RecoverError::Refused)));
    assert_eq!(world.hasher.computed(), hashes, "nothing is hashed for a token that is no good");
    world.clock.set_wall(expires_at.saturating_sub(Duration::from_millis(1)));
    world.complete_recovery(token, 9).await.unwrap();
}

#[tokio::test]
async fn whatever_changes_the_account_meanwhile_makes_the_token_worthless() {
    let world = World::unlimited();
    let (here, _) = world.confirmed_with_recovery_key(1).await;
    let first = started(&world).await;
    let fresh = world.fresh(&here.tokens).await;
    world.set_recovery_key(&fresh, 2_000).await.unwrap();
    let refused = world.complete_recovery(first.recovery_token.expose(), 9).await;
    assert!(matches!(refused, Err(RecoverError::Refused)), "{refused:?}");
    assert!(world.start_recovery(1, KEY, world.code(1)).await.is_err(), "the key was replaced");
    assert!(world.sign_in(1, world.code(1)).await.is_ok(), "the credentials are the old ones");
}

#[tokio::test]
async fn nothing_but_a_recovery_token_completes_a_recovery() {
    let world = World::unlimited();
    world.confirmed_with_recovery_key(1).await;
    let signed_in = world.signed_in(1).await;
    let hasher = MockHasher::new();
    let ports = Ports { hasher: Arc::new(hasher), ..world.ports() };
    for text in ["", "fake-pass-99", signed_in.device_pass.expose(), signed_in.tokens.access_token.expose()] {
        let refused =
            ports.clone().recover().complete(&admission(), text, new_credentials(9), origin()).await;
        assert!(matches!(refused, Err(RecoverError::Refused)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_recovery_is_limited_as_a_sign_in_is_and_together_with_it() {
    let ports = Ports { entry_limiter: Arc::new(denying_entry_limiter(Action::Login)), ..Ports::untouched() };
    let request = recovery_request(
        1,
        KEY,
        SecondFactor::Recovery(epic_domain::user::RecoveryCode::from_randomness(&[3; 12])),
    );
    let answer = ports.recover().start(&request).await;
    assert!(matches!(answer.result, Err(RecoverError::Limited(given)) if given == denial(Action::Login)));
    assert_eq!(answer.standing, None);

    let world = World::limited();
    let code = crate::support::code_of(4, world.clock.now());
    for _ in 0..3 {
        assert!(matches!(world.sign_in(4, code.clone()).await, Err(SignInError::Refused)));
    }
    for _ in 0..2 {
        assert!(matches!(world.start_recovery(4, KEY, code.clone()).await, Err(RecoverError::Refused)));
    }
    let hashes = world.hasher.computed();
    let limited = world.start_recovery(4, KEY, code.clone()).await;
    assert!(matches!(limited, Err(RecoverError::Limited(denial)) if denial.action == Action::Login));
    assert!(matches!(world.sign_in(4, code).await, Err(SignInError::Limited(_))));
    assert_eq!(world.hasher.computed(), hashes);
}

#[tokio::test]
async fn a_start_that_fails_before_the_code_is_spent_can_be_made_again_with_it() {
    let world = World::unlimited();
    world.confirmed_with_recovery_key(1).await;
    let code = world.code(1);
    for passing in 0..2 {
        world.store.faults().fail_after(passing, BeforeWrite);
        assert!(matches!(world.start_recovery(1, KEY, code.clone()).await, Err(RecoverError::Fault(_))));
    }
    world.passes.set_failing(true);
    assert!(matches!(world.start_recovery(1, KEY, code.clone()).await, Err(RecoverError::Fault(_))));
    world.passes.set_failing(false);
    world.hasher.set_overloaded(true);
    let overloaded = world.start_recovery(1, KEY, code.clone()).await;
    assert!(matches!(overloaded, Err(RecoverError::Fault(Fault::Overloaded { .. }))));
    world.hasher.set_overloaded(false);
    assert!(world.start_recovery(1, KEY, code).await.is_ok());
}

#[tokio::test]
async fn h04_a_recovery_that_cannot_be_recorded_hands_nothing_out() {
    let world = World::unlimited();
    world.confirmed_with_recovery_key(1).await;
    for code in [world.code(1), world.wrong_code(1)] {
        let mut audit = MockAudit::new();
        audit.expect_append().times(1).returning(|_| Err(full()));
        let ports = Ports { audit: Arc::new(audit), ..world.ports() };
        let answer = ports.recover().start(&recovery_request(1, KEY, code)).await;
        assert!(matches!(answer.result, Err(RecoverError::Fault(Fault::Full(_)))));
    }
}

#[tokio::test]
async fn a_completion_cut_short_can_be_made_again_and_ends_the_sessions_even_unrecorded() {
    let world = World::unlimited();
    let (here, _) = world.confirmed_with_recovery_key(1).await;
    let started = started(&world).await;
    let token = started.recovery_token.expose();
    world.store.faults().fail_next(BeforeWrite);
    assert!(matches!(world.complete_recovery(token, 9).await, Err(RecoverError::Fault(_))));
    world.hasher.set_overloaded(true);
    assert!(matches!(world.complete_recovery(token, 9).await, Err(RecoverError::Fault(_))));
    world.hasher.set_overloaded(false);
    assert!(world.lets_in(&here.tokens).await);
    world.audit.faults().fail_next(BeforeWrite);
    assert!(matches!(world.complete_recovery(token, 9).await, Err(RecoverError::Fault(_))));
    assert!(!world.lets_in(&here.tokens).await);
}

#[tokio::test]
async fn the_account_of_a_recovery_may_be_gone_when_it_is_completed() {
    let world = World::unlimited();
    let (here, _) = world.confirmed_with_recovery_key(1).await;
    let started = started(&world).await;
    let fresh = world.fresh(&here.tokens).await;
    world.ports().delete_account().delete(&fresh, origin()).await.unwrap();
    world.register(1).await.unwrap();
    let refused = world.complete_recovery(started.recovery_token.expose(), 9).await;
    assert!(matches!(refused, Err(RecoverError::Refused)), "{refused:?}");
}
