//! The SQLite store passes the contract kit.

use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::contract::Stores;
use std::sync::Arc;
use tempfile::TempDir;

async fn place() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

async fn open(folder: &TempDir) -> Stores {
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).expect("the store opens");
    Stores::of(Arc::new(store), ())
}

async fn fresh() -> Stores {
    let folder = place().await;
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).expect("a fresh store opens");
    Stores::of(Arc::new(store), folder)
}

epic_tests::store_contract!(fresh);
epic_tests::reopening_contract!(place, open);
