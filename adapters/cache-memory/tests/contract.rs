//! The memory in front of the store keeps the laws of the ports it stands in for.

use epic_cache_memory::{CachedUsers, MemoryAccessLog, RevocationIndex};
use epic_outbound::access_log::AccessLog;
use epic_outbound::revocations::Revocations;
use epic_tests::contract::Stores;
use epic_tests::fakes::{FakeAudit, MemoryStore};
use std::future::{Ready, ready};
use std::sync::Arc;

fn cached_store() -> Ready<Stores> {
    let store = Arc::new(MemoryStore::default());
    let mut stores = Stores::with_audit(store.clone(), Arc::new(FakeAudit::default()), ());
    stores.users = Arc::new(CachedUsers::new(store, 100));
    ready(stores)
}

fn index() -> Arc<dyn Revocations> {
    Arc::new(RevocationIndex::new())
}

fn log() -> Arc<dyn AccessLog> {
    Arc::new(MemoryAccessLog::default())
}

epic_tests::users_contract!(cached_store);
epic_tests::revocations_contract!(index);
epic_tests::access_log_contract!(log);
