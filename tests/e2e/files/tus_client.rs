//! Somebody else's client: tus-js-client, in Node.

use super::account::{Account, NO_LIMITS, Stored};
use crate::support::{Home, ServerProcess};
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Starts the stories with these names. What they tell is read from their output.
fn start_stories(account: &Account, base: &str, names: &[&str]) -> Child {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let client = root.join(".tools/tus/node_modules/tus-js-client");
    assert!(client.exists(), "tus-js-client is missing: scripts/test installs it");
    Command::new("node")
        .arg(root.join("tests/tus/walk.mjs"))
        .args(names)
        .env("EPIC_URL", base)
        .env("EPIC_TOKEN", &account.token)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs")
}

async fn told_by(account: &Account, base: &str, names: &[&str]) -> Vec<Value> {
    let output = start_stories(account, base, names).wait_with_output().await.unwrap();
    assert!(output.status.success(), "the client failed; see above");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Checks that the file is there that the client tells of, byte by byte.
async fn expect_file(account: &Account, told: &Value) {
    let file = account.file_named(told["name"].as_str().unwrap()).await.expect("the file is there");
    for member in ["size", "sha256"] {
        assert_eq!(file[member], told[member], "{told}");
    }
    let path = format!("/api/files/{}/content", file["file_id"].as_str().unwrap());
    let fetched = account.client.get_as(&account.token, &path).await.expect(200).body;
    let sha256 = data_encoding::BASE64URL_NOPAD.encode(&Sha256::digest(&fetched));
    assert_eq!(told["sha256"], sha256, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tus_js_client_uploads_whole_in_chunks_empty_and_after_a_pause() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&server.base, "alice").await;
    let told = told_by(&account, &server.base, &["plain", "chunks", "empty", "digest", "pause"]).await;
    assert_eq!(told.len(), 5);
    for file in &told {
        expect_file(&account, file).await;
    }
    assert_eq!(
        told[4]["seen"],
        serde_json::json!(["HEAD", "PATCH"]),
        "it went on where the first one stopped"
    );
    let used = told.iter().map(|file| file["size"].as_u64().unwrap()).sum();
    assert_eq!(account.stored().await, Stored { used, reserved: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tus_js_client_gives_an_upload_up_and_hears_of_refusals() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&server.base, "alice").await;
    let told = told_by(&account, &server.base, &["abort", "refused"]).await;
    let upload = told[0]["gone"].as_str().unwrap().strip_prefix(&server.base).unwrap();
    account.client.send(account.tus(Method::HEAD, upload)).await.expect(404);
    assert_eq!(account.stored().await, Stored { used: 0, reserved: 0 });
    assert_eq!(told[1]["refused"], 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tus_js_client_gets_over_a_kill_of_the_server() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&server.base, "alice").await;
    let base = server.base.clone();
    let mut client = start_stories(&account, &base, &["survive"]);
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("it says when");
    assert!(line.contains("kill"), "{line}");
    server.kill();
    let same_address = [("EPIC_LISTEN", base.trim_start_matches("http://"))];
    let server = ServerProcess::start(home.path(), &[NO_LIMITS, &same_address].concat());
    assert_eq!(server.base, base);
    let told = lines.next_line().await.unwrap().expect("it came to its end");
    expect_file(&account, &serde_json::from_str(&told).unwrap()).await;
    assert!(client.wait().await.unwrap().success());
    assert_eq!(account.stored().await.reserved, 0);
}
