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

epic_tests::users_contract!(fresh);
epic_tests::sessions_contract!(fresh);
epic_tests::audit_contract!(fresh);
epic_tests::files_contract!(fresh);
epic_tests::uploads_contract!(fresh);
epic_tests::shares_contract!(fresh);
epic_tests::links_contract!(fresh);
epic_tests::blob_ledger_contract!(fresh);
