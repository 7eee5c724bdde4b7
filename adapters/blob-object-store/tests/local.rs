//! The local folder passes the contract kit, and stands damage that the kit cannot do.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use epic_blob_object_store::LocalBlobs;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, Blobs};
use epic_tests::builders::blob_id;
use epic_tests::contract::blobs::BlobStore;
use epic_tests::contract::run;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

async fn fresh() -> BlobStore {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blobs");
    BlobStore::new(move || Arc::new(LocalBlobs::open(&path).unwrap()), folder)
}

epic_tests::blobs_contract!(fresh);

fn opened() -> (LocalBlobs, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (LocalBlobs::open(folder.path()).unwrap(), folder)
}

fn progress(offset_bytes: u64) -> Progress {
    Progress { offset_bytes, ..Progress::none() }
}

fn staged(folder: &TempDir, blob: BlobId) -> PathBuf {
    folder.path().join("staging").join(blob.to_string())
}

fn published(folder: &TempDir, blob: BlobId) -> PathBuf {
    let name = blob.to_string();
    folder.path().join(name.get(..2).unwrap()).join(name.get(2..4).unwrap()).join(name)
}

async fn stage(blobs: &LocalBlobs, blob: BlobId, bytes: &'static [u8]) {
    let mut writer = blobs.write(blob, &Progress::none()).await.unwrap();
    writer.append(Bytes::from_static(bytes)).await.unwrap();
    writer.persist().await.unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn nobody_else_gets_at_folders_or_files() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let blobs = LocalBlobs::open(folder.path()).unwrap();
        for seed in [1, 2] {
            stage(&blobs, blob_id(seed), b"bytes").await;
        }
        blobs.publish(blob_id(2), &progress(5)).await.unwrap();
        blobs.publish(blob_id(3), &Progress::none()).await.unwrap();
        let inner = published(&folder, blob_id(2)).parent().unwrap().to_owned();
        let outer = inner.parent().unwrap();
        for path in [folder.path(), &folder.path().join("staging"), outer, &inner] {
            assert_eq!(mode(path), 0o700, "{path:?}");
        }
        let files =
            [staged(&folder, blob_id(1)), published(&folder, blob_id(2)), published(&folder, blob_id(3))];
        for path in files {
            assert_eq!(mode(&path), 0o600, "{path:?}");
        }
    });
}

#[test]
fn a_staged_file_that_a_crash_left_too_long_is_cut_off() {
    run(async {
        let (blobs, folder) = opened();
        stage(&blobs, blob_id(1), b"kept").await;
        fs::write(staged(&folder, blob_id(1)), b"kept and torn").unwrap();
        let mut writer = blobs.write(blob_id(1), &progress(4)).await.unwrap();
        writer.append(Bytes::from_static(b", too")).await.unwrap();
        writer.persist().await.unwrap();
        assert_eq!(fs::read(staged(&folder, blob_id(1))).unwrap(), b"kept, too");
    });
}

#[test]
fn a_staged_file_that_a_crash_left_too_short_is_missing() {
    run(async {
        let (blobs, folder) = opened();
        stage(&blobs, blob_id(1), b"kept").await;
        fs::write(staged(&folder, blob_id(1)), b"ke").unwrap();
        let outcomes = [
            blobs.write(blob_id(1), &progress(4)).await.map(drop),
            blobs.publish(blob_id(1), &progress(4)).await,
        ];
        for outcome in outcomes {
            assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
        }
        assert!(!published(&folder, blob_id(1)).exists());
    });
}

#[test]
fn a_published_file_that_was_cut_short_is_missing_from_there_on() {
    run(async {
        let (blobs, folder) = opened();
        stage(&blobs, blob_id(1), b"0123456789").await;
        blobs.publish(blob_id(1), &progress(10)).await.unwrap();
        fs::write(published(&folder, blob_id(1)), b"01234").unwrap();
        let outcome = blobs.read(blob_id(1), 0..10).await.map(drop);
        assert!(matches!(outcome, Err(BlobError::Missing(_))), "{outcome:?}");
        let mut reader = blobs.read(blob_id(1), 0..5).await.unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap(), b"01234"[..]);
    });
}

#[test]
fn a_file_cut_short_while_it_is_read_breaks_off_and_stays_so() {
    run(async {
        let (blobs, folder) = opened();
        let size = 1_024 * 1_024;
        let mut writer = blobs.write(blob_id(1), &Progress::none()).await.unwrap();
        writer.append(Bytes::from(vec![7; size])).await.unwrap();
        writer.persist().await.unwrap();
        let size = u64::try_from(size).unwrap();
        blobs.publish(blob_id(1), &progress(size)).await.unwrap();
        let mut reader = blobs.read(blob_id(1), 0..size).await.unwrap();
        let file = fs::OpenOptions::new().write(true).open(published(&folder, blob_id(1))).unwrap();
        file.set_len(300_000).unwrap();
        assert!(reader.next().await.unwrap().is_some(), "the first piece is still whole");
        assert!(matches!(reader.next().await, Err(BlobError::Missing(_))));
        file.set_len(size).unwrap();
        assert!(reader.next().await.is_err());
    });
}

#[test]
fn what_is_no_blob_is_not_listed() {
    run(async {
        let (blobs, folder) = opened();
        stage(&blobs, blob_id(1), b"bytes").await;
        blobs.publish(blob_id(1), &progress(5)).await.unwrap();
        let [shelf, ..] = *blob_id(1).as_bytes();
        let path = published(&folder, blob_id(1));
        let inner = path.parent().unwrap();
        for name in ["lost+found", "x", &blob_id(1).to_string().to_uppercase(), &blob_id(2).to_string()] {
            fs::write(inner.join(name), b"odd").unwrap();
            fs::write(inner.parent().unwrap().join(name), b"odd").unwrap();
            fs::write(folder.path().join("staging").join(format!("{shelf:02x}{name}")), b"odd").unwrap();
        }
        fs::create_dir(inner.join("folder")).unwrap();
        let listed: Vec<_> =
            blobs.on_shelf(shelf).await.unwrap().into_iter().map(|listed| listed.blob_id).collect();
        assert_eq!(listed, [blob_id(1)]);
    });
}

#[test]
fn a_newer_writer_takes_the_blob_from_the_older_one() {
    run(async {
        let (blobs, folder) = opened();
        let mut older = blobs.write(blob_id(1), &Progress::none()).await.unwrap();
        older.append(Bytes::from_static(b"older")).await.unwrap();
        let mut newer = blobs.write(blob_id(1), &Progress::none()).await.unwrap();
        newer.append(Bytes::from_static(b"newer bytes")).await.unwrap();
        newer.persist().await.unwrap();
        let outcome = older.persist().await;
        assert!(matches!(outcome, Err(BlobError::Unavailable(_))), "{outcome:?}");
        assert_eq!(fs::read(staged(&folder, blob_id(1))).unwrap(), b"newer bytes");
    });
}

#[test]
fn a_writer_that_failed_writes_no_more() {
    run(async {
        let (blobs, _folder) = opened();
        let mut writer = blobs.write(blob_id(1), &Progress::none()).await.unwrap();
        writer.append(Bytes::from_static(b"bytes")).await.unwrap();
        blobs.remove(blob_id(1), &StageState::default()).await.unwrap();
        for _ in 0..2 {
            let outcome = writer.persist().await;
            assert!(matches!(outcome, Err(BlobError::Unavailable(_))), "{outcome:?}");
        }
        assert!(writer.append(Bytes::from_static(b"more")).await.is_err());
    });
}

#[test]
fn a_folder_that_is_gone_does_not_answer() {
    run(async {
        let (blobs, folder) = opened();
        blobs.check().await.unwrap();
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(blobs.check().await.is_err());
    });
}
