//! One's own sessions: listed page by page, ended one by one; other people's do not exist.

use crate::support::{Ports, World, announcing, elsewhere, full, origin};
use epic_domain::audit::EventKind;
use epic_domain::id::SessionId;
use epic_inbound::Fault;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::refresh::RefreshError;
use epic_inbound::sessions::EndOutcome;
use epic_inbound::sign_out::SignOutScope;
use epic_outbound::audit::MockAudit;
use epic_outbound::sessions::MockSessions;
use epic_tests::builders::{self, T0};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

async fn listed(world: &World, caller: &Authenticated, limit: u32) -> Vec<Vec<SessionId>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = world.ports().own_sessions().list(caller, after, limit).await.unwrap();
        pages.push(page.sessions.iter().map(|session| session.id).collect());
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn pages_of_any_size_join_to_all_live_sessions_in_the_order_of_their_opening() {
    let world = World::unlimited();
    let (first, _) = world.confirmed(1).await;
    world.confirmed(2).await;
    let mut own = vec![first.tokens.session_id];
    for _ in 0..4 {
        own.push(world.signed_in(1).await.tokens.session_id);
    }
    let caller = world.authenticate(&first.tokens).await.unwrap();
    for limit in 1..=6 {
        let pages = listed(&world, &caller, limit).await;
        assert_eq!(pages.len(), own.len().div_ceil(usize::try_from(limit).unwrap()));
        assert_eq!(pages.concat(), own, "{limit}");
    }
}

#[tokio::test]
async fn neither_ended_nor_expired_sessions_are_listed() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let ended = world.signed_in(1).await;
    let caller = world.authenticate(&ended.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    world.clock.advance(Duration::from_secs(8 * 24 * 3_600));
    let live = world.signed_in(1).await;
    let caller = world.authenticate(&live.tokens).await.unwrap();
    assert_eq!(listed(&world, &caller, 10).await, [[live.tokens.session_id]]);
}

#[tokio::test]
async fn a_session_that_is_ended_from_another_is_out_at_once() {
    let world = World::unlimited();
    let (here, _) = world.confirmed(1).await;
    let there = world.signed_in(1).await;
    let caller = world.authenticate(&here.tokens).await.unwrap();
    let end = world.ports().own_sessions();
    let session_id = there.tokens.session_id;
    assert_eq!(end.end(&caller, session_id, origin()).await.unwrap(), EndOutcome::Ended);
    assert!(!world.lets_in(&there.tokens).await && world.lets_in(&here.tokens).await);
    assert!(matches!(world.refresh(&there.tokens).await, Err(RefreshError::Refused)));
    let event = world.audit.events().pop().unwrap();
    assert_eq!((event.kind, event.session_id), (EventKind::SessionEnded, Some(session_id)));
    assert_eq!(event.user_id, Some(caller.user().id));
    assert_eq!(end.end(&caller, session_id, origin()).await.unwrap(), EndOutcome::NotFound);
}

#[tokio::test]
async fn f01_someone_elses_session_is_not_found_like_one_that_never_was_and_lives_on() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let (other, _) = world.confirmed(2).await;
    let events = world.audit.events().len();
    for session_id in [other.tokens.session_id, builders::session_id(77)] {
        let outcome = world.ports().own_sessions().end(&caller, session_id, origin()).await.unwrap();
        assert_eq!(outcome, EndOutcome::NotFound);
    }
    assert_eq!(world.audit.events().len(), events);
    assert!(world.lets_in(&other.tokens).await && world.refresh(&other.tokens).await.is_ok());
}

#[tokio::test]
async fn it_is_ended_in_the_store_then_announced_then_recorded() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let (user_id, session_id) = (caller.user().id, builders::session_id(5));
    let mut order = Sequence::new();
    let mut sessions = MockSessions::new();
    sessions
        .expect_end_owned()
        .withf(move |id, ended, until| {
            let expected = epic_domain::session::SessionPolicy::DEFAULT.revoked_until(T0);
            (*id, *ended, *until) == (user_id, session_id, expected)
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _, _| Ok(true));
    let revocations = announcing(&mut order, &[session_id], T0);
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(|events| events[0].origin == Some(elsewhere()))
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(full()));
    let ports = Ports {
        sessions: Arc::new(sessions),
        revocations: Arc::new(revocations),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    let unrecorded = ports.own_sessions().end(&caller, session_id, elsewhere()).await;
    assert!(matches!(unrecorded, Err(Fault::Full(_))), "{unrecorded:?}");
}
