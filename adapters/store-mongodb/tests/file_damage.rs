//! Documents that belong to files and do not parse are never served.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use epic_domain::file::{ContentNumber, File, Revision};
use epic_outbound::StoreError;
use epic_outbound::files::{Files, Since, Usages};
use epic_outbound::links::Links;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BeginRight, BlobLedger, Uploads};
use epic_outbound::users::Users;
use epic_store_mongodb::MongoStore;
use epic_tests::builders::{T0, link, once, share, upload, upload_id, user, user_id};
use mongodb::bson::{DateTime, Document, doc};
use support::FreshDatabase;
use support::steps::{AMPLE_BYTES, begin, rewritten, uploaded};

/// A store with a file of account 1 that has an earlier content, a share with account 2 and a link; an upload under way
/// that is remembered as a request; a doomed blob; and a file that was removed.
async fn filled(database: &FreshDatabase) -> (MongoStore, File) {
    let store = database.store().await;
    for seed in [1, 2] {
        store.insert_if_absent(&user(seed).build(), T0).await.unwrap();
    }
    let file = uploaded(&store, 1, 1).await;
    let file = rewritten(&store, &file, 2).await;
    let ownership = file.owned_by(user_id(1)).unwrap();
    store.grant(&ownership, &share(1, &file, user_id(2)).build(), 10, None, T0).await.unwrap();
    store.create(&ownership, &link(1, &file).build(), 10, None, T0).await.unwrap();
    let gone = uploaded(&store, 3, 1).await;
    let of_gone = gone.owned_by(user_id(1)).unwrap();
    store.trash(&of_gone, gone.version, T0).await.unwrap();
    Files::remove(&store, &of_gone, gone.version.next(), T0).await.unwrap();
    let upload = upload(4, 1).build();
    store.begin(&upload, &BeginRight::NewFile, AMPLE_BYTES, Some(&once(1))).await.unwrap();
    begin(&store, 5, 1).await;
    (store, file)
}

/// The answers of the ports to everything that could show a changed value.
async fn answers(store: &MongoStore, file: &File) -> Vec<(&'static str, Option<StoreError>)> {
    let ownership = file.owned_by(user_id(1)).unwrap();
    let link = link(1, file).build();
    let all = Since::Revision(Revision::NONE);
    let key = once(1).key_digest;
    vec![
        ("file", Files::find(store, file.id).await.err()),
        ("files", Files::list(store, user_id(1), false, None, 10).await.err()),
        ("changes", store.changes(user_id(1), all, 10).await.err()),
        ("version", store.find_version(file.id, ContentNumber::FIRST).await.err()),
        ("versions", store.versions(file.id, None, 10).await.err()),
        ("usage", store.usage(user_id(1)).await.err()),
        ("upload", Uploads::find(store, upload_id(4), user_id(1)).await.err()),
        ("request", store.find_request(user_id(1), &key, T0).await.err()),
        ("share", store.find_for(file.id, user_id(2)).await.err()),
        ("shares", Shares::list(store, &ownership, None, 10, T0).await.err()),
        ("incoming", store.incoming(user_id(2), None, 10, T0).await.err()),
        ("link", Links::find(store, &link.token_digest).await.err()),
        ("links", Links::list(store, &ownership, None, 10).await.err()),
        ("doomed", store.doomed(10).await.err()),
        // Last, since they would change something.
        ("take over", store.take_over(upload_id(4), user_id(1), T0).await.err()),
        ("trash", store.trash(&ownership, file.version, T0).await.err()),
    ]
}

#[tokio::test]
async fn what_was_not_changed_is_served() {
    let database = FreshDatabase::new();
    let (store, file) = filled(&database).await;
    for (name, error) in answers(&store, &file).await {
        assert!(error.is_none(), "{name}: {error:?}");
    }
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
        let (store, file) = filled(&database).await;
        let collection = database.raw().await.collection::<Document>(collection);
        let changed = collection.update_many(filter, change.clone()).await.unwrap();
        assert!(changed.modified_count > 0, "{change}");
        let answers = answers(&store, &file).await;
        for name in refused {
            let error = answers.iter().find(|(answer, _)| answer == name).map(|(_, error)| error).unwrap();
            assert!(matches!(error, Some(StoreError::Corrupt(_))), "{name} after {change}: {error:?}");
        }
    }
}
