//! Signing out: ended in the store, announced, recorded, in this order.

use crate::support::{Ports, World, elsewhere, full, origin, unanswered};
use epic_domain::Timestamp;
use epic_domain::audit::EventKind;
use epic_domain::id::SessionId;
use epic_domain::session::{Revocation, SessionPolicy};
use epic_inbound::Fault;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::refresh::RefreshError;
use epic_inbound::sign_out::SignOutScope;
use epic_outbound::audit::MockAudit;
use epic_outbound::revocations::MockRevocations;
use epic_outbound::sessions::{EndScope, MockSessions};
use epic_tests::builders::{self, T0};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

/// Someone who is signed in.
async fn caller() -> Authenticated {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    world.authenticate(&signed_in.tokens).await.unwrap()
}

fn until() -> Timestamp {
    SessionPolicy::DEFAULT.revoked_until(T0)
}

fn announcing(order: &mut Sequence, expected: Vec<Revocation>) -> MockRevocations {
    let mut revocations = MockRevocations::new();
    announce(&mut revocations, order, expected);
    revocations
}

fn announce(revocations: &mut MockRevocations, order: &mut Sequence, expected: Vec<Revocation>) {
    revocations
        .expect_announce()
        .withf(move |all| all == expected)
        .times(1)
        .in_sequence(order)
        .return_const(());
}

fn recording(order: &mut Sequence, kind: EventKind, caller: &Authenticated) -> MockAudit {
    let (user_id, session_id) = (caller.user().id, caller.claims().session_id);
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(move |events| {
            events.len() == 1
                && events[0].kind == kind
                && events[0].user_id == Some(user_id)
                && events[0].session_id == Some(session_id)
                && events[0].origin == Some(elsewhere())
        })
        .times(1)
        .in_sequence(order)
        .returning(|_| Ok(()));
    audit
}

fn ended_together(ids: &[SessionId]) -> Vec<Revocation> {
    ids.iter().map(|session_id| Revocation { session_id: *session_id, until: until() }).collect()
}

#[tokio::test]
async fn one_session_is_ended_then_announced_then_recorded() {
    let caller = caller().await;
    let session_id = caller.claims().session_id;
    // Whether or not it had ended before: the index may not have heard of it.
    for ended_now in [true, false] {
        let mut order = Sequence::new();
        let mut sessions = MockSessions::new();
        sessions
            .expect_end()
            .withf(move |id, revoked_until| *id == session_id && *revoked_until == until())
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_, _| Ok(ended_now));
        let revocations = announcing(&mut order, ended_together(&[session_id]));
        let audit = recording(&mut order, EventKind::Logout, &caller);
        let ports = Ports {
            sessions: Arc::new(sessions),
            revocations: Arc::new(revocations),
            audit: Arc::new(audit),
            ..Ports::untouched()
        };
        ports.sign_out().sign_out(&caller, SignOutScope::Session, elsewhere()).await.unwrap();
    }
}

async fn several_are_ended(scope: SignOutScope, in_store: impl Fn(SessionId) -> EndScope, kind: EventKind) {
    let caller = caller().await;
    let user_id = caller.user().id;
    let in_store = in_store(caller.claims().session_id);
    let ended = [builders::session_id(5), builders::session_id(6)];
    let ended_before = vec![Revocation { session_id: builders::session_id(7), until: T0 }];
    let mut order = Sequence::new();
    let mut sessions = MockSessions::new();
    sessions
        .expect_end_many()
        .withf(move |id, scope, revoked_until| {
            *id == user_id && *scope == in_store && *revoked_until == until()
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_, _, _| Ok(ended.to_vec()));
    let mut revocations = announcing(&mut order, ended_together(&ended));
    let remembered = ended_before.clone();
    sessions
        .expect_live_revocations()
        .withf(|since| *since == until().saturating_sub(Duration::from_secs(30)))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_| Ok(remembered.clone()));
    announce(&mut revocations, &mut order, ended_before);
    let audit = recording(&mut order, kind, &caller);
    let ports = Ports {
        sessions: Arc::new(sessions),
        revocations: Arc::new(revocations),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    ports.sign_out().sign_out(&caller, scope, elsewhere()).await.unwrap();
}

#[tokio::test]
async fn exactly_the_others_that_the_store_ended_are_announced_and_then_what_it_remembers() {
    several_are_ended(SignOutScope::Others, EndScope::AllExcept, EventKind::LogoutOthers).await;
}

#[tokio::test]
async fn exactly_all_that_the_store_ended_are_announced_and_then_what_it_remembers() {
    several_are_ended(SignOutScope::All, |_| EndScope::All, EventKind::LogoutAll).await;
}

#[tokio::test]
async fn what_the_store_did_not_end_is_neither_announced_nor_recorded() {
    let caller = caller().await;
    for scope in [SignOutScope::Session, SignOutScope::Others, SignOutScope::All] {
        let mut sessions = MockSessions::new();
        sessions.expect_end().returning(|_, _| Err(unanswered()));
        sessions.expect_end_many().returning(|_, _, _| Err(unanswered()));
        let ports = Ports { sessions: Arc::new(sessions), ..Ports::untouched() };
        let result = ports.sign_out().sign_out(&caller, scope, origin()).await;
        assert!(matches!(result, Err(Fault::Unavailable(_))), "{scope:?}: {result:?}");
    }
}

#[tokio::test]
async fn an_end_that_cannot_be_recorded_is_announced_all_the_same() {
    let caller = caller().await;
    let mut order = Sequence::new();
    let mut sessions = MockSessions::new();
    sessions.expect_end().times(1).returning(|_, _| Ok(true));
    let revocations = announcing(&mut order, ended_together(&[caller.claims().session_id]));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(full()));
    let ports = Ports {
        sessions: Arc::new(sessions),
        revocations: Arc::new(revocations),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    let result = ports.sign_out().sign_out(&caller, SignOutScope::Session, origin()).await;
    assert!(matches!(result, Err(Fault::Full(_))), "{result:?}");
}

#[tokio::test]
async fn b04_signing_out_ends_the_refresh_token_too() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    assert!(!world.lets_in(&signed_in.tokens).await);
    assert!(matches!(world.refresh(&signed_in.tokens).await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn others_spares_the_caller_and_other_people() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let (someone_else, _) = world.confirmed(2).await;
    let caller = world.authenticate(&here.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Others).await.unwrap();
    assert!(world.lets_in(&here.tokens).await);
    assert!(!world.lets_in(&there.tokens).await);
    assert!(world.lets_in(&someone_else.tokens).await);
}

#[tokio::test]
async fn all_spares_other_people_alone() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let (someone_else, _) = world.confirmed(2).await;
    let caller = world.authenticate(&here.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::All).await.unwrap();
    assert!(!world.lets_in(&here.tokens).await);
    assert!(!world.lets_in(&there.tokens).await);
    assert!(world.lets_in(&someone_else.tokens).await);
}
