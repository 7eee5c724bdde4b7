//! The SQLite store gives everything away and takes everything in.

use epic_domain::audit::Anchor;
use epic_outbound::moving::Import;
use epic_store_sqlite::{OpenError, SqliteStore, StoreOptions};
use epic_tests::builders::T0;
use epic_tests::contract::Stores;
use epic_tests::contract::moving::House;
use std::sync::Arc;

async fn fresh() -> House {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).expect("a fresh store opens");
    let store = Arc::new(store);
    House { stores: Stores::of(Arc::clone(&store), folder), moving: store }
}

epic_tests::moving_contract!(fresh);

#[tokio::test]
async fn a_half_moved_store_opens_for_who_moves_and_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions::default();
    let store = SqliteStore::open_to_move_in(folder.path(), options).unwrap();
    store.begin(Anchor::empty(), T0).await.unwrap();
    store.close();
    assert!(matches!(SqliteStore::open(folder.path(), options), Err(OpenError::HalfMoved)));
    let store = SqliteStore::open_to_move_in(folder.path(), options).unwrap();
    store.finish().await.unwrap();
    store.close();
    SqliteStore::open(folder.path(), options).unwrap();
}
