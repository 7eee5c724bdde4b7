//! Documents that belong to files and do not parse are never served.

use crate::support::FreshDatabase;
use epic_domain::file::File;
use epic_tests::contract::Stores;
use epic_tests::contract::file_answers::{all_is_served, fill, these_are_refused};
use mongodb::bson::{DateTime, Document, doc};
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
