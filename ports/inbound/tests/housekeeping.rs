//! Housekeeping: takes up where the server left off, and sweeps until nothing is left to sweep.

use crate::support::{Ports, World, elsewhere, full, origin, unanswered};
use epic_domain::Monotonic;
use epic_domain::audit::EventKind;
use epic_domain::session::{Revocation, SessionPolicy};
use epic_inbound::Fault;
use epic_inbound::sign_out::SignOutScope;
use epic_outbound::access_log::{Access, AccessSummary, MockAccessLog};
use epic_outbound::audit::{Audit, EVENTS_MAX, MockAudit};
use epic_outbound::clock::Clock;
use epic_outbound::head_signer::HeadSigner;
use epic_outbound::limiter::MockLimiter;
use epic_outbound::revocations::MockRevocations;
use epic_outbound::sessions::MockSessions;
use epic_outbound::users::MockUsers;
use epic_tests::builders::{self, T0, seconds_after_t0};
use epic_tests::fakes::Fault::BeforeWrite;
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn taking_up_announces_what_the_store_remembers() {
    let remembered: Vec<_> = (1..=3)
        .map(|seed| Revocation { session_id: builders::session_id(seed), until: seconds_after_t0(seed) })
        .collect();
    let mut sessions = MockSessions::new();
    let from_store = remembered.clone();
    sessions.expect_live_revocations().withf(|now| *now == T0).times(1).return_once(|_| Ok(from_store));
    let mut revocations = MockRevocations::new();
    revocations.expect_announce().withf(move |all| all == remembered).times(1).return_const(());
    let ports =
        Ports { sessions: Arc::new(sessions), revocations: Arc::new(revocations), ..Ports::untouched() };
    ports.housekeeping().take_up().await.unwrap();
}

#[tokio::test]
async fn a_store_that_remembers_nothing_because_it_does_not_answer_stops_the_start() {
    let mut sessions = MockSessions::new();
    sessions.expect_live_revocations().times(1).returning(|_| Err(unanswered()));
    let ports = Ports { sessions: Arc::new(sessions), ..Ports::untouched() };
    assert!(matches!(ports.housekeeping().take_up().await, Err(Fault::Unavailable(_))));
}

#[tokio::test]
async fn catching_up_asks_for_what_ended_in_the_last_half_minute_alone_and_announces_it() {
    let policy = SessionPolicy::DEFAULT;
    let since = policy.revoked_until(T0.saturating_sub(Duration::from_secs(30)));
    let ended = vec![Revocation { session_id: builders::session_id(1), until: policy.revoked_until(T0) }];
    let mut sessions = MockSessions::new();
    let from_store = ended.clone();
    sessions
        .expect_live_revocations()
        .withf(move |now| *now == since)
        .times(1)
        .return_once(|_| Ok(from_store));
    let mut revocations = MockRevocations::new();
    revocations.expect_announce().withf(move |all| all == ended).times(1).return_const(());
    let ports =
        Ports { sessions: Arc::new(sessions), revocations: Arc::new(revocations), ..Ports::untouched() };
    ports.housekeeping().catch_up().await.unwrap();
}

#[tokio::test]
async fn catching_up_takes_in_what_another_node_ended_lately_and_nothing_older() {
    let mut world = World::unlimited();
    let (older, _) = world.confirmed(1).await;
    let caller = world.authenticate(&older.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    world.clock.advance(Duration::from_secs(31));
    let recent = world.signed_in(1).await;
    let caller = world.authenticate(&recent.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    // Another node, which has heard of neither.
    world.revocations = Arc::default();
    assert!(world.lets_in(&recent.tokens).await);
    world.clock.advance(Duration::from_secs(29));
    world.ports().housekeeping().catch_up().await.unwrap();
    assert!(!world.lets_in(&recent.tokens).await);
    assert!(world.lets_in(&older.tokens).await, "that one was taken in long ago, or at the start");
}

#[tokio::test]
async fn a_round_of_catching_up_that_fails_is_a_fault_and_announces_nothing() {
    let mut sessions = MockSessions::new();
    sessions.expect_live_revocations().times(1).returning(|_| Err(unanswered()));
    let ports = Ports { sessions: Arc::new(sessions), ..Ports::untouched() };
    assert!(matches!(ports.housekeeping().catch_up().await, Err(Fault::Unavailable(_))));
}

#[tokio::test]
async fn the_audit_head_is_signed_and_kept_once_for_each_length_of_the_chain() {
    let world = World::unlimited();
    let housekeeping = world.ports().housekeeping();
    assert_eq!(housekeeping.sign_audit_head().await.unwrap(), None, "an empty chain says nothing");
    world.register(1).await.unwrap();
    let first = housekeeping.sign_audit_head().await.unwrap().unwrap();
    assert_eq!(first.anchor, world.audit.anchor().await.unwrap());
    assert_eq!(first.at, world.clock.now());
    assert!(world.signer.is_genuine(&first));
    world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(housekeeping.sign_audit_head().await.unwrap(), None, "the chain has not grown");
    assert_eq!(
        world.ports().housekeeping().sign_audit_head().await.unwrap(),
        None,
        "after a restart neither"
    );
    world.register(2).await.unwrap();
    let second = housekeeping.sign_audit_head().await.unwrap().unwrap();
    assert_eq!(second.anchor.length, 2);
    assert_eq!(world.audit.signed_heads(0, 10).await.unwrap(), [first, second]);
}

#[tokio::test]
async fn a_head_that_cannot_be_signed_or_kept_is_a_fault_and_signed_in_the_next_round() {
    let world = World::unlimited();
    world.register(1).await.unwrap();
    let housekeeping = world.ports().housekeeping();
    world.signer.set_failing(true);
    assert!(matches!(housekeeping.sign_audit_head().await, Err(Fault::Unavailable(_))));
    world.signer.set_failing(false);
    for passing in 0..3 {
        world.audit.faults().fail_after(passing, BeforeWrite);
        assert!(matches!(housekeeping.sign_audit_head().await, Err(Fault::Unavailable(_))), "{passing}");
    }
    assert!(housekeeping.sign_audit_head().await.unwrap().is_some());
}

#[test]
fn memory_is_pruned_by_the_clock_that_each_thing_counts_on() {
    let mut limiter = MockLimiter::new();
    limiter.expect_prune().withf(|now| *now == Monotonic::from_millis(1_000_000)).times(1).return_const(());
    let mut revocations = MockRevocations::new();
    revocations.expect_prune().withf(|now| *now == T0).times(1).return_const(());
    let ports =
        Ports { limiter: Arc::new(limiter), revocations: Arc::new(revocations), ..Ports::untouched() };
    ports.housekeeping().prune_memory();
}

/// A store in which these many are removed, one batch after the other.
fn sweeping(users: &[u32], sessions: &[u32]) -> Ports {
    let mut order = Sequence::new();
    let mut of_users = MockUsers::new();
    for removed in users.iter().copied() {
        of_users
            .expect_remove_expired_pending()
            .withf(|now, limit| *now == T0 && *limit == 500)
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_, _| Ok(removed));
    }
    let mut of_sessions = MockSessions::new();
    for removed in sessions.iter().copied() {
        of_sessions
            .expect_remove_expired()
            .withf(|now, limit| *now == T0 && *limit == 500)
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_, _| Ok(removed));
    }
    Ports { users: Arc::new(of_users), sessions: Arc::new(of_sessions), ..Ports::untouched() }
}

#[tokio::test]
async fn a_sweep_goes_on_until_a_batch_comes_back_short() {
    // Sessions and revocations are limited apart, so a batch of theirs can hold twice the limit.
    sweeping(&[500, 500, 499], &[1_000, 500, 0]).housekeeping().sweep_store().await.unwrap();
}

#[tokio::test]
async fn a_sweep_with_nothing_to_do_asks_once_each() {
    sweeping(&[0], &[0]).housekeeping().sweep_store().await.unwrap();
}

#[tokio::test]
async fn a_sweep_stops_at_the_first_fault() {
    let mut users = MockUsers::new();
    users.expect_remove_expired_pending().times(1).returning(|_, _| Err(full()));
    let ports = Ports { users: Arc::new(users), ..Ports::untouched() };
    assert!(matches!(ports.housekeeping().sweep_store().await, Err(Fault::Full(_))));
}

fn summary(seed: u64, count: u32) -> AccessSummary {
    let last = Access {
        user_id: builders::user_id(seed),
        session_id: builders::session_id(seed),
        origin: elsewhere(),
        at: seconds_after_t0(seed),
    };
    AccessSummary { last, count }
}

fn noted(summaries: Vec<AccessSummary>) -> Arc<MockAccessLog> {
    let mut access_log = MockAccessLog::new();
    access_log.expect_drain().times(1).return_once(|| summaries);
    Arc::new(access_log)
}

#[tokio::test]
async fn accesses_touch_their_sessions_and_are_recorded_with_their_counts() {
    let mut order = Sequence::new();
    let mut sessions = MockSessions::new();
    sessions
        .expect_touch()
        .withf(|seen| {
            *seen
                == [
                    (builders::session_id(1), seconds_after_t0(1)),
                    (builders::session_id(2), seconds_after_t0(2)),
                ]
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(|events| {
            let expected = [summary(1, 3), summary(2, 40)];
            events.len() == expected.len()
                && events.iter().zip(expected).all(|(event, AccessSummary { last, count })| {
                    event.kind == EventKind::Access
                        && event.at == last.at
                        && event.user_id == Some(last.user_id)
                        && event.session_id == Some(last.session_id)
                        && event.origin == Some(last.origin)
                        && event.count == count
                })
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let ports = Ports {
        access_log: noted(vec![summary(1, 3), summary(2, 40)]),
        sessions: Arc::new(sessions),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    ports.housekeeping().record_accesses().await.unwrap();
}

#[tokio::test]
async fn accesses_beyond_what_one_append_takes_are_recorded_in_several() {
    let mut sessions = MockSessions::new();
    sessions.expect_touch().times(1).returning(|_| Ok(()));
    let mut order = Sequence::new();
    let mut audit = MockAudit::new();
    for (first, length) in [(0, EVENTS_MAX), (EVENTS_MAX, EVENTS_MAX), (2 * EVENTS_MAX, 1)] {
        let first = summary(u64::try_from(first).unwrap(), 1).last.session_id;
        audit
            .expect_append()
            .withf(move |events| events.len() == length && events[0].session_id == Some(first))
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));
    }
    let seeds = 0..=2 * u64::try_from(EVENTS_MAX).unwrap();
    let ports = Ports {
        access_log: noted(seeds.map(|seed| summary(seed, 1)).collect()),
        sessions: Arc::new(sessions),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    ports.housekeeping().record_accesses().await.unwrap();
}

#[tokio::test]
async fn without_accesses_nothing_is_written() {
    let ports = Ports { access_log: noted(Vec::new()), ..Ports::untouched() };
    ports.housekeeping().record_accesses().await.unwrap();
}

#[tokio::test]
async fn accesses_that_cannot_be_written_are_a_fault_and_the_log_does_not_hang_on_the_sessions() {
    let mut sessions = MockSessions::new();
    sessions.expect_touch().times(1).returning(|_| Err(full()));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Ok(()));
    let ports = Ports {
        access_log: noted(vec![summary(1, 3)]),
        sessions: Arc::new(sessions),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    assert!(matches!(ports.housekeeping().record_accesses().await, Err(Fault::Full(_))));

    let mut sessions = MockSessions::new();
    sessions.expect_touch().times(1).returning(|_| Ok(()));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(unanswered()));
    let ports = Ports {
        access_log: noted(vec![summary(1, 3)]),
        sessions: Arc::new(sessions),
        audit: Arc::new(audit),
        ..Ports::untouched()
    };
    assert!(matches!(ports.housekeeping().record_accesses().await, Err(Fault::Unavailable(_))));
}

#[tokio::test]
async fn b07_a_session_signed_out_before_a_restart_stays_out_after_it() {
    let mut world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    world.revocations = Arc::default();
    assert!(world.lets_in(&signed_in.tokens).await, "without the index the token looks alive");
    world.ports().housekeeping().take_up().await.unwrap();
    assert!(!world.lets_in(&signed_in.tokens).await);
}

#[tokio::test]
async fn b13_a_sweep_leaves_nothing_of_the_unconfirmed_and_the_expired() {
    let world = World::unlimited();
    world.register(1).await.unwrap();
    let (signed_in, _) = world.confirmed(2).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    world.signed_in(2).await;
    world.clock.advance(Duration::from_secs(31 * 24 * 3_600));
    world.ports().housekeeping().sweep_store().await.unwrap();
    assert_eq!(world.store.all_users(), [world.user(2)]);
    assert_eq!(world.store.all_sessions(), []);
}

#[tokio::test]
async fn the_last_use_of_a_session_becomes_its_last_seen_time() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(5));
        assert!(world.lets_in(&signed_in.tokens).await);
    }
    world.ports().housekeeping().record_accesses().await.unwrap();
    let last = world.audit.events().pop().unwrap();
    assert_eq!((last.kind, last.count, last.origin), (EventKind::Access, 3, Some(origin())));
    assert_eq!(world.store.all_sessions()[0].last_seen_at, last.at);
}
