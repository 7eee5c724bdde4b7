//! The SQLite store passes the contract kit.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::contract::Stores;
use std::sync::Arc;

async fn fresh() -> Stores {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).expect("a fresh store opens");
    let store = Arc::new(store);
    Stores::new(Arc::clone(&store) as _, Arc::clone(&store) as _, store, folder)
}

epic_tests::users_contract!(fresh);
epic_tests::sessions_contract!(fresh);
epic_tests::audit_contract!(fresh);
