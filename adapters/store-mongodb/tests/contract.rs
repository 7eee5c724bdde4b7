//! The MongoDB store passes the contract kit.

mod support;

use epic_tests::contract::Stores;
use std::sync::Arc;

async fn fresh() -> Stores {
    let (store, database) = support::fresh_store().await;
    let store = Arc::new(store);
    Stores::new(Arc::clone(&store) as _, Arc::clone(&store) as _, store, database)
}

epic_tests::users_contract!(fresh);
epic_tests::sessions_contract!(fresh);
epic_tests::audit_contract!(fresh);
