//! The MongoDB store passes the contract kit.

use crate::support::FreshDatabase;
use epic_tests::contract::Stores;
use std::sync::Arc;

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
