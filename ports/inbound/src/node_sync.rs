//! Keep in step with the other nodes on the same store: take in which sessions they end and which accounts they change.
//!
//! What a node knows rests on an order: the feed is opened first, then what happened before it is asked for, then the feed
//! is followed. So a change falls into the question or into the feed, or both, and none falls between them.

use crate::{Fault, ending};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use epic_domain::Monotonic;
use epic_domain::id::UserId;
use epic_domain::session::{Revocation, SessionPolicy};
use epic_outbound::changes::{AccountMemory, ChangeFeed, Changes, StoreChange, Told, UpToDate};
use epic_outbound::clock::Clock;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::Sessions;
use futures_util::lock::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How long a node trusts its memory without having heard what the others did. A session that ended elsewhere opens nothing
/// here after this, whatever became of the feed: past it each protected call asks the store.
pub const TRUSTED_FOR: Duration = Duration::from_secs(2);

/// When a node last knew all that the others had done. Until it has heard of them for the first time it knows nothing.
pub struct LastHeard {
    clock: Arc<dyn Clock>,
    /// Milliseconds of the monotonic clock; zero before the first time.
    trusted_until: AtomicU64,
}

impl LastHeard {
    /// A node that has heard nothing.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, trusted_until: AtomicU64::new(0) }
    }

    /// Everything that was durable at `at` is in memory.
    fn all_known(&self, at: Monotonic) {
        let until = at.as_millis().saturating_add(TRUSTED_FOR_MILLIS);
        self.trusted_until.fetch_max(until, Ordering::AcqRel);
    }

    /// For how long nothing may have been heard at `now`; `None` when nothing ever was.
    fn silence(&self, now: Monotonic) -> Option<Duration> {
        let until = self.trusted_until.load(Ordering::Acquire);
        let heard_at = until.checked_sub(TRUSTED_FOR_MILLIS)?;
        Some(Duration::from_millis(now.as_millis().saturating_sub(heard_at)))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "two seconds")]
const TRUSTED_FOR_MILLIS: u64 = TRUSTED_FOR.as_millis() as u64;

impl UpToDate for LastHeard {
    fn is_up_to_date(&self) -> bool {
        self.clock.monotonic().as_millis() < self.trusted_until.load(Ordering::Acquire)
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
}

/// How this node hears of the others.
enum Line {
    Feed(Box<dyn ChangeFeed>),
    Questions,
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
        Self { ports, last_heard, policy, line: Arc::default() }
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
            Some(Line::Feed(mut feed)) => {
                self.hear(feed.as_mut()).await?;
                (Line::Feed(feed), Step::Followed)
            }
            Some(Line::Questions) => {
                self.ask().await?;
                (Line::Questions, Step::Asked)
            }
        };
        *kept = Some(line);
        Ok(step)
    }

    async fn open(&self) -> Result<(Line, Step), Fault> {
        let feed = self.ports.changes.follow().await?;
        self.ask().await?;
        Ok(feed.map_or((Line::Questions, Step::Asked), |feed| (Line::Feed(feed), Step::Followed)))
    }

    /// Takes in what a feed tells next.
    async fn hear(&self, feed: &mut dyn ChangeFeed) -> Result<(), Fault> {
        let asked_at = self.ports.clock.monotonic();
        let Told { changes, is_all } = feed.next().await?;
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
        if is_all {
            self.last_heard.all_known(asked_at);
        }
        Ok(())
    }

    /// Asks the store for the sessions that ended since this node was last up to date, and forgets all accounts, of which
    /// the store cannot tell which have changed.
    async fn ask(&self) -> Result<(), Fault> {
        let (asked_at, now) = (self.ports.clock.monotonic(), self.ports.clock.now());
        let since = match self.last_heard.silence(asked_at) {
            Some(silence) => ending::ended_since(&self.policy, now, silence),
            None => now,
        };
        let ended = self.ports.sessions.live_revocations(since).await?;
        self.ports.revocations.announce(&ended);
        self.ports.account_memory.forget_all();
        self.last_heard.all_known(asked_at);
        Ok(())
    }
}
