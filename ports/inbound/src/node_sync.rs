//! Keep in step with the other nodes on the same store: take in which sessions they end and which accounts they change.
//!
//! What a node knows rests on an order: the feed is opened first, then what happened before it is asked for, then the feed
//! is followed. So a change falls into the question or into the feed, or both, and none falls between them.

use crate::{Fault, ending};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use epic_domain::id::UserId;
use epic_domain::session::{Revocation, SessionPolicy};
use epic_domain::{Monotonic, Timestamp};
use epic_outbound::changes::{AccountMemory, ChangeFeed, Changes, StoreChange, Told, UpToDate};
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::Sessions;
use futures_util::lock::Mutex;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How long a node trusts its memory without having heard what the others did. A session that ended elsewhere opens nothing
/// here after this, whatever became of the feed: past it each protected call asks the store.
pub const TRUSTED_FOR: Duration = Duration::from_secs(2);

/// How often a feed is asked whether it has told everything.
pub const QUESTION_PERIOD: Duration = Duration::from_millis(500);

/// How long questions may go unanswered before the feed is taken for lost: it may come from a server that has itself lost
/// touch, and another is the way to one that has not.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// A moment on both clocks: the one that only goes forward stands still while the machine sleeps, and the wall clock may be
/// set back.
#[derive(Debug, Clone, Copy)]
struct Moment {
    monotonic: Monotonic,
    wall: Timestamp,
}

impl Moment {
    fn of(clock: &dyn Clock) -> Self {
        Self { monotonic: clock.monotonic(), wall: clock.now() }
    }

    /// How long ago `earlier` was by the clock that says more.
    fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.as_millis().saturating_sub(earlier.monotonic.as_millis());
        let wall = self.wall.as_millis().saturating_sub(earlier.wall.as_millis());
        Duration::from_millis(monotonic.max(wall))
    }
}

/// When a node last knew all that the others had done. Until it has heard of them for the first time it knows nothing.
pub struct LastHeard {
    clock: Arc<dyn Clock>,
    has_heard: AtomicBool,
    monotonic_millis: AtomicU64,
    wall_millis: AtomicU64,
}

impl LastHeard {
    /// A node that has heard nothing.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let [monotonic_millis, wall_millis] = [(); 2].map(|()| AtomicU64::new(0));
        Self { clock, has_heard: AtomicBool::new(false), monotonic_millis, wall_millis }
    }

    /// Everything that was durable at `at` is in memory. One at a time says so, of one moment after the other.
    fn all_known(&self, at: Moment) {
        self.monotonic_millis.fetch_max(at.monotonic.as_millis(), Ordering::AcqRel);
        self.wall_millis.store(at.wall.as_millis(), Ordering::Release);
        self.has_heard.store(true, Ordering::Release);
    }

    /// For how long nothing may have been heard at `now`; `None` when nothing ever was.
    fn silence(&self, now: Moment) -> Option<Duration> {
        self.has_heard.load(Ordering::Acquire).then(|| {
            now.since(Moment {
                monotonic: Monotonic::from_millis(self.monotonic_millis.load(Ordering::Acquire)),
                wall: Timestamp::from_millis(self.wall_millis.load(Ordering::Acquire)),
            })
        })
    }
}

impl UpToDate for LastHeard {
    fn is_up_to_date(&self) -> bool {
        self.silence(Moment::of(self.clock.as_ref())).is_some_and(|silence| silence < TRUSTED_FOR)
    }
}

/// The ports that keeping in step needs.
#[derive(Clone)]
pub struct NodeSyncPorts {
    /// What other nodes change.
    pub changes: Arc<dyn Changes>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The index of ended sessions.
    pub revocations: Arc<dyn Revocations>,
    /// Accounts in memory.
    pub account_memory: Arc<dyn AccountMemory>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Keeps a node in step with the others.
#[derive(Clone)]
pub struct NodeSync {
    ports: NodeSyncPorts,
    last_heard: Arc<LastHeard>,
    policy: SessionPolicy,
    line: Arc<Mutex<Option<Line>>>,
    /// Questions asked so far, of whatever feed.
    questions: Arc<AtomicU64>,
}

/// How this node hears of the others.
enum Line {
    Feed(Following),
    /// The store cannot tell, and is asked again and again.
    Polling,
}

/// A feed that is followed, and what it was asked.
struct Following {
    feed: Box<dyn ChangeFeed>,
    /// Questions without an answer, the oldest first.
    open: VecDeque<(u64, Moment)>,
    /// When the last question was asked.
    asked_at: Option<Moment>,
}

impl Following {
    /// Whether it is time for another question.
    fn is_due(&self, now: Moment) -> bool {
        self.asked_at.is_none_or(|asked_at| now.since(asked_at) >= QUESTION_PERIOD)
    }

    fn ask(&mut self, question: u64, now: Moment) {
        self.feed.ask(question);
        self.open.push_back((question, now));
        self.asked_at = Some(now);
    }

    /// Whether a question has gone unanswered for too long.
    fn is_lost(&self, now: Moment) -> bool {
        self.open.front().is_some_and(|(_, asked_at)| now.since(*asked_at) > ANSWERED_WITHIN)
    }

    /// When the question was asked that is answered now, unless a later one was answered before.
    fn answered(&mut self, question: u64) -> Option<Moment> {
        let mut asked_at = None;
        while let Some((_, at)) = self.open.pop_front_if(|(open, _)| *open <= question) {
            asked_at = Some(at);
        }
        asked_at
    }
}

/// What a step was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The feed answered, or was opened; the next step waits at the feed.
    Followed,
    /// The store has no feed and was asked. The next step would ask at once: a pause belongs between them.
    Asked,
}

impl NodeSync {
    /// Keeps in step through these ports, and notes in `last_heard` how far.
    #[must_use]
    pub fn new(ports: NodeSyncPorts, last_heard: Arc<LastHeard>, policy: SessionPolicy) -> Self {
        Self { ports, last_heard, policy, line: Arc::default(), questions: Arc::default() }
    }

    /// Takes in what the others have done since the last step, in the first one and after a fault everything since the node
    /// was last up to date. To be called again and again.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer; the next step opens the feed anew.
    pub async fn step(&self) -> Result<Step, Fault> {
        let mut kept = self.line.lock().await;
        // Put back when the step is through: after a fault, or one who stopped waiting, the feed may have lost something.
        let (line, step) = match kept.take() {
            None => self.open().await?,
            Some(Line::Feed(mut following)) => {
                self.hear(&mut following).await?;
                (Line::Feed(following), Step::Followed)
            }
            Some(Line::Polling) => {
                self.ask_store().await?;
                (Line::Polling, Step::Asked)
            }
        };
        *kept = Some(line);
        Ok(step)
    }

    fn now(&self) -> Moment {
        Moment::of(self.ports.clock.as_ref())
    }

    async fn open(&self) -> Result<(Line, Step), Fault> {
        let feed = self.ports.changes.follow().await?;
        self.ask_store().await?;
        Ok(match feed {
            None => (Line::Polling, Step::Asked),
            Some(feed) => {
                (Line::Feed(Following { feed, open: VecDeque::new(), asked_at: None }), Step::Followed)
            }
        })
    }

    /// Takes in what a feed tells next.
    async fn hear(&self, following: &mut Following) -> Result<(), Fault> {
        let now = self.now();
        if following.is_lost(now) {
            return Err(Fault::Unavailable("the feed of changes answers no questions".into()));
        }
        if following.is_due(now) {
            let question = self.questions.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            following.ask(question, now);
        }
        let Told { changes, answered } = following.feed.next().await?;
        self.take_in(changes);
        if let Some(asked_at) = answered.and_then(|question| following.answered(question)) {
            self.last_heard.all_known(asked_at);
        }
        Ok(())
    }

    fn take_in(&self, changes: Vec<StoreChange>) {
        let mut ended: Vec<Revocation> = Vec::new();
        // One account may have changed often, as it does under a sign-in.
        let mut accounts: BTreeSet<UserId> = BTreeSet::new();
        for change in changes {
            match change {
                StoreChange::Ended(revocation) => ended.push(revocation),
                StoreChange::Account(user_id) => {
                    accounts.insert(user_id);
                }
            }
        }
        self.ports.revocations.announce(&ended);
        accounts.into_iter().for_each(|user_id| self.ports.account_memory.forget(user_id));
    }

    /// Asks the store for the sessions that ended since this node was last up to date, and forgets all accounts, of which
    /// the store cannot tell which have changed.
    async fn ask_store(&self) -> Result<(), Fault> {
        let asked_at = self.now();
        let since = match self.last_heard.silence(asked_at) {
            Some(silence) => ending::ended_since(&self.policy, asked_at.wall, silence),
            None => asked_at.wall,
        };
        let ended = self.ports.sessions.live_revocations(since).await?;
        self.ports.revocations.announce(&ended);
        self.ports.account_memory.forget_all();
        self.last_heard.all_known(asked_at);
        Ok(())
    }
}
