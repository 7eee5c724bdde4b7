//! Authenticating: a bad token costs nothing but a call against its address.

use crate::support::{Ports, World, active_user, denial, enrolled, origin, unanswered};
use epic_domain::Monotonic;
use epic_domain::rate_limit::{Action, Attempt, Decision, Quota, Standing, Subject};
use epic_domain::session::{Claims, Session};
use epic_domain::user::Status;
use epic_inbound::Fault;
use epic_inbound::authenticate::AuthenticateError;
use epic_inbound::refresh::RefreshError;
use epic_outbound::access_log::{Access, AccessLog, MockAccessLog};
use epic_outbound::limiter::MockLimiter;
use epic_outbound::revocations::MockRevocations;
use epic_outbound::tokens::{MockTokens, TokenError};
use epic_outbound::users::MockUsers;
use epic_tests::builders::{self, T0};
use epic_tests::fakes::FakeRevocations;
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

const TOKEN: &str = "a token";

fn session() -> Session {
    builders::session(1, active_user(1).id).build()
}

fn access_claims() -> Claims {
    session().access_claims(&active_user(1).username)
}

fn tokens_that_say(claims: Claims) -> MockTokens {
    let claims = Arc::new(claims);
    let mut tokens = MockTokens::new();
    tokens.expect_read().withf(|text| text == TOKEN).times(1).returning(move |_| Ok(Arc::clone(&claims)));
    tokens
}

/// A limiter that is asked once, for a call by `subject`.
fn counting(subject: Subject, decision: Decision) -> MockLimiter {
    let mut limiter = MockLimiter::new();
    limiter
        .expect_check()
        .withf(move |attempts, now| {
            *attempts == [Attempt::new(Action::Api, subject.clone())]
                && *now == Monotonic::from_millis(1_000_000)
        })
        .times(1)
        .return_const(decision);
    limiter
}

fn against_the_address() -> Arc<MockLimiter> {
    Arc::new(counting(Subject::Address(origin()), Decision::Allowed(None)))
}

fn against_the_account() -> Arc<MockLimiter> {
    Arc::new(counting(Subject::Account(active_user(1).id), Decision::Allowed(None)))
}

async fn error_of(ports: Ports, token: Option<&str>) -> AuthenticateError {
    match ports.authenticate().authenticate(token, origin()).await {
        Err(error) => error,
        Ok(authenticated) => panic!("let in: {authenticated:?}"),
    }
}

#[tokio::test]
async fn no_token_counts_against_the_address_and_asks_nothing_else() {
    let ports = Ports { limiter: against_the_address(), ..Ports::untouched() };
    assert!(matches!(error_of(ports, None).await, AuthenticateError::Missing(_)));
}

#[tokio::test]
async fn a_token_that_is_not_genuine_counts_against_the_address_and_asks_nothing_else() {
    let mut tokens = MockTokens::new();
    tokens.expect_read().times(1).returning(|_| Err(TokenError::NotGenuine));
    let ports = Ports { tokens: Arc::new(tokens), limiter: against_the_address(), ..Ports::untouched() };
    assert!(matches!(error_of(ports, Some(TOKEN)).await, AuthenticateError::Refused(_)));
}

#[tokio::test]
async fn a03_a_refresh_token_opens_nothing() {
    let tokens = tokens_that_say(session().refresh_claims(&active_user(1).username));
    let ports = Ports { tokens: Arc::new(tokens), limiter: against_the_address(), ..Ports::untouched() };
    assert!(matches!(error_of(ports, Some(TOKEN)).await, AuthenticateError::Refused(_)));
}

#[tokio::test]
async fn a04_a_token_at_its_expiry_opens_nothing() {
    let tokens = tokens_that_say(Claims { expires_at: T0, ..access_claims() });
    let ports = Ports { tokens: Arc::new(tokens), limiter: against_the_address(), ..Ports::untouched() };
    assert!(matches!(error_of(ports, Some(TOKEN)).await, AuthenticateError::Refused(_)));
}

#[tokio::test]
async fn a_token_of_a_revoked_session_is_refused_without_a_read_of_the_store() {
    let mut revocations = MockRevocations::new();
    revocations.expect_is_revoked().withf(|id| *id == session().id).times(1).return_const(true);
    let ports = Ports {
        tokens: Arc::new(tokens_that_say(access_claims())),
        revocations: Arc::new(revocations),
        limiter: against_the_address(),
        ..Ports::untouched()
    };
    assert!(matches!(error_of(ports, Some(TOKEN)).await, AuthenticateError::Refused(_)));
}

#[tokio::test]
async fn a_bad_token_from_an_address_that_called_enough_is_denied() {
    let limiter = counting(Subject::Address(origin()), Decision::Denied(denial(Action::Api)));
    let mut tokens = MockTokens::new();
    tokens.expect_read().times(1).returning(|_| Err(TokenError::NotGenuine));
    let ports = Ports { tokens: Arc::new(tokens), limiter: Arc::new(limiter), ..Ports::untouched() };
    let error = error_of(ports, Some(TOKEN)).await;
    assert!(matches!(error, AuthenticateError::Limited(given) if given == denial(Action::Api)));
}

#[tokio::test]
async fn an_account_that_called_enough_costs_no_read_and_leaves_no_note() {
    let limiter = counting(Subject::Account(active_user(1).id), Decision::Denied(denial(Action::Api)));
    let ports = Ports {
        tokens: Arc::new(tokens_that_say(access_claims())),
        revocations: Arc::new(FakeRevocations::default()),
        limiter: Arc::new(limiter),
        ..Ports::untouched()
    };
    let error = error_of(ports, Some(TOKEN)).await;
    assert!(matches!(error, AuthenticateError::Limited(given) if given == denial(Action::Api)));
}

#[tokio::test]
async fn an_account_that_is_gone_pending_shut_or_renamed_is_refused_without_a_note() {
    let pending = enrolled(1).pending_until(builders::seconds_after_t0(1)).build();
    let shut = enrolled(1).status(Status::Disabled).build();
    let renamed = enrolled(1).named("somebody-else").build();
    for user in [None, Some(pending), Some(shut), Some(renamed)] {
        let mut users = MockUsers::new();
        users
            .expect_find_by_id()
            .withf(|id| *id == active_user(1).id)
            .times(1)
            .return_once(|_| Ok(user.map(Arc::new)));
        let ports = Ports {
            users: Arc::new(users),
            tokens: Arc::new(tokens_that_say(access_claims())),
            revocations: Arc::new(FakeRevocations::default()),
            limiter: against_the_account(),
            ..Ports::untouched()
        };
        assert!(matches!(error_of(ports, Some(TOKEN)).await, AuthenticateError::Refused(_)));
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_a_fault_and_leaves_no_note() {
    let mut users = MockUsers::new();
    users.expect_find_by_id().times(1).returning(|_| Err(unanswered()));
    let ports = Ports {
        users: Arc::new(users),
        tokens: Arc::new(tokens_that_say(access_claims())),
        revocations: Arc::new(FakeRevocations::default()),
        limiter: against_the_account(),
        ..Ports::untouched()
    };
    let error = error_of(ports, Some(TOKEN)).await;
    assert!(matches!(error, AuthenticateError::Fault(Fault::Unavailable(_))), "{error:?}");
}

#[tokio::test]
async fn a_key_that_cannot_be_read_is_a_fault_and_not_a_refusal() {
    let mut tokens = MockTokens::new();
    tokens.expect_read().times(1).returning(|_| Err(TokenError::Unavailable("no keys".into())));
    let ports = Ports { tokens: Arc::new(tokens), ..Ports::untouched() };
    let error = error_of(ports, Some(TOKEN)).await;
    assert!(matches!(error, AuthenticateError::Fault(Fault::Unavailable(_))), "{error:?}");
}

#[tokio::test]
async fn a_good_token_is_counted_before_the_read_and_noted_after_it() {
    let quota = Quota::new(100, Duration::from_secs(3_600)).unwrap();
    let standing = Standing { action: Action::Api, quota, remaining: 42, reset: Duration::from_secs(60) };
    let mut order = Sequence::new();
    let mut limiter = MockLimiter::new();
    limiter.expect_check().times(1).in_sequence(&mut order).return_const(Decision::Allowed(Some(standing)));
    let mut users = MockUsers::new();
    users
        .expect_find_by_id()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(Some(Arc::new(active_user(1)))));
    let mut access_log = MockAccessLog::new();
    access_log
        .expect_note()
        .withf(|access| {
            let (user_id, session_id) = (active_user(1).id, session().id);
            *access == Access { user_id, session_id, origin: origin(), at: T0 }
        })
        .times(1)
        .in_sequence(&mut order)
        .return_const(());
    let ports = Ports {
        users: Arc::new(users),
        tokens: Arc::new(tokens_that_say(access_claims())),
        revocations: Arc::new(FakeRevocations::default()),
        limiter: Arc::new(limiter),
        access_log: Arc::new(access_log),
        ..Ports::untouched()
    };
    let caller = ports.authenticate().authenticate(Some(TOKEN), origin()).await.unwrap();
    assert_eq!(caller.user(), &active_user(1));
    assert_eq!(caller.claims(), &access_claims());
    assert_eq!(caller.standing(), Some(standing));
}

#[tokio::test]
async fn a04_a_token_works_until_the_last_moment_before_its_expiry() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let expires_at = world.store.all_sessions()[0].current.access_expires_at;
    world.clock.set_wall(expires_at.saturating_sub(Duration::from_millis(1)));
    assert!(world.lets_in(&signed_in.tokens).await);
    world.clock.set_wall(expires_at);
    assert!(!world.lets_in(&signed_in.tokens).await);
    assert_eq!(world.access_log.drain().iter().map(|summary| summary.count).sum::<u32>(), 1);
}

#[tokio::test]
async fn an_account_shut_by_the_operator_is_out_at_once() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    world.store.edit_user(world.user(1).id, |user| user.status = Status::Disabled);
    assert!(!world.lets_in(&signed_in.tokens).await);
    assert!(matches!(world.refresh(&signed_in.tokens).await, Err(RefreshError::Refused)));
}
