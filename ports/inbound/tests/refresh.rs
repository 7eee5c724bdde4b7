//! Refreshing: a refresh token buys the next pair once, and a copy of it ends the session.

use crate::support::{
    Ports, World, active_user, admission, elsewhere, enrolled, full, origin, recording, unanswered,
};
use epic_domain::audit::EventKind;
use epic_domain::session::{Revocation, Session, SessionPolicy, Superseded};
use epic_domain::user::{Status, User};
use epic_inbound::refresh::RefreshError;
use epic_inbound::{Fault, TokenPair};
use epic_outbound::audit::MockAudit;
use epic_outbound::revocations::MockRevocations;
use epic_outbound::sessions::{MockSessions, RotationOutcome};
use epic_outbound::tokens::{MockTokens, TokenError, Tokens};
use epic_outbound::users::MockUsers;
use epic_tests::builders::{self, T0, seconds_after_t0};
use epic_tests::fakes::{FakeEntropy, FakeRevocations, FakeTokens};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

/// The session of the tests on doubles.
fn session() -> Session {
    builders::session(1, active_user(1).id).build()
}

/// Its refresh token, and the port that knows it.
fn token() -> (Arc<FakeTokens>, String) {
    let tokens = FakeTokens::default();
    let claims = session().refresh_claims(&active_user(1).username);
    let token = tokens.issue(&claims, &session().current.key_id).unwrap();
    (Arc::new(tokens), token.expose().to_owned())
}

fn users_that_hold(user: Option<User>) -> MockUsers {
    let mut users = MockUsers::new();
    let id = active_user(1).id;
    users
        .expect_find_by_id()
        .withf(move |asked| *asked == id)
        .times(1)
        .return_once(|_| Ok(user.map(Arc::new)));
    users
}

/// Sessions whose rotation is asked once, with the arguments it must have, and comes out like this.
fn rotating(outcome: RotationOutcome, order: &mut Sequence) -> MockSessions {
    let mut sessions = MockSessions::new();
    sessions
        .expect_rotate()
        .withf(|rotation| {
            let policy = SessionPolicy::DEFAULT;
            rotation.session_id == session().id
                && rotation.presented == session().current.refresh_id
                && rotation.next.refresh_id != rotation.next.access_id
                && rotation.next.refresh_expires_at == seconds_after_t0(7 * 24 * 3_600).floor_to_second()
                && rotation.reuse_grace == policy.reuse_grace()
                && rotation.now == T0
                && rotation.revoked_until == policy.revoked_until(T0)
        })
        .times(1)
        .in_sequence(order)
        .return_once(|_| Ok(outcome));
    sessions
}

/// An index that knows of no end, and is told of that of [`session`] once.
fn announcing(order: &mut Sequence) -> MockRevocations {
    let mut revocations = MockRevocations::new();
    revocations.expect_is_revoked().return_const(false);
    let until = SessionPolicy::DEFAULT.revoked_until(T0);
    revocations
        .expect_announce()
        .withf(move |all| *all == [Revocation { session_id: session().id, until }])
        .times(1)
        .in_sequence(order)
        .return_const(());
    revocations
}

fn ports(tokens: Arc<FakeTokens>, sessions: MockSessions) -> Ports {
    ports_with(users_that_hold(Some(active_user(1))), tokens, sessions)
}

fn ports_with(users: MockUsers, tokens: Arc<FakeTokens>, sessions: MockSessions) -> Ports {
    Ports {
        users: Arc::new(users),
        sessions: Arc::new(sessions),
        tokens,
        revocations: Arc::new(FakeRevocations::default()),
        ..Ports::untouched()
    }
}

async fn refresh(ports: Ports, token: &str) -> Result<TokenPair, RefreshError> {
    ports.refresh().refresh(&admission(), token, origin()).await
}

async fn fault_of(ports: Ports, token: &str) -> Fault {
    match refresh(ports, token).await {
        Err(RefreshError::Fault(fault)) => fault,
        other => panic!("no fault: {other:?}"),
    }
}

#[tokio::test]
async fn a_live_token_rotates_once_is_recorded_and_gives_the_pair_the_store_holds() {
    let (tokens, token) = token();
    let rotated = Session { current: builders::grant(2, T0), ..session() };
    let sessions = rotating(RotationOutcome::Rotated(rotated.clone()), &mut Sequence::new());
    let audit = recording(&[(EventKind::Refresh, None)]);
    let ports = Ports { audit: Arc::new(audit), ..ports(Arc::clone(&tokens), sessions) };
    let pair = refresh(ports, &token).await.unwrap();
    let name = active_user(1).username;
    assert_eq!(*tokens.read(pair.refresh_token.expose()).unwrap(), rotated.refresh_claims(&name));
    assert_eq!(*tokens.read(pair.access_token.expose()).unwrap(), rotated.access_claims(&name));
    assert_eq!((pair.expires_in_seconds, pair.refresh_expires_in_seconds), (1_800, 604_800));
}

#[tokio::test]
async fn a_repeated_token_gives_the_pair_and_writes_no_event() {
    let (tokens, token) = token();
    let replaced = Superseded { refresh_id: session().current.refresh_id, replaced_at: T0 };
    let held = Session { current: builders::grant(2, T0), superseded: Some(replaced), ..session() };
    let sessions = rotating(RotationOutcome::Repeated(held.clone()), &mut Sequence::new());
    let pair = refresh(ports(Arc::clone(&tokens), sessions), &token).await.unwrap();
    let expected = held.refresh_claims(&active_user(1).username);
    assert_eq!(*tokens.read(pair.refresh_token.expose()).unwrap(), expected);
}

#[tokio::test]
async fn b01_a_reused_token_is_announced_then_recorded_then_refused() {
    let (tokens, token) = token();
    let mut order = Sequence::new();
    let sessions = rotating(RotationOutcome::Reused(session()), &mut order);
    let revocations = announcing(&mut order);
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(|events| {
            events.iter().map(|event| event.kind).eq([EventKind::RefreshReuse])
                && events[0].session_id == Some(session().id)
                && events[0].user_id == Some(active_user(1).id)
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let ports =
        Ports { revocations: Arc::new(revocations), audit: Arc::new(audit), ..ports(tokens, sessions) };
    assert!(matches!(refresh(ports, &token).await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn a_token_of_an_ended_session_is_refused_and_its_end_announced() {
    let (tokens, token) = token();
    let mut order = Sequence::new();
    let sessions = rotating(RotationOutcome::Ended, &mut order);
    let revocations = announcing(&mut order);
    let ports = Ports { revocations: Arc::new(revocations), ..ports(tokens, sessions) };
    assert!(matches!(refresh(ports, &token).await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn a_token_that_is_not_genuine_reaches_neither_store_nor_index() {
    let mut tokens = MockTokens::new();
    tokens
        .expect_read()
        .withf(|text| text == "not a token")
        .times(1)
        .returning(|_| Err(TokenError::NotGenuine));
    let ports = Ports { tokens: Arc::new(tokens), ..Ports::untouched() };
    assert!(matches!(refresh(ports, "not a token").await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn a03_an_access_token_never_reaches_the_store() {
    let tokens = FakeTokens::default();
    let claims = session().access_claims(&active_user(1).username);
    let token = tokens.issue(&claims, &session().current.key_id).unwrap();
    let ports = Ports { tokens: Arc::new(tokens), ..Ports::untouched() };
    assert!(matches!(refresh(ports, token.expose()).await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn a_token_at_its_expiry_never_reaches_the_store() {
    let mut expired = session();
    expired.current.refresh_expires_at = T0;
    let tokens = FakeTokens::default();
    let claims = expired.refresh_claims(&active_user(1).username);
    let token = tokens.issue(&claims, &expired.current.key_id).unwrap();
    let ports = Ports { tokens: Arc::new(tokens), ..Ports::untouched() };
    assert!(matches!(refresh(ports, token.expose()).await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn a_token_of_a_revoked_session_never_reaches_the_store() {
    let (tokens, token) = token();
    let mut revocations = MockRevocations::new();
    revocations.expect_is_revoked().withf(|id| *id == session().id).times(1).return_const(true);
    let ports = Ports { tokens, revocations: Arc::new(revocations), ..Ports::untouched() };
    assert!(matches!(refresh(ports, &token).await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn nothing_rotates_for_an_account_that_is_gone_shut_or_under_another_name() {
    let shut = enrolled(1).status(Status::Disabled).build();
    let renamed = enrolled(1).named("somebody-else").build();
    for user in [None, Some(shut), Some(renamed)] {
        let (tokens, token) = token();
        let ports = ports_with(users_that_hold(user), tokens, MockSessions::new());
        assert!(matches!(refresh(ports, &token).await, Err(RefreshError::Refused)));
    }
}

#[tokio::test]
async fn a_store_that_cannot_find_the_account_rotates_nothing() {
    let (tokens, token) = token();
    let mut users = MockUsers::new();
    users.expect_find_by_id().times(1).returning(|_| Err(unanswered()));
    let ports = ports_with(users, tokens, MockSessions::new());
    assert!(matches!(fault_of(ports, &token).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn a_rotation_that_fails_is_not_recorded() {
    let (tokens, token) = token();
    let mut sessions = MockSessions::new();
    sessions.expect_rotate().times(1).returning(|_| Err(full()));
    assert!(matches!(fault_of(ports(tokens, sessions), &token).await, Fault::Full(_)));
}

#[tokio::test]
async fn h04_no_pair_is_handed_out_when_the_rotation_cannot_be_recorded() {
    let (tokens, token) = token();
    let sessions = rotating(RotationOutcome::Rotated(session()), &mut Sequence::new());
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(unanswered()));
    let ports = Ports { audit: Arc::new(audit), ..ports(tokens, sessions) };
    assert!(matches!(fault_of(ports, &token).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn a_reuse_that_cannot_be_recorded_is_announced_all_the_same() {
    let (tokens, token) = token();
    let mut order = Sequence::new();
    let sessions = rotating(RotationOutcome::Reused(session()), &mut order);
    let revocations = announcing(&mut order);
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(full()));
    let ports =
        Ports { revocations: Arc::new(revocations), audit: Arc::new(audit), ..ports(tokens, sessions) };
    assert!(matches!(fault_of(ports, &token).await, Fault::Full(_)));
}

#[tokio::test]
async fn i17_without_randomness_nothing_rotates() {
    let (tokens, token) = token();
    let entropy = FakeEntropy::default();
    entropy.set_failing(true);
    let ports = Ports { entropy: Arc::new(entropy), ..ports(tokens, MockSessions::new()) };
    assert!(matches!(fault_of(ports, &token).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn within_the_grace_a_lost_reply_is_given_again_byte_for_byte() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let first = world.refresh(&signed_in.tokens).await.unwrap();
    world.clock.advance(SessionPolicy::DEFAULT.reuse_grace() - Duration::from_millis(1));
    let again = world.refresh(&signed_in.tokens).await.unwrap();
    assert_eq!(again.access_token.expose(), first.access_token.expose());
    assert_eq!(again.refresh_token.expose(), first.refresh_token.expose());
    assert_eq!(again.expires_in_seconds, first.expires_in_seconds);
    assert_eq!(world.kinds().iter().filter(|kind| **kind == EventKind::Refresh).count(), 1);
}

#[tokio::test]
async fn b01_after_the_grace_a_copy_ends_the_session_for_both_holders() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let honest = world.refresh(&signed_in.tokens).await.unwrap();
    world.clock.advance(SessionPolicy::DEFAULT.reuse_grace());
    let copy = world.ports().refresh();
    let refused = copy.refresh(&admission(), signed_in.tokens.refresh_token.expose(), elsewhere()).await;
    assert!(matches!(refused, Err(RefreshError::Refused)));
    assert!(matches!(world.refresh(&honest).await, Err(RefreshError::Refused)));
    assert!(!world.lets_in(&honest).await && !world.lets_in(&signed_in.tokens).await);
    let last = world.audit.events().pop().unwrap();
    assert_eq!((last.kind, last.origin), (EventKind::RefreshReuse, Some(elsewhere())));
}

#[tokio::test]
async fn b08_refreshing_in_time_leads_to_the_absolute_end_and_no_further() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let ends_at = world.store.all_sessions()[0].ends_at;
    let mut tokens = signed_in.tokens;
    for _ in 0..5 {
        world.clock.advance(Duration::from_secs(6 * 24 * 3_600 - 10));
        tokens = world.refresh(&tokens).await.unwrap();
    }
    let claims = world.tokens.read(tokens.refresh_token.expose()).unwrap();
    assert_eq!(claims.expires_at, ends_at);
    world.clock.set_wall(ends_at);
    assert!(matches!(world.refresh(&tokens).await, Err(RefreshError::Refused)));
}
