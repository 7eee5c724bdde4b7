//! The bucket passes the contract kit at a real server, and stands a server that breaks down.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../../../tests/support/like_s3.rs"]
mod like_s3;
mod server;

use bytes::Bytes;
use core::fmt::Debug;
use core::time::Duration;
use epic_blob_object_store::{S3Blobs, S3Settings};
use epic_domain::file::{Progress, StageState};
use epic_outbound::blobs::{BlobError, Blobs};
use epic_tests::builders::blob_id;
use epic_tests::contract::blobs::BlobStore;
use epic_tests::contract::run;
use server::{OPEN, SECRET, SILENT, Server, Way, opened, settings};
use std::sync::Arc;
use tokio::time::timeout;

const PART_BYTES: usize = 8 * 1_024 * 1_024;
/// Far more than any wait here, so that a test that hangs ends.
const FOREVER: Duration = Duration::from_secs(120);

async fn fresh() -> BlobStore {
    let server = Server::start().await;
    let settings = settings(server.address);
    BlobStore::new(move || Arc::new(opened(&settings)), server)
}

epic_tests::blobs_contract!(fresh);

fn some_bytes(len: usize) -> Bytes {
    (0..=u8::MAX).cycle().take(len).collect()
}

async fn stage(blobs: &S3Blobs, seed: u64, from: &Progress, bytes: Bytes) -> Result<Progress, BlobError> {
    let mut writer = blobs.write(blob_id(seed), from).await?;
    let offset_bytes = from.offset_bytes + u64::try_from(bytes.len()).unwrap();
    writer.append(bytes).await?;
    Ok(Progress { offset_bytes, stage: writer.persist().await?, ..Progress::none() })
}

async fn held(blobs: &S3Blobs, seed: u64, len: usize) -> Vec<u8> {
    let mut reader = blobs.read(blob_id(seed), 0..u64::try_from(len).unwrap()).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = reader.next().await.unwrap() {
        bytes.extend_from_slice(&piece);
    }
    bytes
}

fn assert_unavailable<T: Debug>(outcome: Result<T, BlobError>) {
    let Err(error @ BlobError::Unavailable(_)) = outcome else { panic!("{outcome:?}") };
    assert!(!format!("{error:?}").contains(SECRET));
}

#[test]
fn a_published_blob_leaves_nothing_of_its_way_behind() {
    run(async {
        let server = Server::start().await;
        let blobs = opened(&settings(server.address));
        let begun = stage(&blobs, 1, &Progress::none(), some_bytes(PART_BYTES + 7)).await.unwrap();
        // Begun anew: of the first attempt, only the note is left to tell.
        drop(begun);
        let mut whole = stage(&blobs, 1, &Progress::none(), some_bytes(10)).await.unwrap();
        for _ in 0..3 {
            whole = stage(&blobs, 1, &whole, some_bytes(PART_BYTES / 2)).await.unwrap();
        }
        blobs.publish(blob_id(1), &whole).await.unwrap();
        assert_eq!(server.unfinished(), Vec::<std::path::PathBuf>::new());
        let [key] = server.keys().try_into().unwrap();
        assert!(key.starts_with("epic/blobs/") && key.ends_with(&blob_id(1).to_string()), "{key}");
    });
}

#[test]
fn a_removed_upload_leaves_nothing_behind() {
    run(async {
        let server = Server::start().await;
        let blobs = opened(&settings(server.address));
        for seed in [1, 2] {
            let staged = stage(&blobs, seed, &Progress::none(), some_bytes(PART_BYTES + 7)).await.unwrap();
            let state = if seed == 1 { staged.stage } else { StageState::default() };
            blobs.remove(blob_id(seed), &state).await.unwrap();
        }
        assert_eq!(server.unfinished(), Vec::<std::path::PathBuf>::new());
        assert_eq!(server.keys(), Vec::<String>::new());
    });
}

#[test]
fn tails_do_not_pile_up() {
    run(async {
        let server = Server::start().await;
        let blobs = opened(&settings(server.address));
        let mut writer = blobs.write(blob_id(1), &Progress::none()).await.unwrap();
        for _ in 0..10 {
            writer.append(some_bytes(100)).await.unwrap();
            writer.persist().await.unwrap();
        }
        assert_eq!(server.keys().len(), 2, "the last, and the one before it");
    });
}

#[test]
fn what_is_put_away_of_a_part_is_short() {
    run(async {
        let server = Server::start().await;
        for checksums in [true, false] {
            let blobs = opened(&S3Settings { checksums, ..settings(server.address) });
            let staged = stage(&blobs, 1, &Progress::none(), some_bytes(2 * PART_BYTES)).await.unwrap();
            let bytes = staged.stage.as_bytes();
            assert!(bytes.len() < 110, "{}", String::from_utf8_lossy(bytes));
            blobs.publish(blob_id(1), &staged).await.unwrap();
            blobs.remove(blob_id(1), &staged.stage).await.unwrap();
        }
    });
}

#[test]
fn a_blob_keeps_its_part_size_when_the_settings_change() {
    run(async {
        let server = Server::start().await;
        let small = settings(server.address);
        let large = S3Settings { blob_bytes_max: 100_000 * 1_024 * 1_024, ..settings(server.address) };
        let bytes = some_bytes(PART_BYTES + 1_000);
        let staged = stage(&opened(&small), 1, &Progress::none(), bytes.clone()).await.unwrap();
        let blobs = opened(&large);
        let whole = stage(&blobs, 1, &staged, bytes.clone()).await.unwrap();
        blobs.publish(blob_id(1), &whole).await.unwrap();
        assert!(held(&blobs, 1, 2 * bytes.len()).await == [bytes.clone(), bytes].concat());
    });
}

#[test]
fn no_more_parts_are_in_memory_than_allowed() {
    run(async {
        let server = Server::start().await;
        let settings =
            S3Settings { parts_max: 1, answer_timeout: Duration::from_secs(1), ..settings(server.address) };
        let blobs = opened(&settings);
        let writer = blobs.write(blob_id(1), &Progress::none()).await.unwrap();
        assert_unavailable(blobs.write(blob_id(2), &Progress::none()).await.map(drop));
        drop(writer);
        stage(&blobs, 2, &Progress::none(), some_bytes(10)).await.unwrap();
    });
}

/// Every call, and what it has come to.
async fn every_call(blobs: &S3Blobs) -> Vec<Result<(), BlobError>> {
    let nothing = Progress::none();
    vec![
        stage(blobs, 1, &nothing, some_bytes(10)).await.map(drop),
        stage(blobs, 1, &nothing, some_bytes(PART_BYTES)).await.map(drop),
        blobs.publish(blob_id(1), &nothing).await,
        blobs.read(blob_id(1), 0..5).await.map(drop),
        blobs.read(blob_id(1), 0..0).await.map(drop),
        blobs.remove(blob_id(1), &nothing.stage).await,
        blobs.on_shelf(7).await.map(drop),
        blobs.check().await,
    ]
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(listener.local_addr().unwrap());
        drop(listener);
        let outcomes = timeout(FOREVER, every_call(&opened(&settings))).await.unwrap();
        outcomes.into_iter().for_each(assert_unavailable);
    });
}

#[test]
fn a_server_that_says_nothing_is_unavailable() {
    run(async {
        let server = Server::start().await;
        let way = Way::to(server.address).await;
        way.carry_at_most(SILENT);
        let settings = S3Settings { answer_timeout: Duration::from_millis(300), ..settings(way.address) };
        let outcomes = timeout(FOREVER, every_call(&opened(&settings))).await.unwrap();
        outcomes.into_iter().for_each(assert_unavailable);
    });
}

#[test]
fn another_bucket_or_another_key_is_unavailable_and_not_missing() {
    run(async {
        let server = Server::start().await;
        let elsewhere = S3Settings { bucket: String::from("elsewhere"), ..settings(server.address) };
        let blobs = opened(&elsewhere);
        assert_unavailable(blobs.check().await);
        assert_unavailable(blobs.on_shelf(7).await);
        let stranger = S3Settings {
            credentials: epic_blob_object_store::S3Credentials::Key {
                access_key_id: String::from("AKIDOTHER"),
                secret_access_key: epic_domain::secret::SecretText::new(SECRET.to_owned()),
                session_token: None,
            },
            ..settings(server.address)
        };
        every_call(&opened(&stranger)).await.into_iter().for_each(assert_unavailable);
    });
}

#[test]
fn a_part_that_breaks_off_is_sent_again_by_the_next_writer() {
    run(async {
        let server = Server::start().await;
        let way = Way::to(server.address).await;
        let broken = settings(way.address);
        let bytes = some_bytes(3 * PART_BYTES + 5);
        let staged =
            stage(&opened(&broken), 1, &Progress::none(), bytes.slice(..PART_BYTES + 5)).await.unwrap();
        let rest = bytes.slice(PART_BYTES + 5..);
        way.carry_at_most(u64::try_from(PART_BYTES / 2).unwrap());
        assert_unavailable(stage(&opened(&broken), 1, &staged, rest.clone()).await);
        way.carry_at_most(OPEN);
        let blobs = opened(&broken);
        let whole = stage(&blobs, 1, &staged, rest).await.unwrap();
        blobs.publish(blob_id(1), &whole).await.unwrap();
        assert!(held(&blobs, 1, bytes.len()).await == bytes);
        assert_eq!(server.keys().len(), 1);
    });
}

#[test]
fn a_published_blob_is_found_published_when_the_answer_was_lost() {
    run(async {
        let server = Server::start().await;
        let way = Way::to(server.address).await;
        let settings = S3Settings { answer_timeout: Duration::from_secs(1), ..settings(way.address) };
        for (seed, len) in [(1, 10), (2, PART_BYTES + 10)] {
            let bytes = some_bytes(len);
            let whole = stage(&opened(&settings), seed, &Progress::none(), bytes.clone()).await.unwrap();
            opened(&settings).publish(blob_id(seed), &whole).await.unwrap();
            way.carry_at_most(SILENT);
            assert_unavailable(opened(&settings).publish(blob_id(seed), &whole).await);
            way.carry_at_most(OPEN);
            let blobs = opened(&settings);
            blobs.publish(blob_id(seed), &whole).await.unwrap();
            assert!(held(&blobs, seed, len).await == bytes);
        }
    });
}

#[test]
fn a_service_that_calls_a_finished_upload_denied_does_not_keep_a_blob_from_being_removed() {
    run(async {
        let server = Server::start_denying().await;
        let blobs = opened(&settings(server.address));
        let whole = stage(&blobs, 1, &Progress::none(), some_bytes(PART_BYTES + 10)).await.unwrap();
        blobs.publish(blob_id(1), &whole).await.unwrap();
        assert_eq!(server.keys().len(), 1, "nothing staged is left");
        blobs.remove(blob_id(1), &whole.stage).await.unwrap();
        assert_eq!(server.keys(), Vec::<String>::new());
    });
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let good = settings("127.0.0.1:1".parse().unwrap());
    let bad = [
        S3Settings { bucket: String::new(), ..good.clone() },
        S3Settings { endpoint: Some(String::from("https://user:password@s3.example.org")), ..good.clone() },
        S3Settings { parts_max: 0, ..good.clone() },
        S3Settings { prefix: String::from("a//b"), ..good.clone() },
    ];
    assert!(S3Blobs::open(&good).is_ok());
    for settings in bad {
        assert!(S3Blobs::open(&settings).is_err(), "{settings:?}");
    }
}
