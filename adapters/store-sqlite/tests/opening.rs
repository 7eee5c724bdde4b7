//! What opens as a store, what does not, and what is there after it was closed.

use core::time::Duration;
use epic_domain::audit::{Anchor, verify};
use epic_domain::session::Session;
use epic_domain::user::{User, Version};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{OpeningOutcome, Sessions};
use epic_outbound::users::Users;
use epic_store_sqlite::{OpenError, SqliteStore, StoreOptions};
use epic_tests::builders::{
    T0, event, opening, proposed_totp, recovery_key, session, signed_head, user, user_id,
};
use rusqlite::Connection;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(folder, StoreOptions::default())
}

/// Opens the database file past the store.
fn raw(folder: &Path) -> Connection {
    Connection::open(folder.join("epic.db")).unwrap()
}

async fn open_session(store: &SqliteStore, session: &Session) {
    let outcome = store.open(&opening(session, Version::FIRST)).await.unwrap();
    assert_ne!(outcome, OpeningOutcome::Stale);
}

/// An account with a proposed secret and a recovery key.
fn account() -> User {
    user(1)
        .with(|user| {
            user.enrolment.proposed = Some(proposed_totp(7));
            user.recovery_key = Some(recovery_key(8));
        })
        .build()
}

/// A folder whose store holds an account with a session, a revocation, an event and a signed head, and is closed.
async fn filled() -> TempDir {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    store.insert_if_absent(&account(), T0).await.unwrap();
    for seed in [1, 2] {
        open_session(&store, &session(seed, user_id(1)).build()).await;
    }
    store.end(session(2, user_id(1)).build().id, epic_domain::Timestamp::MAX).await.unwrap();
    store.append(&[event(1)]).await.unwrap();
    store.keep_signed_head(&signed_head(1)).await.unwrap();
    folder
}

#[tokio::test]
async fn a_second_store_on_the_folder_is_refused_and_harms_nothing() {
    let folder = folder();
    let first = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::InUse)));
    first.insert_if_absent(&user(1).build(), T0).await.unwrap();
    assert!(first.find_by_id(user_id(1)).await.unwrap().is_some());
}

#[test]
fn a_folder_is_free_again_once_every_clone_is_dropped() {
    let folder = folder();
    let first = open(folder.path()).unwrap();
    let clone = first.clone();
    drop(first);
    assert!(matches!(open(folder.path()), Err(OpenError::InUse)));
    drop(clone);
    assert!(open(folder.path()).is_ok());
}

#[test]
fn a_first_start_that_was_cut_off_is_made_up_for() {
    let folder = folder();
    fs::write(folder.path().join("epic.db"), "").unwrap();
    assert!(open(folder.path()).is_ok());
}

#[test]
fn a_lock_file_that_was_left_behind_blocks_nobody() {
    let folder = folder();
    fs::write(folder.path().join("epic.lock"), "").unwrap();
    assert!(open(folder.path()).is_ok());
}

#[tokio::test]
async fn a_closed_store_refuses_calls_and_frees_the_folder() {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    store.close();
    store.close();
    assert!(matches!(store.find_by_id(user_id(1)).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.append(&[event(1)]).await, Err(StoreError::Unavailable(_))));
    assert!(open(folder.path()).is_ok());
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = filled().await;
    let store = open(folder.path()).unwrap();
    assert_eq!(store.find_by_id(user_id(1)).await.unwrap().as_deref(), Some(&account()));
    let kept = session(1, user_id(1)).build();
    assert_eq!(store.find(kept.id).await.unwrap(), Some(kept));
    assert_eq!(store.live_revocations(T0).await.unwrap().len(), 1);
    store.append(&[event(2)]).await.unwrap();
    let end = verify(Anchor::empty(), Audit::read(&store, 0, 10).await.unwrap()).unwrap();
    assert_eq!(store.anchor().await.unwrap(), end);
    assert_eq!(end.length, 2);
    assert_eq!(store.signed_heads(0, 10).await.unwrap(), [signed_head(1)]);
    assert_eq!(Sessions::list(&store, user_id(1), None, 10, T0).await.unwrap().len(), 1);
    assert_eq!(Audit::list(&store, user_id(1), None, None, 10).await.unwrap().len(), 1);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let parent = folder();
    let data = parent.path().join("new/data");
    let _store = open(&data).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_server_is_refused() {
    let folder = filled().await;
    raw(folder.path()).pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::TooNew { found: 99, known: 1 })));
}

#[tokio::test]
async fn a_database_of_another_application_is_refused_and_left_alone() {
    for statement in
        ["PRAGMA application_id = 7", "PRAGMA user_version = 3", "CREATE TABLE theirs (column_a TEXT)"]
    {
        let folder = folder();
        raw(folder.path()).execute_batch(statement).unwrap();
        let before = fs::read(folder.path().join("epic.db")).unwrap();
        assert!(matches!(open(folder.path()), Err(OpenError::NotOurs)), "{statement}");
        assert_eq!(fs::read(folder.path().join("epic.db")).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = folder();
    fs::write(folder.path().join("epic.db"), "not a database ".repeat(1_000)).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::Corrupt(_))));
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused() {
    let folder = filled().await;
    let path = folder.path().join("epic.db");
    let bytes = fs::read(&path).unwrap();
    for length in [bytes.len() - 4_096, bytes.len() / 2, 4_096, 100, 1, 0] {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(matches!(open(folder.path()), Err(OpenError::Corrupt(_))), "{length} bytes");
    }
}

#[tokio::test]
async fn a_damaged_page_is_refused() {
    let folder = filled().await;
    let path = folder.path().join("epic.db");
    let mut bytes = fs::read(&path).unwrap();
    for byte in &mut bytes[4_096..8_192] {
        *byte ^= 0x5A;
    }
    fs::write(&path, bytes).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::Corrupt(_))));
}

/// A flipped bit inside a value leaves the page's structure whole: only the row's own checksum shows it.
#[tokio::test]
async fn a_value_that_was_changed_in_the_file_is_never_served() {
    let changes = [
        "UPDATE users SET encrypted_mek = zeroblob(48)",
        "UPDATE users SET consecutive_failures = 1",
        "UPDATE users SET status = 'disabled'",
        "UPDATE users SET version = -1",
        "UPDATE users SET auth_key_hash = 'plain'",
        "UPDATE users SET proposed_totp_secret = zeroblob(60)",
        "UPDATE users SET proposed_totp_at_ms = proposed_totp_at_ms + 1",
        "UPDATE users SET proposed_totp_secret = NULL, proposed_totp_at_ms = NULL",
        "UPDATE users SET recovery_auth_key_hash = auth_key_hash",
        "UPDATE users SET recovery_encrypted_mek = encrypted_mek",
        "UPDATE users SET recovery_auth_key_hash = NULL, recovery_encrypted_mek = NULL",
        "UPDATE users SET checksum = checksum + 1",
    ];
    for change in changes {
        let folder = filled().await;
        raw(folder.path()).execute_batch(change).unwrap();
        let store = open(folder.path()).unwrap();
        let found = store.find_by_id(user_id(1)).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{change}");
        let failure = store.record_code_failure(user_id(1)).await;
        assert!(matches!(failure, Err(StoreError::Corrupt(_))), "{change}");
    }
}

#[tokio::test]
async fn a_session_or_revocation_that_was_changed_in_the_file_is_never_served() {
    let folder = filled().await;
    raw(folder.path())
        .execute_batch(
            "UPDATE sessions SET ends_at_ms = ends_at_ms + 1; UPDATE revocations SET until_ms = 1 << 45",
        )
        .unwrap();
    let store = open(folder.path()).unwrap();
    let found = store.find(session(1, user_id(1)).build().id).await;
    assert!(matches!(found, Err(StoreError::Corrupt(_))));
    assert!(matches!(store.live_revocations(T0).await, Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn an_event_that_was_changed_in_the_file_breaks_the_chain() {
    let folder = filled().await;
    raw(folder.path()).execute_batch("UPDATE audit SET count = 2").unwrap();
    let store = open(folder.path()).unwrap();
    assert!(verify(Anchor::empty(), Audit::read(&store, 0, 10).await.unwrap()).is_err());
}

#[tokio::test]
async fn what_was_recorded_about_an_error_names_no_stored_value() {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    store.insert_if_absent(&user(1).build(), T0).await.unwrap();
    let same_id_other_name = user(1).named("mallory").build();
    let error = store.insert_if_absent(&same_id_other_name, T0).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("mallory") && !text.contains(&user_id(1).to_string()), "{text}");
}

#[tokio::test]
async fn a_call_that_fails_leaves_the_others_of_its_batch_alone() {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    store.insert_if_absent(&user(0).build(), T0).await.unwrap();
    // Every second call breaks a rule of the tables: its id is taken.
    let calls: Vec<_> = (1..=200_u64)
        .map(|seed| {
            let store = store.clone();
            let taken = user(0).named(&format!("rival-{seed}")).build();
            let user = if seed % 2 == 0 { user(seed).build() } else { taken };
            tokio::spawn(async move { store.insert_if_absent(&user, T0).await.is_ok() })
        })
        .collect();
    for (seed, call) in (1..=200_u64).zip(calls) {
        assert_eq!(call.await.unwrap(), seed % 2 == 0, "{seed}");
        assert_eq!(store.find_by_id(user_id(seed)).await.unwrap().is_some(), seed % 2 == 0, "{seed}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_write_refuses_calls_does_none_of_them_and_recovers() {
    let folder = folder();
    let options = StoreOptions { deadline: Duration::from_millis(20), queue_length_max: 2, reader_count: 1 };
    let store = SqliteStore::open(folder.path(), options).unwrap();
    let holder = raw(folder.path());
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    for seed in 0..8 {
        let error = store.insert_if_absent(&user(seed).build(), T0).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)));
    }
    assert!(store.find_by_id(user_id(0)).await.unwrap().is_none(), "reads go on");
    holder.execute_batch("ROLLBACK").unwrap();
    let mut tries = 0;
    while store.insert_if_absent(&user(100).build(), T0).await.is_err() {
        tries += 1;
        assert!(tries < 200, "the store does not recover");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for seed in 0..8 {
        assert!(store.find_by_id(user_id(seed)).await.unwrap().is_none(), "{seed}");
    }
}
