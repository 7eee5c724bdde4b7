//! Documents that belong to files and do not parse are never served.

use crate::support::FreshDatabase;
use epic_domain::file::File;
use epic_domain::id::FileId;
use epic_outbound::files::{FileOutcome, Files};
use epic_outbound::users::Users;
use epic_store_mongodb::MongoStore;
use epic_tests::builders::{T0, user, user_id};
use epic_tests::contract::Stores;
use epic_tests::contract::file_answers::{all_is_served, fill, these_are_refused};
use epic_tests::steps::{begin, complete};
use mongodb::bson::{DateTime, Document, Uuid, doc};
use std::sync::Arc;

async fn filled(database: &FreshDatabase) -> (Stores, File) {
    let stores = Stores::of(Arc::new(database.store().await), ());
    let file = fill(&stores).await;
    (stores, file)
}

#[tokio::test]
async fn what_was_not_changed_is_served() {
    let database = FreshDatabase::new();
    let (stores, file) = filled(&database).await;
    all_is_served(&stores, &file).await;
}

#[tokio::test]
async fn what_does_not_parse_is_never_served() {
    let of_file = ["file", "files", "changes", "incoming", "link", "trash"].as_slice();
    let live = doc! { "live": { "$exists": true } };
    let changes: [(&str, Document, Document, &[&str]); 16] = [
        ("files", live.clone(), doc! { "$set": { "v": 2 } }, of_file),
        ("files", live.clone(), doc! { "$set": { "live.content.size_bytes": -1_i64 } }, of_file),
        ("files", live.clone(), doc! { "$set": { "live.content.digest": "short" } }, of_file),
        ("files", live.clone(), doc! { "$set": { "live.version": "one" } }, of_file),
        (
            "files",
            live.clone(),
            doc! { "$set": { "removed_at": DateTime::from_millis(0) } },
            &["file", "link"],
        ),
        ("files", live, doc! { "$unset": { "live.encrypted_filename": "" } }, of_file),
        ("files", doc! {}, doc! { "$unset": { "removed_at": "" } }, &["changes"]),
        ("contents", doc! {}, doc! { "$set": { "content.blob_id": "" } }, &["version", "versions"]),
        ("contents", doc! {}, doc! { "$set": { "content.size_bytes": -1_i64 } }, &["version", "versions"]),
        ("users", doc! {}, doc! { "$set": { "storage.used_bytes": -1_i64 } }, &["usage", "trash"]),
        ("users", doc! {}, doc! { "$set": { "storage.revision": "one" } }, &["usage", "trash"]),
        ("uploads", doc! {}, doc! { "$set": { "progress.offset_bytes": -1_i64 } }, &["upload", "take over"]),
        ("uploads", doc! {}, doc! { "$unset": { "exact_bytes": "" } }, &["upload", "take over"]),
        ("requests", doc! {}, doc! { "$set": { "fingerprint": "short" } }, &["request"]),
        ("shares", doc! {}, doc! { "$set": { "permission": "all" } }, &["share", "shares", "incoming"]),
        ("links", doc! {}, doc! { "$set": { "downloads": -1_i64 } }, &["link", "links"]),
    ];
    for (collection, filter, change, refused) in changes {
        let database = FreshDatabase::new();
        let (stores, file) = filled(&database).await;
        let collection = database.raw().await.collection::<Document>(collection);
        let changed = collection.update_many(filter, change.clone()).await.unwrap();
        assert!(changed.modified_count > 0, "{change}");
        these_are_refused(&stores, &file, refused, &change.to_string()).await;
    }
}

/// An account with a file in the trash.
async fn with_trash(store: &MongoStore, seed: u64) -> FileId {
    store.insert_if_absent(&user(seed).build(), T0).await.unwrap();
    let upload = begin(store, seed, seed).await;
    let file = complete(store, &upload, T0).await;
    let ownership = file.owned_by(file.owner).unwrap();
    assert!(matches!(store.trash(&ownership, file.version, T0).await, Ok(FileOutcome::Made(_))));
    file.id
}

/// Each owner's are removed in a step of their own: nobody would ever hear of those before the one that fails.
#[tokio::test]
async fn a_sweep_that_meets_damage_tells_what_it_has_removed_before() {
    let database = FreshDatabase::new();
    let store = database.store().await;
    let (first, second) = (with_trash(&store, 1).await, with_trash(&store, 2).await);
    let users = database.raw().await.collection::<Document>("users");
    let of_second = doc! { "_id": Uuid::from_bytes(*user_id(2).as_bytes()) };
    let set = |used_bytes: i64| doc! { "$set": { "storage.used_bytes": used_bytes } };
    users.update_one(of_second.clone(), set(-1)).await.unwrap();
    let swept = store.remove_old_trash(T0, T0, 10).await.unwrap();
    assert_eq!(swept.iter().map(|swept| swept.file_id).collect::<Vec<_>>(), [first]);
    assert!(store.remove_old_trash(T0, T0, 10).await.is_err(), "nothing but the damaged one is left");
    users.update_one(of_second, set(1_000)).await.unwrap();
    let swept = store.remove_old_trash(T0, T0, 10).await.unwrap();
    assert_eq!(swept.iter().map(|swept| swept.file_id).collect::<Vec<_>>(), [second]);
}
