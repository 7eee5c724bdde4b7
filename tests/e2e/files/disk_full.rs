//! A full disk stops uploads, and nothing else.

use super::account::{Account, NO_LIMITS, Stored};
use super::content::Content;
use super::torn::expect_files_below;
use crate::support::ServerProcess;
use reqwest::Method;

const MIB: u64 = 1_024 * 1_024;

/// Sends files until one is not taken; returns those that were, and checks that the one that was not says why.
async fn fill(account: &Account) -> Vec<(String, Content)> {
    let mut taken = Vec::new();
    for seed in 0..64 {
        let content = Content { seed, size_bytes: MIB };
        let reply = account.client.send(account.whole(content, None)).await;
        if reply.status != 201 {
            assert!(matches!(reply.status, 503 | 507), "{}", String::from_utf8_lossy(&reply.body));
            reply.problem();
            return taken;
        }
        taken.push((reply.text("file_id"), content));
    }
    panic!("64 MiB went onto a disk of 16");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f06_a_full_disk_stops_uploads_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = ServerProcess::start_on_small_disk(folder.path(), 16 * MIB, NO_LIMITS);
    let mut account = Account::sign_up(&server.base, "alice").await;
    let taken = fill(&account).await;
    assert!(taken.len() > 3, "{} files had room", taken.len());

    // A resumable upload is told the same.
    let upload_bytes = 4 * MIB;
    let resumable = Content { seed: 100, size_bytes: upload_bytes };
    let begun = account.client.send(account.beginning(resumable)).await;
    let upload = match begun.status {
        201 => {
            let upload = begun.header("location").unwrap().to_owned();
            let piece = account.piece(&upload, resumable, 0..upload_bytes, None);
            let reply = account.client.send(piece).await;
            assert!(matches!(reply.status, 503 | 507), "{}", String::from_utf8_lossy(&reply.body));
            Some(upload)
        }
        503 | 507 => None,
        other => panic!("{other}: {}", String::from_utf8_lossy(&begun.body)),
    };

    // Old files can be read, people can sign in, and what failed has left nothing.
    for (file_id, content) in &taken {
        account.expect_content(file_id, *content).await;
    }
    account.sign_in().await.expect(200);
    let used = u64::try_from(taken.len()).unwrap() * MIB;
    let reserved = if upload.is_some() { upload_bytes } else { 0 };
    assert_eq!(account.stored().await, Stored { used, reserved });
    assert_eq!(account.files().await.len(), taken.len());

    // Room comes back, and with it uploads.
    for (file_id, _) in &taken[..taken.len() - 1] {
        account.remove(file_id).await;
    }
    let blobs = server.path_inside(&folder.path().join("data/blobs"));
    expect_files_below(&blobs, 1 + usize::from(upload.is_some())).await;
    let upload = match upload {
        Some(upload) => upload,
        None => account.begin(resumable).await,
    };
    account.finish(&upload, resumable).await;
    let files = account.files().await;
    let file = files.iter().find(|file| file["size"] == upload_bytes).unwrap();
    account.expect_content(file["file_id"].as_str().unwrap(), resumable).await;
    account.send_whole(Content { seed: 101, size_bytes: MIB }).await;
    assert_eq!(account.stored().await, Stored { used: MIB + upload_bytes + MIB, reserved: 0 });
    expect_files_below(&blobs, 3).await;
    assert_eq!(account.client.send(account.request(Method::GET, "/readyz")).await.status, 200);
}
