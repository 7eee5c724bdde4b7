//! Large contents: they go on after a kill, and need no memory of their size.

use super::account::{Account, NO_LIMITS, Stored};
use super::content::Content;
use crate::support::consumption::{forget_peak, memory};
use crate::support::{Home, ServerProcess};
use tokio::sync::oneshot;

const MIB: u64 = 1_024 * 1_024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_killed_in_the_middle_goes_on_from_what_was_kept_heavy() {
    let home = Home::new();
    let content = Content { seed: 200, size_bytes: 200 * MIB + 1 };
    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&server.base, "alice").await;
    let upload = account.begin(content).await;
    let (tell, told) = oneshot::channel();
    let request = account.piece(&upload, content, 0..content.size_bytes, Some((120 * MIB, tell)));
    let sending = tokio::spawn(request.send());
    told.await.unwrap();
    server.kill();
    assert!(sending.await.unwrap().is_err());

    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = account.at(&server.base);
    let offset = account.offset(&upload).await;
    assert!((64 * MIB..=120 * MIB).contains(&offset), "{offset} bytes were kept");
    assert_eq!(account.stored().await, Stored { used: 0, reserved: content.size_bytes });
    account.finish(&upload, content).await;
    let files = account.files().await;
    assert_eq!(files.len(), 1);
    account.expect_content(files[0]["file_id"].as_str().unwrap(), content).await;
    assert_eq!(account.stored().await, Stored { used: content.size_bytes, reserved: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_flat_under_a_large_up_and_download_heavy() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&server.base, "alice").await;
    let content = |seed, mib| Content { seed, size_bytes: mib * MIB };
    // What is set up once, for whatever size, does not count.
    for round in 0..3 {
        let file_id = account.send_whole(content(round, 8)).await;
        account.expect_content(&file_id, content(round, 8)).await;
    }
    forget_peak(server.id());
    let before = memory(server.id()).now_bytes;
    let large = content(256, 256);
    let upload = account.begin(large).await;
    account.finish(&upload, large).await;
    let whole = content(257, 64);
    let file_id = account.send_whole(whole).await;
    account.expect_content(&file_id, whole).await;
    let file = account.files().await.into_iter().find(|file| file["size"] == large.size_bytes).unwrap();
    account.expect_content(file["file_id"].as_str().unwrap(), large).await;
    let growth = memory(server.id()).peak_bytes.saturating_sub(before);
    assert!(growth < 16 * MIB, "memory grew by {} KiB", growth / 1_024);
}
