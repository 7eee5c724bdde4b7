//! Who counts attempts at the ways in: this node, or all nodes together.

use super::store::Store;
use crate::config::{LimitSettings, LimiterChoice};
use crate::keys::KeyRing;
use epic_limiter_memory::NodeEntryLimiter;
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::limiter::Limiter;
use epic_store_mongodb::{LimitTooLarge, SharedLimiter};
use std::sync::Arc;

/// Why nobody can count.
#[derive(Debug, thiserror::Error)]
pub enum EntryLimiterRefused {
    /// Nodes share nothing in which they could count together.
    #[error("a shared limiter needs a store that nodes share")]
    NothingShared,
    /// A quota is too large.
    #[error(transparent)]
    TooLarge(#[from] LimitTooLarge),
}

/// The limiter of the ways in that the settings choose. `limiter` is the one of this node.
///
/// # Errors
/// [`EntryLimiterRefused`], which settings that were checked do not bring about.
pub(super) fn entry_limiter(
    settings: &LimitSettings,
    store: &Store,
    keys: &KeyRing,
    limiter: &Arc<dyn Limiter>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn EntryLimiter>, EntryLimiterRefused> {
    let clock = Arc::clone(clock);
    Ok(match (settings.limiter, store) {
        (LimiterChoice::Node, _) => Arc::new(NodeEntryLimiter::new(Arc::clone(limiter), clock)),
        (LimiterChoice::Shared, Store::Mongodb(store)) => {
            let (quotas, key) = (settings.quotas_of_entry(), keys.limiter_key());
            Arc::new(SharedLimiter::new(store.clone(), quotas, &key, clock)?)
        }
        (LimiterChoice::Shared, Store::Sqlite(_)) => return Err(EntryLimiterRefused::NothingShared),
    })
}
