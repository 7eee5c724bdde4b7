//! An account with many files goes at once; what it leaves behind is cleared away, also after a restart.

use core::time::Duration;
use epic_domain::file::Usage;
use epic_outbound::files::{Files, Usages};
use epic_outbound::uploads::{BlobLedger, Uploads};
use epic_outbound::users::Users;
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::builders::{T0, blob_id, file_id, upload_id, user, user_id};
use epic_tests::steps::{begin, rewritten, uploaded};
use rusqlite::Connection;
use std::path::Path;

/// More than the store removes in one piece.
const FILES: u64 = 1_000;

/// A store with a thousand files of account 1, the first with an earlier content, and an upload; and a file of account 2.
async fn filled(folder: &Path) -> SqliteStore {
    let store = SqliteStore::open(folder, StoreOptions::default()).unwrap();
    for seed in [1, 2] {
        store.insert_if_absent(&user(seed).build(), T0).await.unwrap();
    }
    let calls: Vec<_> = (1..=FILES)
        .map(|seed| {
            let store = store.clone();
            tokio::spawn(async move { uploaded(&store, seed, 1).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    begin(&store, FILES + 1, 1).await;
    let twice = Files::find(&store, file_id(1)).await.unwrap().unwrap();
    rewritten(&store, &twice, FILES + 2, T0).await;
    uploaded(&store, FILES + 3, 2).await;
    store
}

async fn nothing_is_seen(store: &SqliteStore) {
    for seed in 1..=FILES {
        assert_eq!(Files::find(store, file_id(seed)).await.unwrap(), None, "{seed}");
    }
    assert_eq!(Files::list(store, user_id(1), false, None, 10).await.unwrap(), []);
    assert_eq!(store.usage(user_id(1)).await.unwrap(), Usage::default());
    assert_eq!(Uploads::find(store, upload_id(FILES + 1), user_id(1)).await.unwrap(), None);
    assert!(Files::find(store, file_id(FILES + 3)).await.unwrap().is_some(), "that of another stays");
}

/// Waits until every blob of account 1 is doomed, and only those.
async fn everything_is_cleared_away(store: &SqliteStore) {
    let mut tries = 0;
    let doomed = loop {
        let doomed = store.doomed(u32::MAX).await.unwrap();
        if doomed.len() >= usize::try_from(FILES + 2).unwrap() {
            break doomed;
        }
        tries += 1;
        assert!(tries < 3_000, "{} blobs are doomed", doomed.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let mut found: Vec<_> = doomed.into_iter().map(|doomed| doomed.blob_id).collect();
    let mut expected: Vec<_> = (1..=FILES + 2).map(blob_id).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn rows(folder: &Path, table: &str) -> i64 {
    let database = Connection::open(folder.join("epic.db")).unwrap();
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_account_with_many_files_goes_at_once_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    assert!(Users::remove(&store, user_id(1), T0).await.unwrap().is_some());
    nothing_is_seen(&store).await;
    everything_is_cleared_away(&store).await;
    nothing_is_seen(&store).await;
}

#[tokio::test]
async fn a_removal_that_was_cut_off_is_taken_up_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    // Stops right after the account has gone: what is left then depends on the moment, the outcome does not.
    assert!(Users::remove(&store, user_id(1), T0).await.unwrap().is_some());
    store.close();
    let store = SqliteStore::open(folder.path(), StoreOptions::default()).unwrap();
    nothing_is_seen(&store).await;
    everything_is_cleared_away(&store).await;
    store.close();
    for (table, expected) in [("removed_accounts", 0), ("files", 1), ("uploads", 0), ("storage", 1)] {
        assert_eq!(rows(folder.path(), table), expected, "{table}");
    }
}

#[tokio::test]
async fn an_account_that_takes_the_place_of_one_with_many_files_inherits_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    assert!(Users::remove(&store, user_id(1), T0).await.unwrap().is_some());
    store.insert_if_absent(&user(1).build(), T0).await.unwrap();
    nothing_is_seen(&store).await;
    everything_is_cleared_away(&store).await;
}
