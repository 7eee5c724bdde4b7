//! The SQLite store passes the contract kit.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::contract::Stores;
use std::sync::Arc;

async fn fresh() -> Stores {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).expect("a fresh store opens");
    Stores::of(Arc::new(store), folder)
}

epic_tests::users_contract!(fresh);
epic_tests::sessions_contract!(fresh);
epic_tests::audit_contract!(fresh);
epic_tests::files_contract!(fresh);
epic_tests::uploads_contract!(fresh);
epic_tests::shares_contract!(fresh);
epic_tests::links_contract!(fresh);
epic_tests::blob_ledger_contract!(fresh);
