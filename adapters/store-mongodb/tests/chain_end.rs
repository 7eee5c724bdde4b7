//! An append that its node did not finish is whole or absent, and holds up nobody.

use crate::support::FreshDatabase;
use epic_domain::audit::{Anchor, verify, verify_file};
use epic_outbound::audit::Audit;
use epic_store_mongodb::MongoStore;
use epic_tests::builders::{event, file_event, file_id};
use mongodb::bson::{Document, doc};

/// A store with a batch of three events and one of four, of which only so many are in their places: its node was killed
/// after it had moved the anchor.
async fn left_half_way(database: &FreshDatabase, links_in_place: i64) {
    let store = database.store().await;
    store.append(&[event(1), file_event(2, file_id(1)), event(3)]).await.unwrap();
    store.append(&[event(4), file_event(5, file_id(1)), file_event(6, file_id(1)), event(7)]).await.unwrap();
    let links = database.raw().await.collection::<Document>("audit");
    links.delete_many(doc! { "_id": { "$gt": links_in_place } }).await.unwrap();
}

async fn verified(store: &MongoStore) -> u64 {
    let anchor = store.anchor().await.unwrap();
    let links = Audit::read(store, 0, 100).await.unwrap();
    anchor.matches(verify(Anchor::empty(), links).unwrap()).unwrap();
    anchor.length
}

#[tokio::test]
async fn what_a_killed_node_has_decided_is_completed_by_whoever_asks_where_the_chain_stands() {
    for links_in_place in 3..=7 {
        let database = FreshDatabase::new();
        left_half_way(&database, links_in_place).await;
        assert_eq!(verified(&database.store().await).await, 7, "{links_in_place} in their places");
    }
}

#[tokio::test]
async fn what_a_killed_node_has_decided_is_completed_by_whoever_appends_next() {
    for links_in_place in 3..=7 {
        let database = FreshDatabase::new();
        left_half_way(&database, links_in_place).await;
        let store = database.store().await;
        store.append(&[file_event(8, file_id(1))]).await.unwrap();
        let links = Audit::read(&store, 0, 100).await.unwrap();
        let end = verify(Anchor::empty(), links).unwrap();
        assert_eq!(end.length, 8, "{links_in_place} in their places");
        let of_file = store.list_of_file(file_id(1), 0, 100).await.unwrap();
        verify_file(Anchor::of_file(file_id(1)), of_file.iter().cloned()).unwrap();
        assert_eq!(of_file.len(), 4);
        assert_eq!(verified(&store).await, 8);
    }
}

/// As when the driver asks again after an answer was lost, and the database has forgotten that it has done this before.
#[tokio::test]
async fn an_append_that_finds_itself_done_is_not_done_twice() {
    let database = FreshDatabase::new();
    let (store, earlier) = (database.store().await, database.store().await);
    store.append(&[event(1)]).await.unwrap();
    earlier.append(&[event(2), event(3)]).await.unwrap();
    store.append(&[event(2), event(3)]).await.unwrap();
    assert_eq!(verified(&store).await, 3);
    store.append(&[event(4)]).await.unwrap();
    assert_eq!(verified(&store).await, 4);
}

#[tokio::test]
async fn links_that_are_missing_before_the_last_append_stay_missing() {
    let database = FreshDatabase::new();
    left_half_way(&database, 2).await;
    let store = database.store().await;
    assert_eq!(store.anchor().await.unwrap().length, 7);
    let links = Audit::read(&store, 0, 100).await.unwrap();
    assert!(verify(Anchor::empty(), links).is_err(), "the gap is found");
}

#[tokio::test]
async fn nodes_that_complete_the_same_append_at_one_moment_do_not_disturb_each_other() {
    let database = FreshDatabase::new();
    left_half_way(&database, 4).await;
    let mut nodes = Vec::new();
    for _ in 0..8 {
        nodes.push(database.store().await);
    }
    let racing: Vec<_> = (10..)
        .zip(&nodes)
        .map(|(seed, node)| {
            let node = node.clone();
            tokio::spawn(async move { node.append(&[event(seed)]).await })
        })
        .collect();
    for append in racing {
        append.await.unwrap().unwrap();
    }
    assert_eq!(verified(&nodes[0]).await, 7 + 8);
}
