//! The MongoDB store gives everything away and takes everything in.

use crate::support::FreshDatabase;
use epic_domain::audit::Anchor;
use epic_outbound::moving::Import;
use epic_store_mongodb::{MongoStore, OpenError};
use epic_tests::builders::T0;
use epic_tests::contract::Stores;
use epic_tests::contract::moving::House;
use std::sync::Arc;

async fn fresh() -> House {
    let database = FreshDatabase::new();
    let store = Arc::new(database.store().await);
    House { stores: Stores::of(Arc::clone(&store), database), moving: store }
}

epic_tests::moving_contract!(fresh);

#[tokio::test]
async fn a_half_moved_store_opens_for_who_moves_and_for_nobody_else() {
    let database = FreshDatabase::new();
    let store = database.store().await;
    store.begin(Anchor::empty(), T0).await.unwrap();
    assert!(matches!(MongoStore::open(database.options()).await, Err(OpenError::HalfMoved)));
    let again = MongoStore::open_to_move_in(database.options()).await.unwrap();
    again.finish().await.unwrap();
    again.close().await;
    MongoStore::open(database.options()).await.unwrap().close().await;
}
