//! Signing in: who is refused and how, and what a fault leaves undone.

use crate::support::{
    Ports, World, active_user, allowing_entry_limiter, auth_key, code_of, denial, denying_entry_limiter,
    enrolled, full, matching_hasher, recording, sign_in_request, unanswered, users_with, wrong_code_of,
};
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::key_id::KeyId;
use epic_domain::rate_limit::Action;
use epic_domain::user::{AuthKeyHash, Enrolment, RecoveryCode, SecondFactor, Status, User};
use epic_inbound::Fault;
use epic_inbound::sign_in::SignInError;
use epic_outbound::StoreError;
use epic_outbound::audit::MockAudit;
use epic_outbound::hasher::{HasherError, MockHasher, Verification};
use epic_outbound::sealer::{MockSealer, SealerError};
use epic_outbound::sessions::{MockSessions, OpeningOutcome};
use epic_outbound::tokens::{MockTokens, TokenError};
use epic_outbound::users::{Consumption, MockUsers};
use epic_tests::builders::{T0, recovery_code_digest};
use epic_tests::fakes::{FakeEntropy, FakeOtp, FakePasses, FakeRevocations, FakeSealer, FakeTokens};
use std::sync::Arc;
use std::time::Duration;

/// Ports on which the person of seed 1, with `users` as the store, gets as far as the second factor.
fn up_to_the_factor(users: MockUsers, user: &User) -> Ports {
    past_the_hasher(users, matching_hasher(1, user))
}

fn past_the_hasher(users: MockUsers, hasher: MockHasher) -> Ports {
    Ports {
        users: Arc::new(users),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        hasher: Arc::new(hasher),
        sealer: Arc::new(FakeSealer::default()),
        otp: Arc::new(FakeOtp::default()),
        tokens: Arc::new(FakeTokens::default()),
        passes: Arc::new(FakePasses::default()),
        revocations: Arc::new(FakeRevocations::default()),
        ..Ports::untouched()
    }
}

fn users_that_spend(user: &User) -> MockUsers {
    let mut users = users_with(1, Some(user.clone()));
    users
        .expect_consume_otp_step()
        .times(1)
        .returning(|_, _, _, _| Ok(Consumption::Consumed { confirmed: false }));
    users
}

async fn fault_of(ports: Ports, factor: SecondFactor) -> Fault {
    match ports.sign_in().sign_in(sign_in_request(1, factor)).await.result {
        Err(SignInError::Fault(fault)) => fault,
        other => panic!("no fault: {other:?}"),
    }
}

async fn is_refused(ports: Ports, factor: SecondFactor) -> bool {
    let answer = ports.sign_in().sign_in(sign_in_request(1, factor)).await;
    matches!(answer.result, Err(SignInError::Refused))
}

#[tokio::test]
async fn nothing_is_read_hashed_or_recorded_when_the_limiter_denies() {
    let ports = Ports { entry_limiter: Arc::new(denying_entry_limiter(Action::Login)), ..Ports::untouched() };
    let answer = ports.sign_in().sign_in(sign_in_request(1, code_of(1, T0))).await;
    assert!(
        matches!(answer.result, Err(SignInError::Limited(given)) if given == denial(Action::Login)),
        "{:?}",
        answer.result
    );
    assert_eq!(answer.standing, None);
}

/// The hash handed to the hasher, and the reason recorded, for a name that belongs to `found`.
async fn a_wrong_key_is_verified_once(
    found: Option<User>,
    stored: Option<AuthKeyHash>,
    expected: &'static [(EventKind, Option<FailureReason>)],
) {
    let mut hasher = MockHasher::new();
    hasher
        .expect_verify()
        .withf(move |key, hash| *key == auth_key(1) && *hash == stored)
        .times(1)
        .returning(|_, _| Ok(Verification::Mismatch));
    let ports = Ports {
        users: Arc::new(users_with(1, found)),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        hasher: Arc::new(hasher),
        audit: Arc::new(recording(expected)),
        ..Ports::untouched()
    };
    assert!(is_refused(ports, code_of(1, T0)).await);
}

#[tokio::test]
async fn an_unknown_name_costs_one_verification_without_a_hash() {
    let reason = &[(EventKind::LoginFailed, Some(FailureReason::UnknownUser))];
    a_wrong_key_is_verified_once(None, None, reason).await;
}

#[tokio::test]
async fn a_disabled_account_costs_one_verification_without_a_hash() {
    let user = enrolled(1).status(Status::Disabled).build();
    let reason = &[(EventKind::LoginFailed, Some(FailureReason::NotAllowed))];
    a_wrong_key_is_verified_once(Some(user), None, reason).await;
}

#[tokio::test]
async fn a_pending_account_past_its_expiry_costs_one_verification_without_a_hash() {
    let user = enrolled(1).pending_until(T0).build();
    let reason = &[(EventKind::LoginFailed, Some(FailureReason::NotAllowed))];
    a_wrong_key_is_verified_once(Some(user), None, reason).await;
}

#[tokio::test]
async fn a_wrong_key_costs_one_verification_against_the_stored_hash() {
    let reason = &[(EventKind::LoginFailed, Some(FailureReason::WrongKey))];
    for user in [active_user(1), enrolled(1).pending_until(T0.saturating_add(Duration::from_secs(1))).build()]
    {
        let stored = user.credentials.auth_key_hash.clone();
        a_wrong_key_is_verified_once(Some(user), Some(stored), reason).await;
    }
}

#[tokio::test]
async fn a_failure_is_recorded_with_the_account_but_an_unknown_name_with_none() {
    let world = World::unlimited();
    world.confirmed(1).await;
    assert!(matches!(world.sign_in_with_key_of(2, 1).await, Err(SignInError::Refused)));
    assert!(matches!(world.sign_in(3, code_of(3, T0)).await, Err(SignInError::Refused)));
    let events = world.audit.events();
    let [.., known, unknown] = events.as_slice() else { panic!("two events are missing: {events:?}") };
    assert_eq!((known.user_id, known.reason), (Some(world.user(1).id), Some(FailureReason::WrongKey)));
    assert_eq!((unknown.user_id, unknown.reason), (None, Some(FailureReason::UnknownUser)));
}

#[tokio::test]
async fn even_a_match_opens_nothing_for_an_account_that_may_not_sign_in() {
    let user = enrolled(1).status(Status::Disabled).build();
    let mut hasher = MockHasher::new();
    hasher.expect_verify().times(1).returning(|_, _| Ok(Verification::Match { outdated: false }));
    let ports = Ports {
        users: Arc::new(users_with(1, Some(user))),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        hasher: Arc::new(hasher),
        audit: Arc::new(recording(&[(EventKind::LoginFailed, Some(FailureReason::NotAllowed))])),
        ..Ports::untouched()
    };
    assert!(is_refused(ports, code_of(1, T0)).await);
}

#[tokio::test]
async fn a_held_accounts_code_is_never_opened() {
    let user = enrolled(1).with(|user| user.enrolment.consecutive_failures = Enrolment::FAILURES_MAX).build();
    let ports = Ports {
        sealer: Arc::new(MockSealer::new()),
        audit: Arc::new(recording(&[(EventKind::LoginFailed, Some(FailureReason::CodesHeld))])),
        ..up_to_the_factor(users_with(1, Some(user.clone())), &user)
    };
    assert!(is_refused(ports, code_of(1, T0)).await);
}

#[tokio::test]
async fn one_failure_short_of_the_hold_a_right_code_still_passes() {
    let user =
        enrolled(1).with(|user| user.enrolment.consecutive_failures = Enrolment::FAILURES_MAX - 1).build();
    let mut sessions = MockSessions::new();
    sessions.expect_open().times(1).returning(|_| Ok(OpeningOutcome::Opened { ended: Vec::new() }));
    let ports = Ports {
        sessions: Arc::new(sessions),
        audit: Arc::new(recording(&[(EventKind::Login, None)])),
        ..up_to_the_factor(users_that_spend(&user), &user)
    };
    let answer = ports.sign_in().sign_in(sign_in_request(1, code_of(1, T0))).await;
    assert!(answer.result.is_ok(), "{:?}", answer.result);
}

#[tokio::test]
async fn a_code_refused_by_the_store_opens_no_session() {
    for (consumption, expected) in [
        (Consumption::AlreadySpent, [(EventKind::OtpReplay, Some(FailureReason::SpentCode))].as_slice()),
        (Consumption::NotAllowed, [(EventKind::LoginFailed, Some(FailureReason::NotAllowed))].as_slice()),
    ] {
        let user = active_user(1);
        let mut users = users_with(1, Some(user.clone()));
        users.expect_consume_otp_step().times(1).returning(move |_, _, _, _| Ok(consumption));
        let ports = Ports { audit: Arc::new(recording(expected)), ..up_to_the_factor(users, &user) };
        assert!(is_refused(ports, code_of(1, T0)).await);
    }
}

#[tokio::test]
async fn a_store_that_cannot_look_the_name_up_ends_it_before_any_hash() {
    let mut users = MockUsers::new();
    users.expect_find_by_username().times(1).returning(|_| Err(unanswered()));
    let ports = Ports {
        users: Arc::new(users),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        ..Ports::untouched()
    };
    assert!(matches!(fault_of(ports, code_of(1, T0)).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn an_overloaded_hasher_says_when_to_come_back() {
    let mut hasher = MockHasher::new();
    let retry_after = Duration::from_secs(3);
    hasher.expect_verify().times(1).returning(move |_, _| Err(HasherError::Overloaded { retry_after }));
    let ports = Ports {
        users: Arc::new(users_with(1, Some(active_user(1)))),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        hasher: Arc::new(hasher),
        ..Ports::untouched()
    };
    let fault = fault_of(ports, code_of(1, T0)).await;
    assert!(matches!(fault, Fault::Overloaded { retry_after: given } if given == retry_after), "{fault:?}");
}

#[tokio::test]
async fn a_damaged_secret_is_a_fault_and_spends_nothing() {
    let user = active_user(1);
    let mut sealer = MockSealer::new();
    sealer.expect_open_totp().times(1).returning(|_, _| Err(SealerError::Corrupt("damaged".into())));
    let ports =
        Ports { sealer: Arc::new(sealer), ..up_to_the_factor(users_with(1, Some(user.clone())), &user) };
    assert!(matches!(fault_of(ports, code_of(1, T0)).await, Fault::Corrupt(_)));
}

#[tokio::test]
async fn a_code_that_cannot_be_computed_is_a_fault_and_no_failure() {
    let user = active_user(1);
    let otp = FakeOtp::default();
    otp.set_failing(true);
    let ports = Ports { otp: Arc::new(otp), ..up_to_the_factor(users_with(1, Some(user.clone())), &user) };
    assert!(matches!(fault_of(ports, code_of(1, T0)).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn a_step_that_cannot_be_spent_opens_no_session() {
    let user = active_user(1);
    let mut users = users_with(1, Some(user.clone()));
    users.expect_consume_otp_step().times(1).returning(|_, _, _, _| Err(full()));
    assert!(matches!(fault_of(up_to_the_factor(users, &user), code_of(1, T0)).await, Fault::Full(_)));
}

#[tokio::test]
async fn a_failed_code_that_cannot_be_counted_is_a_fault_and_not_a_refusal() {
    let user = active_user(1);
    let mut users = users_with(1, Some(user.clone()));
    let user_id = user.id;
    users.expect_record_code_failure().withf(move |id| *id == user_id).times(1).returning(|_| Err(full()));
    let audit = recording(&[(EventKind::LoginFailed, Some(FailureReason::WrongCode))]);
    let ports = Ports { audit: Arc::new(audit), ..up_to_the_factor(users, &user) };
    assert!(matches!(fault_of(ports, wrong_code_of(1, T0)).await, Fault::Full(_)));
}

#[tokio::test]
async fn h04_a_failed_code_is_counted_even_if_it_cannot_be_recorded() {
    let user = active_user(1);
    let mut users = users_with(1, Some(user.clone()));
    users.expect_record_code_failure().times(1).returning(|_| Ok(1));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(unanswered()));
    let ports = Ports { audit: Arc::new(audit), ..up_to_the_factor(users, &user) };
    assert!(matches!(fault_of(ports, wrong_code_of(1, T0)).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn a_recovery_code_that_cannot_be_spent_opens_no_session() {
    let user = active_user(1);
    let mut users = users_with(1, Some(user.clone()));
    users.expect_consume_recovery_code().times(1).returning(|_, _, _| Err(unanswered()));
    let mut hasher = matching_hasher(1, &user);
    hasher.expect_recovery_code_digest().times(1).return_const(recovery_code_digest(1));
    let ports = past_the_hasher(users, hasher);
    let factor = SecondFactor::Recovery(RecoveryCode::from_randomness(&[3; 12]));
    assert!(matches!(fault_of(ports, factor).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn a_session_that_cannot_be_stored_is_not_recorded_as_a_login() {
    let user = active_user(1);
    for (error, is_expected) in [
        (full as fn() -> StoreError, (|fault| matches!(fault, Fault::Full(_))) as fn(&Fault) -> bool),
        (unanswered, |fault| matches!(fault, Fault::Unavailable(_))),
        (|| StoreError::Corrupt("damaged".into()), |fault| matches!(fault, Fault::Corrupt(_))),
    ] {
        let mut sessions = MockSessions::new();
        sessions.expect_open().times(1).returning(move |_| Err(error()));
        let ports =
            Ports { sessions: Arc::new(sessions), ..up_to_the_factor(users_that_spend(&user), &user) };
        let fault = fault_of(ports, code_of(1, T0)).await;
        assert!(is_expected(&fault), "{fault:?}");
    }
}

#[tokio::test]
async fn h04_no_token_is_handed_out_when_the_login_cannot_be_recorded() {
    let user = active_user(1);
    let mut sessions = MockSessions::new();
    sessions.expect_open().times(1).returning(|_| Ok(OpeningOutcome::Opened { ended: Vec::new() }));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(unanswered()));
    let ports = Ports {
        sessions: Arc::new(sessions),
        audit: Arc::new(audit),
        ..up_to_the_factor(users_that_spend(&user), &user)
    };
    assert!(matches!(fault_of(ports, code_of(1, T0)).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn h04_a_refusal_that_cannot_be_recorded_is_a_fault() {
    let mut hasher = MockHasher::new();
    hasher.expect_verify().times(1).returning(|_, _| Ok(Verification::Mismatch));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(full()));
    let ports = Ports {
        users: Arc::new(users_with(1, None)),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        hasher: Arc::new(hasher),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    assert!(matches!(fault_of(ports, code_of(1, T0)).await, Fault::Full(_)));
}

#[tokio::test]
async fn i17_without_randomness_no_factor_is_spent_and_nothing_is_stored() {
    let user = active_user(1);
    for factor in [code_of(1, T0), SecondFactor::Recovery(RecoveryCode::from_randomness(&[3; 12]))] {
        let entropy = FakeEntropy::default();
        entropy.set_failing(true);
        let ports = Ports {
            entropy: Arc::new(entropy),
            ..up_to_the_factor(users_with(1, Some(user.clone())), &user)
        };
        assert!(matches!(fault_of(ports, factor).await, Fault::Unavailable(_)));
    }
}

#[tokio::test]
async fn without_a_key_to_sign_with_no_factor_is_spent_and_nothing_is_stored() {
    let user = active_user(1);
    let mut tokens = MockTokens::new();
    tokens.expect_signing_key_id().return_const(KeyId::parse("gone").unwrap());
    tokens.expect_issue().times(1).returning(|_, _| Err(TokenError::Unavailable("no such key".into())));
    let ports =
        Ports { tokens: Arc::new(tokens), ..up_to_the_factor(users_with(1, Some(user.clone())), &user) };
    assert!(matches!(fault_of(ports, code_of(1, T0)).await, Fault::Unavailable(_)));
}
