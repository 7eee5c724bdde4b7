//! How many hashes run at once, and how many calls wait for one.

use crate::HasherSettings;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use epic_outbound::hasher::HasherError;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Counts for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasherStats {
    /// Hashes that were begun.
    pub runs: u64,
    /// Calls that were refused because too many were waiting, or because they waited too long.
    pub shed: u64,
    /// Hashes that run now.
    pub running: usize,
    /// Calls that wait for a slot now.
    pub waiting: usize,
    /// Bytes of memory held for the next hashes.
    pub idle_memory_bytes: usize,
}

/// Slots for blocking work, and a bounded queue before them.
#[derive(Debug)]
pub(crate) struct Slots {
    permits: Arc<Semaphore>,
    settings: HasherSettings,
    waiting: AtomicUsize,
    runs: AtomicU64,
    shed: AtomicU64,
}

/// How long one KiB filled takes on a slow core. Only the hint for when to try again hangs on it.
const NANOS_PER_KIB: u64 = 500;

impl Slots {
    pub(crate) fn new(settings: HasherSettings) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(settings.slots.get().min(Semaphore::MAX_PERMITS))),
            settings,
            waiting: AtomicUsize::new(0),
            runs: AtomicU64::new(0),
            shed: AtomicU64::new(0),
        }
    }

    /// Runs `work` on a blocking thread once a slot is free. When the caller goes away, work that has begun goes on and
    /// holds its slot to the end, and work that has not is not begun.
    ///
    /// # Errors
    /// [`HasherError::Overloaded`] when too many wait or the wait is too long; [`HasherError::Unavailable`] when `work`
    /// panics or the runtime stops.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HasherError> {
        let permit = self.acquire().await?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|error| HasherError::Unavailable(Box::new(error)))
    }

    async fn acquire(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        // A free slot is only free when nobody waits: the semaphore hands slots to those who do, in their order.
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let place = Place::take(&self.waiting, self.settings.queue_max).ok_or_else(|| self.shed())?;
        let permit = timeout(self.settings.wait_max, Arc::clone(&self.permits).acquire_owned()).await;
        drop(place);
        match permit {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(HasherError::Unavailable(Box::new(closed))),
            Err(_) => Err(self.shed()),
        }
    }

    fn shed(&self) -> HasherError {
        self.shed.fetch_add(1, Ordering::Relaxed);
        HasherError::Overloaded { retry_after: self.retry_after() }
    }

    /// When those who wait now will have run, in whole seconds and at least one.
    fn retry_after(&self) -> Duration {
        let ahead = u64::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(u64::MAX).saturating_add(1);
        let slots = u64::try_from(self.settings.slots.get()).unwrap_or(u64::MAX);
        let run_nanos = self.settings.cost.work_kib().saturating_mul(NANOS_PER_KIB);
        let nanos = run_nanos.saturating_mul(ahead.div_ceil(slots));
        Duration::from_secs(nanos.div_ceil(1_000_000_000).clamp(1, 60))
    }

    pub(crate) fn stats(&self, idle_memory_bytes: usize) -> HasherStats {
        HasherStats {
            runs: self.runs.load(Ordering::Relaxed),
            shed: self.shed.load(Ordering::Relaxed),
            running: self.settings.slots.get().saturating_sub(self.permits.available_permits()),
            waiting: self.waiting.load(Ordering::Relaxed),
            idle_memory_bytes,
        }
    }
}

/// A place in the queue, given back when dropped: also when the waiting future is.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, max: usize) -> Option<Self> {
        waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count < max).then_some(count + 1))
            .ok()
            .map(|_| Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Argon2Cost;
    use core::num::NonZeroUsize;
    use std::sync::mpsc;

    fn slots(queue_max: usize, wait_max: Duration) -> Arc<Slots> {
        let one = NonZeroUsize::MIN;
        Arc::new(Slots::new(HasherSettings {
            queue_max,
            wait_max,
            ..HasherSettings::new(Argon2Cost::DEFAULT, one)
        }))
    }

    /// Fills the one slot until the sender is used or dropped.
    async fn occupied(
        slots: &Arc<Slots>,
    ) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<(), HasherError>>) {
        let (release, released) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let inside = Arc::clone(slots);
        let task = tokio::spawn(async move {
            inside
                .run(move || {
                    begin.send(()).unwrap();
                    let _ = released.recv();
                })
                .await
        });
        begun.await.unwrap();
        (release, task)
    }

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn a_call_past_the_queue_is_shed_at_once() {
        let slots = slots(0, LONG);
        let (release, task) = occupied(&slots).await;
        let refused = slots.run(|| ()).await;
        assert!(
            matches!(refused, Err(HasherError::Overloaded { retry_after }) if retry_after.as_secs() >= 1)
        );
        drop(release);
        task.await.unwrap().unwrap();
        slots.run(|| ()).await.unwrap();
        let stats = slots.stats(0);
        assert_eq!((stats.runs, stats.shed, stats.running, stats.waiting), (2, 1, 0, 0));
    }

    #[tokio::test]
    async fn a_call_that_waited_too_long_is_shed() {
        let slots = slots(8, Duration::from_millis(5));
        let (release, task) = occupied(&slots).await;
        assert!(matches!(slots.run(|| ()).await, Err(HasherError::Overloaded { .. })));
        assert_eq!(slots.stats(0).waiting, 0);
        drop(release);
        task.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_waiting_call_runs_when_the_slot_is_free() {
        let slots = slots(1, LONG);
        let (release, task) = occupied(&slots).await;
        let (answer, ()) = tokio::join!(slots.run(|| 7), async {
            while slots.stats(0).waiting == 0 {
                tokio::task::yield_now().await;
            }
            drop(release);
        });
        assert_eq!(answer.unwrap(), 7);
        task.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_dropped_waiter_gives_its_place_back() {
        let slots = slots(1, LONG);
        let (release, task) = occupied(&slots).await;
        let waiter = tokio::spawn({
            let slots = Arc::clone(&slots);
            async move { slots.run(|| ()).await }
        });
        while slots.stats(0).waiting == 0 {
            tokio::task::yield_now().await;
        }
        waiter.abort();
        assert!(waiter.await.unwrap_err().is_cancelled());
        assert_eq!(slots.stats(0).waiting, 0);
        drop(release);
        task.await.unwrap().unwrap();
        assert_eq!(slots.stats(0).running, 0);
    }

    #[tokio::test]
    async fn a_dropped_caller_leaves_its_slot_taken_until_the_work_is_done() {
        let slots = slots(0, LONG);
        let (release, task) = occupied(&slots).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(slots.stats(0).running, 1);
        assert!(matches!(slots.run(|| ()).await, Err(HasherError::Overloaded { .. })));
        drop(release);
        while slots.stats(0).running > 0 {
            tokio::task::yield_now().await;
        }
        slots.run(|| ()).await.unwrap();
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_frees_its_slot() {
        let slots = slots(0, LONG);
        let failed: Result<(), _> = slots.run(|| panic!("as the test wants")).await;
        assert!(matches!(failed, Err(HasherError::Unavailable(_))));
        slots.run(|| ()).await.unwrap();
    }

    #[test]
    fn the_hint_grows_with_the_queue_and_stays_within_a_minute() {
        let slots = slots(usize::MAX, LONG);
        assert_eq!(slots.retry_after(), Duration::from_secs(1));
        slots.waiting.store(500, Ordering::Relaxed);
        assert_eq!(slots.retry_after(), Duration::from_secs(10));
        slots.waiting.store(usize::MAX, Ordering::Relaxed);
        assert_eq!(slots.retry_after(), Duration::from_secs(60));
    }
}
