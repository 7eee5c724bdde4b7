//! How much accounts store, in memory, in front of the store that knows.

use crate::id_hash::IdHash;
use async_trait::async_trait;
use core::fmt;
use core::time::Duration;
use epic_domain::Monotonic;
use epic_domain::file::Usage;
use epic_domain::id::UserId;
use epic_outbound::StoreError;
use epic_outbound::clock::Clock;
use epic_outbound::files::Usages;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle, GuardResult};
use std::sync::Arc;

/// After this, another node's change is seen.
const KEPT_FOR: Duration = Duration::from_secs(1);

type Kept = Cache<UserId, (Usage, Monotonic), UnitWeighter, IdHash>;

/// Usages from memory for a second, then from the store again.
///
/// A read takes a place before it asks the store, and [`Usages::changed`] removes such places: what was read before a
/// change is not kept.
pub struct CachedUsages {
    store: Arc<dyn Usages>,
    clock: Arc<dyn Clock>,
    kept: Kept,
}

impl fmt::Debug for CachedUsages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CachedUsages({} accounts)", self.kept.len())
    }
}

impl CachedUsages {
    /// Keeps about `capacity` usages of `store` in memory, those that are asked for most.
    #[must_use]
    pub fn new(store: Arc<dyn Usages>, clock: Arc<dyn Clock>, capacity: usize) -> Self {
        let weight = u64::try_from(capacity).unwrap_or(u64::MAX);
        let kept =
            Cache::with(capacity, weight, UnitWeighter, IdHash::default(), DefaultLifecycle::default());
        Self { store, clock, kept }
    }
}

#[async_trait]
impl Usages for CachedUsages {
    async fn usage(&self, owner: UserId) -> Result<Usage, StoreError> {
        let now = self.clock.monotonic();
        if let Some((usage, read_at)) = self.kept.get(&owner) {
            if Duration::from_millis(now.as_millis().saturating_sub(read_at.as_millis())) < KEPT_FOR {
                return Ok(usage);
            }
            self.kept.remove(&owner);
        }
        // No waiting for another read of the same account: its caller may be slow or stop altogether.
        let place = match self.kept.get_value_or_guard(&owner, Some(Duration::ZERO)) {
            GuardResult::Guard(place) => Some(place),
            GuardResult::Value(_) | GuardResult::Timeout => None,
        };
        let usage = self.store.usage(owner).await?;
        if let Some(place) = place {
            // It fails when the usage changed meanwhile; then what was read is not kept.
            let _ = place.insert((usage, now));
        }
        Ok(usage)
    }

    fn changed(&self, owner: UserId) {
        self.kept.remove(&owner);
        self.store.changed(owner);
    }
}
