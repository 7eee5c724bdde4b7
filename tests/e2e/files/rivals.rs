//! Two servers on one data folder.

use super::account::{Account, NO_LIMITS, name_of};
use super::content::Content;
use crate::support::process::command;
use crate::support::{Home, ServerProcess};
use std::path::Path;
use std::time::Duration;
use tokio::sync::oneshot;

/// Starts a server that must be refused, and returns what it said.
async fn refused(folder: &Path) -> String {
    let mut second = command(folder);
    second.env("EPIC_LISTEN", "127.0.0.1:0");
    let waiting = tokio::task::spawn_blocking(move || second.output().unwrap());
    let output =
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("it does not wait").unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i09_a_second_process_does_not_disturb_an_upload_and_a_lock_dies_with_its_process() {
    let home = Home::new();
    let content = Content { seed: 9, size_bytes: 8 * 1_024 * 1_024 };
    let first = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&first.base, "alice").await;
    let (tell, told) = oneshot::channel();
    let (go_on, gone_on) = oneshot::channel();
    let sending = tokio::spawn(account.slow_whole(content, tell, gone_on).send());
    told.await.unwrap();
    let said = refused(home.path()).await;
    assert!(said.contains("in use"), "{said}");
    go_on.send(()).unwrap();
    assert_eq!(sending.await.unwrap().unwrap().status(), 201);
    let file = account.file_named(&name_of(content)).await.unwrap();
    account.expect_content(file["file_id"].as_str().unwrap(), content).await;

    // A lock that a killed process leaves behind keeps nobody out.
    let another = Content { seed: 10, ..content };
    let (tell, told) = oneshot::channel();
    let sending = tokio::spawn(account.whole(another, Some((another.size_bytes / 2, tell))).send());
    told.await.unwrap();
    first.kill();
    sending.await.unwrap().unwrap_err();
    let third = ServerProcess::start(home.path(), NO_LIMITS);
    let account = account.at(&third.base);
    account.expect_content(file["file_id"].as_str().unwrap(), content).await;
    assert_eq!(account.files().await.len(), 1);
    assert_eq!(account.stored().await.reserved, 0);
}
