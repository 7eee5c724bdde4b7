//! What belongs to files and was changed in the database is never served.

use epic_domain::file::File;
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::contract::Stores;
use epic_tests::contract::file_answers::{all_is_served, fill, these_are_refused};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

fn open(folder: &Path) -> Stores {
    Stores::of(Arc::new(SqliteStore::open(folder, StoreOptions::default()).unwrap()), ())
}

async fn filled() -> (TempDir, File) {
    let folder = tempfile::tempdir().unwrap();
    let file = fill(&open(folder.path())).await;
    (folder, file)
}

#[tokio::test]
async fn what_was_not_changed_is_served() {
    let (folder, file) = filled().await;
    all_is_served(&open(folder.path()), &file).await;
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
        these_are_refused(&open(copy.path()), &file, refused, change).await;
    }
}
