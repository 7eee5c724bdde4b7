//! What the ways in do with their limiter: they count before they look, and when nobody counts, nobody gets in.

use crate::support::{
    Ports, World, denial, origin, recovery_request, registration, sign_in_request, unanswered,
};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Denial, Quotas, Subject};
use epic_domain::user::{RecoveryCode, SecondFactor};
use epic_inbound::Fault;
use epic_inbound::recover::RecoverError;
use epic_inbound::register::RegisterError;
use epic_inbound::replace_totp::ReplaceTotpError;
use epic_inbound::sign_in::SignInError;
use epic_inbound::step_up::StepUpError;
use epic_outbound::entry_limiter::MockEntryLimiter;
use epic_tests::fakes::Fault::BeforeWrite;
use std::sync::Arc;

/// Ports of which none may be called but a limiter that does not answer.
fn nobody_counts() -> Ports {
    let mut limiter = MockEntryLimiter::new();
    limiter.expect_check().times(1).returning(|_| Err(unanswered()));
    Ports { entry_limiter: Arc::new(limiter), ..Ports::untouched() }
}

fn recovery_code() -> SecondFactor {
    SecondFactor::Recovery(RecoveryCode::from_randomness(&[3; 12]))
}

#[tokio::test]
async fn nobody_registers_when_nobody_counts() {
    let answer = nobody_counts().register().register(registration(1)).await;
    assert!(matches!(answer.result, Err(RegisterError::Fault(Fault::Unavailable(_)))), "{:?}", answer.result);
    assert_eq!(answer.standing, None);
}

#[tokio::test]
async fn nobody_signs_in_when_nobody_counts() {
    let answer = nobody_counts().sign_in().sign_in(sign_in_request(1, recovery_code())).await;
    assert!(matches!(answer.result, Err(SignInError::Fault(Fault::Unavailable(_)))), "{:?}", answer.result);
    assert_eq!(answer.standing, None);
}

#[tokio::test]
async fn nobody_recovers_when_nobody_counts() {
    let answer = nobody_counts().recover().start(&recovery_request(1, 1, recovery_code())).await;
    assert!(matches!(answer.result, Err(RecoverError::Fault(Fault::Unavailable(_)))));
    assert_eq!(answer.standing, None);
}

#[tokio::test]
async fn a_stranger_who_cannot_be_counted_is_not_let_in() {
    let world = World::unlimited();
    let (of_another, _) = world.confirmed(2).await;
    world.confirmed(1).await;
    let events = world.audit.events().len();
    let mut request = sign_in_request(1, world.code(1));
    request.device_pass = Some(of_another.device_pass);
    world.entry_limiter.faults().fail_after(1, BeforeWrite);
    let answer = world.ports().sign_in().sign_in(request).await;
    assert!(matches!(answer.result, Err(SignInError::Fault(Fault::Unavailable(_)))), "{:?}", answer.result);
    assert_eq!(world.audit.events().len(), events, "nothing has come of it");
}

/// So that the same code is good when somebody counts again.
#[tokio::test]
async fn a_code_whose_guess_cannot_be_counted_is_not_looked_at() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let code = world.code(1);
    world.entry_limiter.faults().fail_after(1, BeforeWrite);
    let refused = world.sign_in(1, code.clone()).await;
    assert!(matches!(refused, Err(SignInError::Fault(Fault::Unavailable(_)))), "{refused:?}");
    assert!(world.sign_in(1, code).await.is_ok());
}

#[tokio::test]
async fn nobody_steps_up_when_nobody_counts() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let code = world.code(1);
    world.entry_limiter.faults().fail_next(BeforeWrite);
    let refused = world.step_up(&caller, 1, code.clone()).await;
    assert!(matches!(refused, Err(StepUpError::Fault(Fault::Unavailable(_)))), "{refused:?}");
    assert!(world.step_up(&caller, 1, code).await.is_ok());
}

#[tokio::test]
async fn no_authenticator_is_replaced_when_nobody_counts() {
    let world = World::unlimited();
    let fresh = world.fresh_caller(1).await;
    world.propose_totp(&fresh).await.unwrap();
    let before = world.user(1).enrolment.sealed_secret;
    let fresh = world.fresh(&world.signed_in(1).await.tokens).await;
    let code = world.proposed_code(1);
    world.entry_limiter.faults().fail_next(BeforeWrite);
    let refused = world.ports().replace_totp().confirm(&fresh, &code, origin()).await;
    assert!(matches!(refused, Err(ReplaceTotpError::Fault(Fault::Unavailable(_)))), "{refused:?}");
    assert_eq!(world.user(1).enrolment.sealed_secret, before);
    world.ports().replace_totp().confirm(&fresh, &code, origin()).await.unwrap();
}

/// The code is spent by then: to refuse it would shut out whoever had the right one.
#[tokio::test]
async fn a_right_code_that_cannot_be_given_back_lets_in_and_counts() {
    let world = World::with_quotas(Quotas::DEFAULT.with(Action::Login, None));
    world.confirmed(1).await;
    world.entry_limiter.faults().fail_after(2, BeforeWrite);
    world.signed_in(1).await;
    for _ in 0..2 {
        assert!(matches!(world.sign_in(1, world.wrong_code(1)).await, Err(SignInError::Refused)));
    }
    // Of three failures one was no failure, and the right code is not looked at.
    assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
}

/// Before anything of it is read, by what is known of its address alone, counting nothing.
#[test]
fn what_is_known_to_be_refused_is_refused_early() {
    type Look = fn(Ports, IpPrefix) -> Option<Denial>;
    let ways: [(Action, Look); 3] = [
        (Action::Register, |ports, origin| ports.register().refuses_address(origin)),
        (Action::Login, |ports, origin| ports.sign_in().refuses_address(origin)),
        (Action::Login, |ports, origin| ports.recover().refuses_address(origin)),
    ];
    for (action, look) in ways {
        for known in [Some(denial(action)), None] {
            let mut limiter = MockEntryLimiter::new();
            limiter
                .expect_known_denial()
                .withf(move |attempts| *attempts == [Attempt::new(action, Subject::Address(origin()))])
                .times(1)
                .return_const(known);
            let ports = Ports { entry_limiter: Arc::new(limiter), ..Ports::untouched() };
            assert_eq!(look(ports, origin()), known);
        }
    }
}
