//! The MongoDB store passes the contract kit.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use epic_tests::contract::Stores;
use std::sync::Arc;
use support::FreshDatabase;

async fn fresh() -> Stores {
    let database = FreshDatabase::new();
    let store = Arc::new(database.store().await);
    Stores::of(store, database)
}

async fn place() -> FreshDatabase {
    FreshDatabase::new()
}

async fn open(database: &FreshDatabase) -> Stores {
    Stores::of(Arc::new(database.store().await), ())
}

epic_tests::store_contract!(fresh);
epic_tests::reopening_contract!(place, open);
