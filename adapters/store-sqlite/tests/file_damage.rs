//! What belongs to files and was changed in the database is never served.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use epic_domain::file::{ContentNumber, File, Revision};
use epic_outbound::StoreError;
use epic_outbound::files::{Files, Since, Usages};
use epic_outbound::links::Links;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BeginRight, BlobLedger, Uploads};
use epic_outbound::users::Users;
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::builders::{T0, link, once, share, upload, upload_id, user, user_id};
use rusqlite::Connection;
use support::{begin, rewritten, uploaded};
use tempfile::TempDir;

/// A store with a file of account 1 that has an earlier content, a share with account 2 and a link; an upload under way
/// that is remembered as a request; a doomed blob; and a file that was removed.
async fn filled() -> (TempDir, File) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).unwrap();
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
    store.begin(&upload, &BeginRight::NewFile, 1 << 50, Some(&once(1))).await.unwrap();
    begin(&store, 5, 1).await;
    (folder, file)
}

/// The answers of the ports to everything that could show a changed value.
async fn answers(store: &SqliteStore, file: &File) -> Vec<(&'static str, Option<StoreError>)> {
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
        ("download", store.count_download(link.id, T0).await.err()),
    ]
}

#[tokio::test]
async fn what_was_not_changed_is_served() {
    let (folder, file) = filled().await;
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).unwrap();
    for (name, error) in answers(&store, &file).await {
        assert!(error.is_none(), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn what_was_changed_in_the_file_is_never_served() {
    let changes: &[(&str, &[&str])] = &[
        ("UPDATE files SET size_bytes = 1", &["file", "files", "changes", "incoming", "link", "trash"]),
        (
            "UPDATE files SET digest = zeroblob(32)",
            &["file", "files", "changes", "incoming", "link", "trash"],
        ),
        ("UPDATE files SET owner_id = (SELECT id FROM users WHERE username = 'user-2')", &["file", "link"]),
        ("UPDATE removed_files SET at_ms = 7", &["changes"]),
        ("UPDATE versions SET encrypted_data_key = zeroblob(60)", &["version", "versions"]),
        ("UPDATE versions SET number = 1, size_bytes = -1", &["version", "versions"]),
        ("UPDATE storage SET used_bytes = 0", &["usage", "trash"]),
        ("UPDATE storage SET revision = 1", &["usage", "trash"]),
        ("UPDATE uploads SET offset_bytes = 7", &["upload", "take over"]),
        ("UPDATE uploads SET stage = zeroblob(9)", &["upload", "take over"]),
        ("UPDATE uploads SET fence = fence + 1", &["upload", "take over"]),
        ("UPDATE requests SET outcome = zeroblob(3)", &["request"]),
        ("UPDATE shares SET permission = 'write'", &["share", "shares", "incoming"]),
        ("UPDATE shares SET expires_at_ms = 1 << 45", &["share", "shares", "incoming"]),
        ("UPDATE links SET max_downloads = 1000", &["link", "links", "download"]),
        ("UPDATE links SET downloads = -1", &["link", "links", "download"]),
        ("UPDATE doomed_blobs SET stage = zeroblob(2)", &["doomed"]),
    ];
    let (folder, file) = filled().await;
    for (change, refused) in changes {
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(folder.path().join("epic.db"), copy.path().join("epic.db")).unwrap();
        Connection::open(copy.path().join("epic.db")).unwrap().execute_batch(change).unwrap();
        let store = SqliteStore::open(copy.path(), StoreOptions::default()).unwrap();
        let answers = answers(&store, &file).await;
        for name in *refused {
            let error = answers.iter().find(|(answer, _)| answer == name).map(|(_, error)| error).unwrap();
            assert!(matches!(error, Some(StoreError::Corrupt(_))), "{name} after {change}: {error:?}");
        }
    }
}
