//! What the server does by itself while it serves: rounds that repeat until the end, whatever becomes of one of them.

use crate::audit_heads::append_head;
use core::error::Error;
use core::sync::atomic::{AtomicU8, Ordering};
use core::time::Duration;
use epic_inbound::Fault;
use epic_inbound::file_housekeeping::FileHousekeeping;
use epic_inbound::housekeeping::Housekeeping;
use epic_inbound::node_sync::{NodeSync, Step};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn, spawn_blocking};
use tokio::time::{sleep, timeout};

const PRUNE_PERIOD: Duration = Duration::from_secs(10);
const RECORD_PERIOD: Duration = Duration::from_secs(5);
const SWEEP_PERIOD: Duration = Duration::from_secs(60);
/// Contents that nobody needs any more give their room back after this.
const REMOVE_BLOBS_PERIOD: Duration = Duration::from_secs(2);
/// One of the 256 shelves of the blob store: all of them in a day.
const SWEEP_SHELF_PERIOD: Duration = Duration::from_secs(24 * 60 * 60 / 256);
/// A session whose end was not answered is known after this.
const CATCH_UP_PERIOD: Duration = Duration::from_secs(1);
/// How often a store is asked what other nodes did that cannot tell it by itself.
const ASK_PERIOD: Duration = Duration::from_millis(250);
/// What the audit log gained since the last signature could be cut off unseen: at most this much.
const SIGN_PERIOD: Duration = Duration::from_secs(30);
/// The longest pause after failures, unless the period itself is longer.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The rounds under way.
pub struct Background {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts the rounds of `housekeeping` on the current runtime, and those of `node_sync` if there are other nodes. Signed
    /// heads of the audit log are added to `audit_heads_file`, from where they can be carried away.
    #[must_use]
    pub fn start(
        housekeeping: &Housekeeping,
        file_housekeeping: &FileHousekeeping,
        node_sync: Option<NodeSync>,
        audit_heads_file: &Path,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let keeper = housekeeping.clone();
        tasks.spawn(repeat("prune_memory", Pace::every(PRUNE_PERIOD), stopped.clone(), move || {
            let keeper = keeper.clone();
            async move {
                // It walks whole tables, which would hold up the requests of its thread.
                spawn_blocking(move || keeper.prune_memory())
                    .await
                    .map_err(|error| Fault::Unavailable(error.into()))
            }
        }));
        let keeper = housekeeping.clone();
        tasks.spawn(repeat("record_accesses", Pace::every(RECORD_PERIOD), stopped.clone(), move || {
            let keeper = keeper.clone();
            async move { keeper.record_accesses().await }
        }));
        match node_sync {
            Some(node_sync) => start_following(&mut tasks, node_sync, &stopped),
            None => start_catching_up(&mut tasks, housekeeping.clone(), &stopped),
        }
        let (keeper, file) = (housekeeping.clone(), audit_heads_file.to_owned());
        tasks.spawn(repeat("sign_audit_head", Pace::every(SIGN_PERIOD), stopped.clone(), move || {
            let (keeper, file) = (keeper.clone(), file.clone());
            async move { sign_audit_head(&keeper, file).await }
        }));
        let keeper = housekeeping.clone();
        tasks.spawn(repeat("sweep_store", Pace::every(SWEEP_PERIOD), stopped.clone(), move || {
            let keeper = keeper.clone();
            async move { keeper.sweep_store().await }
        }));
        start_for_files(&mut tasks, file_housekeeping, &stopped);
        Self { stop, tasks }
    }

    /// Ends the rounds; one that is under way may finish within `grace`.
    pub async fn stop(mut self, grace: Duration) {
        // Nobody listens when every task is gone already.
        self.stop.send(true).ok();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(grace, all).await.is_err() {
            tracing::warn!("a background task did not end in time and was cut off");
        }
    }
}

fn start_catching_up(tasks: &mut JoinSet<()>, keeper: Housekeeping, stopped: &watch::Receiver<bool>) {
    tasks.spawn(repeat("catch_up", Pace::every(CATCH_UP_PERIOD), stopped.clone(), move || {
        let keeper = keeper.clone();
        async move { keeper.catch_up().await }
    }));
}

fn start_following(tasks: &mut JoinSet<()>, node_sync: NodeSync, stopped: &watch::Receiver<bool>) {
    tasks.spawn(repeat("follow_other_nodes", Pace::FOLLOW, stopped.clone(), move || {
        let node_sync = node_sync.clone();
        async move {
            // At a feed the step itself waits for what happens next.
            if node_sync.step().await? == Step::Asked {
                sleep(ASK_PERIOD).await;
            }
            Ok(())
        }
    }));
}

fn start_for_files(tasks: &mut JoinSet<()>, keeper: &FileHousekeeping, stopped: &watch::Receiver<bool>) {
    let files = keeper.clone();
    tasks.spawn(repeat("sweep_files", Pace::every(SWEEP_PERIOD), stopped.clone(), move || {
        let files = files.clone();
        async move {
            files.finish_cut_off().await?;
            files.sweep().await
        }
    }));
    let files = keeper.clone();
    tasks.spawn(repeat("remove_blobs", Pace::every(REMOVE_BLOBS_PERIOD), stopped.clone(), move || {
        let files = files.clone();
        async move { files.remove_doomed_blobs().await }
    }));
    let (files, next_shelf) = (keeper.clone(), Arc::new(AtomicU8::new(0)));
    tasks.spawn(repeat("sweep_shelf", Pace::every(SWEEP_SHELF_PERIOD), stopped.clone(), move || {
        let files = files.clone();
        let shelf = next_shelf.fetch_add(1, Ordering::Relaxed);
        async move { files.sweep_shelf(shelf).await.map(|_| ()) }
    }));
}

/// Signs where the audit log stands, and adds the signature to the file.
pub(crate) async fn sign_audit_head(housekeeping: &Housekeeping, file: PathBuf) -> Result<(), Fault> {
    let Some(head) = housekeeping.sign_audit_head().await? else { return Ok(()) };
    spawn_blocking(move || append_head(&file, &head))
        .await
        .map_err(|error| Fault::Unavailable(error.into()))?
        .map_err(|error| Fault::Unavailable(error.into()))
}

/// How rounds follow each other.
#[derive(Clone, Copy)]
struct Pace {
    /// The pause after a round that succeeded.
    period: Duration,
    /// The pause after the first one that failed; it doubles with each further one.
    first_pause: Duration,
    /// The longest pause after failures.
    pause_max: Duration,
}

impl Pace {
    /// At once, and soon again after a failure: meanwhile every protected call asks the store.
    const FOLLOW: Self = Self {
        period: Duration::ZERO,
        first_pause: Duration::from_millis(100),
        pause_max: Duration::from_secs(1),
    };

    fn every(period: Duration) -> Self {
        Self { period, first_pause: period.saturating_mul(2), pause_max: PAUSE_MAX.max(period) }
    }
}

/// Repeats a round at `pace` until `stopped`. A round that fails or panics is reported and tried again, with a
/// pause that grows as long as it fails.
async fn repeat<Round>(
    task: &'static str,
    pace: Pace,
    mut stopped: watch::Receiver<bool>,
    round: impl Fn() -> Round,
) where
    Round: Future<Output = Result<(), Fault>> + Send + 'static,
{
    let mut streak = Streak::new(pace);
    loop {
        tokio::select! {
            () = sleep(streak.pause()) => {}
            // An error means that whoever could say so is gone, which says it too.
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        // A task of its own, so that a panic ends the round and not the rounds.
        let outcome = match spawn(round()).await {
            Ok(outcome) => outcome.map_err(|fault| causes(&fault)),
            Err(error) => Err(if error.is_panic() { "it panicked" } else { "it was cut off" }.to_owned()),
        };
        match (streak.record(outcome.is_ok()), outcome.err()) {
            (Report::FirstFailure, Some(error)) => tracing::warn!(task, error, "a background task failed"),
            (_, Some(error)) => tracing::debug!(task, error, "a background task failed again"),
            (Report::Recovered { failures }, None) => {
                tracing::info!(task, failures, "a background task works again");
            }
            (_, None) => {}
        }
    }
}

/// An error with everything behind it.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// What a round's outcome means after those before it.
#[derive(Debug, PartialEq, Eq)]
enum Report {
    Fine,
    FirstFailure,
    FailedAgain,
    Recovered { failures: u32 },
}

/// Rounds that failed one after the other.
struct Streak {
    pace: Pace,
    failures: u32,
}

impl Streak {
    const fn new(pace: Pace) -> Self {
        Self { pace, failures: 0 }
    }

    fn record(&mut self, succeeded: bool) -> Report {
        let failures = self.failures;
        self.failures = if succeeded { 0 } else { failures.saturating_add(1) };
        match (succeeded, failures) {
            (true, 0) => Report::Fine,
            (true, failures) => Report::Recovered { failures },
            (false, 0) => Report::FirstFailure,
            (false, _) => Report::FailedAgain,
        }
    }

    /// The pause before the next round.
    fn pause(&self) -> Duration {
        let Pace { period, first_pause, pause_max } = self.pace;
        match self.failures.checked_sub(1) {
            None => period,
            Some(doublings) => first_pause.saturating_mul(1 << doublings.min(16)).min(pause_max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU32, Ordering};
    use std::sync::Arc;

    #[test]
    fn a_failure_is_reported_once_and_so_is_its_end() {
        let mut streak = Streak::new(Pace::every(Duration::from_secs(5)));
        let reports: Vec<_> =
            [true, false, false, false, true, true].map(|succeeded| streak.record(succeeded)).into();
        assert_eq!(
            reports,
            [
                Report::Fine,
                Report::FirstFailure,
                Report::FailedAgain,
                Report::FailedAgain,
                Report::Recovered { failures: 3 },
                Report::Fine
            ]
        );
    }

    #[test]
    fn the_pause_grows_with_failures_to_a_bound() {
        let mut streak = Streak::new(Pace::every(Duration::from_secs(5)));
        let mut pauses = vec![streak.pause().as_secs()];
        for _ in 0..5 {
            streak.record(false);
            pauses.push(streak.pause().as_secs());
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        streak.record(true);
        assert_eq!(streak.pause().as_secs(), 5);
        let mut slow = Streak::new(Pace::every(Duration::from_secs(300)));
        slow.record(false);
        assert_eq!(slow.pause().as_secs(), 300);
    }

    #[tokio::test]
    async fn rounds_go_on_after_failures_and_panics_until_they_are_stopped() {
        let rounds = Arc::new(AtomicU32::new(0));
        let (stop, stopped) = watch::channel(false);
        let counter = Arc::clone(&rounds);
        let task = spawn(repeat("test", Pace::every(Duration::ZERO), stopped, move || {
            let round = counter.fetch_add(1, Ordering::SeqCst);
            async move {
                match round {
                    0 => panic!("the first round panics"),
                    1 => Err(Fault::Unavailable("the second fails".into())),
                    _ => Ok(()),
                }
            }
        }));
        while rounds.load(Ordering::SeqCst) < 4 {
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
        task.await.unwrap();
    }

    #[test]
    fn an_error_tells_its_causes() {
        let fault = Fault::Unavailable("the disk is gone".into());
        assert_eq!(causes(&fault), "a part of the server is unavailable: the disk is gone");
    }
}
