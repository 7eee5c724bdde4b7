//! Keeping in step, on doubles: in which order the store is asked, for what, and what comes of a fault between.

use crate::support::{Ports, active_user, denial, origin, unanswered};
use epic_domain::Timestamp;
use epic_domain::rate_limit::{Action, Decision};
use epic_domain::session::{Claims, Revocation, SessionPolicy};
use epic_inbound::Fault;
use epic_inbound::authenticate::AuthenticateError;
use epic_inbound::node_sync::{
    ANSWERED_WITHIN, LastHeard, NodeSync, NodeSyncPorts, QUESTION_PERIOD, Step, TRUSTED_FOR,
};
use epic_outbound::changes::{
    MockAccountMemory, MockChangeFeed, MockChanges, MockUpToDate, StoreChange, Told, UpToDate,
};
use epic_outbound::limiter::MockLimiter;
use epic_outbound::revocations::MockRevocations;
use epic_outbound::sessions::MockSessions;
use epic_outbound::tokens::MockTokens;
use epic_tests::builders::{self, T0, seconds_after_t0, session_id, user_id};
use epic_tests::fakes::FakeClock;
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

fn ended(seed: u64) -> Revocation {
    Revocation { session_id: session_id(seed), until: seconds_after_t0(60) }
}

/// Doubles for everything that a step touches.
struct Doubles {
    changes: MockChanges,
    sessions: MockSessions,
    revocations: MockRevocations,
    account_memory: MockAccountMemory,
    clock: Arc<FakeClock>,
}

impl Doubles {
    fn untouched() -> Self {
        Self {
            changes: MockChanges::new(),
            sessions: MockSessions::new(),
            revocations: MockRevocations::new(),
            account_memory: MockAccountMemory::new(),
            clock: Arc::default(),
        }
    }

    /// A node that opens these feeds, one after the other, and has missed nothing before each.
    fn opening(feeds: impl IntoIterator<Item = MockChangeFeed>) -> Self {
        let mut doubles = Self::untouched();
        for feed in feeds {
            doubles.changes.expect_follow().times(1).return_once(move || Ok(Some(Box::new(feed))));
        }
        doubles.sessions.expect_live_revocations().returning(|_| Ok(Vec::new()));
        doubles.account_memory.expect_forget_all().return_const(());
        doubles
    }

    fn build(self) -> (NodeSync, Arc<LastHeard>) {
        let last_heard = Arc::new(LastHeard::new(Arc::clone(&self.clock) as _));
        let ports = NodeSyncPorts {
            changes: Arc::new(self.changes),
            sessions: Arc::new(self.sessions),
            revocations: Arc::new(self.revocations),
            account_memory: Arc::new(self.account_memory),
            clock: self.clock,
        };
        (NodeSync::new(ports, Arc::clone(&last_heard), SessionPolicy::DEFAULT), last_heard)
    }
}

fn told(answered: Option<u64>) -> Told {
    Told { changes: Vec::new(), answered }
}

/// It tells nothing and answers nothing.
fn silent_feed() -> MockChangeFeed {
    let mut feed = MockChangeFeed::new();
    feed.expect_ask().return_const(());
    feed.expect_next().returning(|| Ok(told(None)));
    feed
}

/// It takes any question and gives these answers, one after the other.
fn answering_feed(answers: impl IntoIterator<Item = Option<u64>>) -> MockChangeFeed {
    let mut feed = MockChangeFeed::new();
    feed.expect_ask().return_const(());
    for answered in answers {
        feed.expect_next().times(1).return_once(move || Ok(told(answered)));
    }
    feed
}

/// A node that has opened this feed, and its clock.
async fn following(feed: MockChangeFeed) -> (NodeSync, Arc<LastHeard>, Arc<FakeClock>) {
    let mut doubles = Doubles::opening([feed]);
    doubles.revocations.expect_announce().return_const(());
    let clock = Arc::clone(&doubles.clock);
    let (sync, last_heard) = doubles.build();
    sync.step().await.unwrap();
    (sync, last_heard, clock)
}

const ALMOST: Duration = Duration::from_millis(1);

/// The other way round, what ends between the question and the opening would never be heard of.
#[tokio::test]
async fn the_feed_is_open_before_the_store_is_asked_and_memory_is_trusted_after_both() {
    let mut order = Sequence::new();
    let mut doubles = Doubles::untouched();
    doubles
        .changes
        .expect_follow()
        .times(1)
        .in_sequence(&mut order)
        .return_once(|| Ok(Some(Box::new(silent_feed()))));
    doubles
        .sessions
        .expect_live_revocations()
        .withf(|now| *now == T0)
        .times(1)
        .in_sequence(&mut order)
        .return_once(|_| Ok(vec![ended(1)]));
    doubles
        .revocations
        .expect_announce()
        .withf(|all| all == [ended(1)])
        .times(1)
        .in_sequence(&mut order)
        .return_const(());
    doubles.account_memory.expect_forget_all().times(1).in_sequence(&mut order).return_const(());
    let (sync, last_heard) = doubles.build();
    assert!(!last_heard.is_up_to_date(), "nothing was heard yet");
    assert_eq!(sync.step().await.unwrap(), Step::Followed);
    assert!(last_heard.is_up_to_date());
}

#[tokio::test]
async fn a_start_at_which_the_store_does_not_answer_is_a_fault_and_nothing_is_trusted() {
    let mut doubles = Doubles::untouched();
    doubles.changes.expect_follow().times(1).returning(|| Err(unanswered()));
    doubles.changes.expect_follow().times(1).returning(|| Ok(Some(Box::new(silent_feed()))));
    doubles.sessions.expect_live_revocations().times(1).returning(|_| Err(unanswered()));
    let (sync, last_heard) = doubles.build();
    for _ in 0..2 {
        assert!(matches!(sync.step().await, Err(Fault::Unavailable(_))));
        assert!(!last_heard.is_up_to_date());
    }
}

/// A node that loses its feed at the second step, opens another, and asks the store each time for what ended since then; and its
/// clock.
fn losing_its_feed(asked_since: [Timestamp; 2]) -> (NodeSync, Arc<LastHeard>, Arc<FakeClock>) {
    let mut lost = MockChangeFeed::new();
    lost.expect_ask().return_const(());
    lost.expect_next().times(1).returning(|| Err(unanswered()));
    let mut doubles = Doubles::untouched();
    doubles.changes.expect_follow().times(1).return_once(move || Ok(Some(Box::new(lost))));
    doubles.changes.expect_follow().times(1).return_once(|| Ok(Some(Box::new(silent_feed()))));
    let mut order = Sequence::new();
    for since in asked_since {
        doubles
            .sessions
            .expect_live_revocations()
            .withf(move |now| *now == since)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(Vec::new()));
    }
    doubles.revocations.expect_announce().return_const(());
    doubles.account_memory.expect_forget_all().times(2).return_const(());
    let clock = Arc::clone(&doubles.clock);
    let (sync, last_heard) = doubles.build();
    (sync, last_heard, clock)
}

/// What is asked for of those that ended in the last `span` before `now`, and half a minute more.
fn ended_within(span: Duration, now: Timestamp) -> Timestamp {
    SessionPolicy::DEFAULT.revoked_until(now).saturating_sub(span + Duration::from_secs(30))
}

#[tokio::test]
async fn after_a_gap_the_store_is_asked_for_what_ended_in_it_and_half_a_minute_more() {
    let gap = Duration::from_secs(100);
    let (sync, _, clock) = losing_its_feed([T0, ended_within(gap, T0.saturating_add(gap))]);
    sync.step().await.unwrap();
    assert!(sync.step().await.is_err());
    clock.advance(gap);
    sync.step().await.unwrap();
}

/// The machine slept: the clock that only goes forward stood still meanwhile.
#[tokio::test]
async fn what_a_node_slept_through_is_asked_for_and_its_memory_is_not_trusted() {
    let slept = Duration::from_secs(3_600);
    let awake_again = T0.saturating_add(slept);
    let (sync, last_heard, clock) = losing_its_feed([T0, ended_within(slept, awake_again)]);
    sync.step().await.unwrap();
    clock.set_wall(awake_again);
    assert!(!last_heard.is_up_to_date());
    assert!(sync.step().await.is_err());
    sync.step().await.unwrap();
    assert!(last_heard.is_up_to_date());
}

#[tokio::test]
async fn an_account_that_changed_often_is_forgotten_once() {
    let changes = [1, 2, 1, 1].map(|seed| StoreChange::Account(user_id(seed))).to_vec();
    let mut feed = MockChangeFeed::new();
    feed.expect_ask().return_const(());
    feed.expect_next().times(1).return_once(|| Ok(Told { changes, answered: None }));
    let mut doubles = Doubles::opening([feed]);
    doubles.revocations.expect_announce().return_const(());
    for seed in [1, 2] {
        doubles
            .account_memory
            .expect_forget()
            .withf(move |id| *id == user_id(seed))
            .times(1)
            .return_const(());
    }
    let (sync, _) = doubles.build();
    sync.step().await.unwrap();
    sync.step().await.unwrap();
}

/// Whoever tells may itself be behind: a server that is no primary any more, or one that waits for another.
#[tokio::test]
async fn a_feed_that_tells_nothing_proves_nothing() {
    let (sync, last_heard, clock) = following(silent_feed()).await;
    clock.advance(TRUSTED_FOR - ALMOST);
    sync.step().await.unwrap();
    assert!(last_heard.is_up_to_date());
    clock.advance(ALMOST);
    sync.step().await.unwrap();
    assert!(!last_heard.is_up_to_date());
}

/// The answer proves what was so when it was asked for, however long it took.
#[tokio::test]
async fn an_answer_that_was_long_under_way_is_as_old_as_its_question() {
    let (sync, last_heard, clock) = following(answering_feed([None, Some(1)])).await;
    clock.advance(Duration::from_millis(100));
    sync.step().await.unwrap();
    clock.advance(TRUSTED_FOR - ALMOST);
    assert!(!last_heard.is_up_to_date());
    sync.step().await.unwrap();
    assert!(last_heard.is_up_to_date());
    clock.advance(ALMOST);
    assert!(!last_heard.is_up_to_date());
}

#[tokio::test]
async fn a_question_is_asked_every_half_second_and_an_answer_stands_for_those_before_it() {
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut feed = MockChangeFeed::new();
    let noted = Arc::clone(&asked);
    feed.expect_ask().returning(move |question| noted.lock().unwrap().push(question));
    // The second answer comes after the third, which says more.
    for answered in [None, None, None, Some(3), Some(2)] {
        feed.expect_next().times(1).return_once(move || Ok(told(answered)));
    }
    let (sync, last_heard, clock) = following(feed).await;
    for step in 0..3 {
        sync.step().await.unwrap();
        assert_eq!(asked.lock().unwrap().len(), step + 1);
        clock.advance(QUESTION_PERIOD - ALMOST);
        if step < 2 {
            clock.advance(ALMOST);
        }
    }
    sync.step().await.unwrap();
    sync.step().await.unwrap();
    assert_eq!(*asked.lock().unwrap(), [1, 2, 3], "no more than one each half second");
    clock.advance(TRUSTED_FOR - QUESTION_PERIOD);
    assert!(last_heard.is_up_to_date(), "the third was asked a moment less than the period ago");
    clock.advance(ALMOST);
    assert!(!last_heard.is_up_to_date());
}

#[tokio::test]
async fn a_feed_that_answers_nothing_is_lost_after_a_while_and_another_is_opened() {
    let mut doubles = Doubles::opening([silent_feed(), answering_feed([Some(3)])]);
    doubles.revocations.expect_announce().return_const(());
    let clock = Arc::clone(&doubles.clock);
    let (sync, last_heard) = doubles.build();
    sync.step().await.unwrap();
    for _ in 0..2 {
        sync.step().await.unwrap();
        clock.advance(ANSWERED_WITHIN / 2);
    }
    sync.step().await.unwrap();
    clock.advance(ALMOST);
    assert!(matches!(sync.step().await, Err(Fault::Unavailable(_))));
    assert!(!last_heard.is_up_to_date());
    assert_eq!(sync.step().await.unwrap(), Step::Followed);
    assert!(last_heard.is_up_to_date(), "the store was asked");
    // Questions of the first feed may still come by: numbers are never used twice.
    clock.advance(TRUSTED_FOR);
    sync.step().await.unwrap();
    assert!(!last_heard.is_up_to_date(), "that was the answer to an earlier one");
}

fn tokens_of_someone() -> Arc<MockTokens> {
    let session = builders::session(1, active_user(1).id).build();
    let claims: Arc<Claims> = Arc::new(session.access_claims(&active_user(1).username));
    let mut tokens = MockTokens::new();
    tokens.expect_read().times(1).return_once(move |_| Ok(claims));
    Arc::new(tokens)
}

/// The other way round, an index that lacks the session could be filled, and trusted, between the two.
#[tokio::test]
async fn whether_memory_can_be_trusted_is_asked_before_memory_is() {
    let mut order = Sequence::new();
    let mut up_to_date = MockUpToDate::new();
    up_to_date.expect_is_up_to_date().times(1).in_sequence(&mut order).return_const(false);
    let mut revocations = MockRevocations::new();
    revocations.expect_is_revoked().times(1).in_sequence(&mut order).return_const(false);
    let mut limiter = MockLimiter::new();
    limiter.expect_check().times(1).in_sequence(&mut order).return_const(Decision::Allowed(None));
    let mut sessions = MockSessions::new();
    sessions.expect_find().times(1).in_sequence(&mut order).return_once(|_| Ok(None));
    let ports = Ports {
        tokens: tokens_of_someone(),
        revocations: Arc::new(revocations),
        up_to_date: Some(Arc::new(up_to_date)),
        limiter: Arc::new(limiter),
        sessions: Arc::new(sessions),
        ..Ports::untouched()
    };
    let refused = ports.authenticate().authenticate(Some("a token"), origin()).await;
    assert!(matches!(refused, Err(AuthenticateError::Refused(_))));
}

#[tokio::test]
async fn an_account_that_called_enough_costs_no_read_at_a_node_out_of_step_either() {
    let mut up_to_date = MockUpToDate::new();
    up_to_date.expect_is_up_to_date().return_const(false);
    let mut revocations = MockRevocations::new();
    revocations.expect_is_revoked().return_const(false);
    let mut limiter = MockLimiter::new();
    limiter.expect_check().times(1).return_const(Decision::Denied(denial(Action::Api)));
    let ports = Ports {
        tokens: tokens_of_someone(),
        revocations: Arc::new(revocations),
        up_to_date: Some(Arc::new(up_to_date)),
        limiter: Arc::new(limiter),
        ..Ports::untouched()
    };
    let denied = ports.authenticate().authenticate(Some("a token"), origin()).await;
    assert!(matches!(denied, Err(AuthenticateError::Limited(_))));
}
