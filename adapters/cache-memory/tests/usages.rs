//! Usages in memory: never older than a second, and not older than the last change that was told.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use epic_cache_memory::CachedUsages;
use epic_domain::file::Usage;
use epic_domain::id::UserId;
use epic_outbound::StoreError;
use epic_outbound::files::Usages;
use epic_tests::fakes::FakeClock;
use std::sync::Arc;

/// Counts how often it is asked, and answers with that count.
#[derive(Default)]
struct Counting(AtomicU64);

#[async_trait::async_trait]
impl Usages for Counting {
    async fn usage(&self, _owner: UserId) -> Result<Usage, StoreError> {
        let asked = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Usage { used_bytes: asked, reserved_bytes: 0 })
    }

    fn changed(&self, _owner: UserId) {}
}

fn cached() -> (CachedUsages, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::default());
    (CachedUsages::new(Arc::new(Counting::default()), clock.clone(), 10), clock)
}

async fn asked(usages: &CachedUsages, owner: u8) -> u64 {
    usages.usage(UserId::from_bytes([owner; 16])).await.map_or(0, |usage| usage.used_bytes)
}

#[tokio::test]
async fn a_usage_is_kept_for_a_second() {
    let (usages, clock) = cached();
    assert_eq!(asked(&usages, 1).await, 1);
    clock.advance(Duration::from_millis(999));
    assert_eq!(asked(&usages, 1).await, 1);
    clock.advance(Duration::from_millis(1));
    assert_eq!(asked(&usages, 1).await, 2, "another node may have changed it");
}

#[tokio::test]
async fn a_change_that_is_told_is_seen_at_once_and_by_its_owner_alone() {
    let (usages, _clock) = cached();
    assert_eq!((asked(&usages, 1).await, asked(&usages, 2).await), (1, 2));
    usages.changed(UserId::from_bytes([1; 16]));
    assert_eq!((asked(&usages, 1).await, asked(&usages, 2).await), (3, 2));
}

/// Holds every answer back until it is let go.
struct Slow {
    asked: tokio::sync::Notify,
    go_on: tokio::sync::Notify,
}

#[async_trait::async_trait]
impl Usages for Slow {
    async fn usage(&self, _owner: UserId) -> Result<Usage, StoreError> {
        self.asked.notify_one();
        self.go_on.notified().await;
        Ok(Usage::default())
    }

    fn changed(&self, _owner: UserId) {}
}

#[tokio::test]
async fn what_was_read_before_a_change_is_not_kept_after_it() {
    let store = Arc::new(Slow { asked: tokio::sync::Notify::new(), go_on: tokio::sync::Notify::new() });
    let usages = Arc::new(CachedUsages::new(store.clone(), Arc::new(FakeClock::default()), 10));
    let owner = UserId::from_bytes([1; 16]);
    let reading = tokio::spawn({
        let usages = usages.clone();
        async move { usages.usage(owner).await.is_ok() }
    });
    store.asked.notified().await;
    usages.changed(owner);
    store.go_on.notify_one();
    assert!(reading.await.is_ok_and(|was_read| was_read));
    let again = usages.usage(owner);
    tokio::pin!(again);
    let is_asked = tokio::select! {
        biased;
        _ = &mut again => false,
        () = store.asked.notified() => true,
    };
    assert!(is_asked, "the store is asked again");
}
