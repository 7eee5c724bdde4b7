//! curl, as the README shows it: upload, download, and a download that goes on where it was cut.

use super::account::{Account, NO_LIMITS, name_of};
use super::content::Content;
use crate::support::person::encode;
use crate::support::{Home, ServerProcess};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const MIB: u64 = 1_024 * 1_024;

fn curl() -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--fail-with-body", "--noproxy", "*"]).stdin(Stdio::null());
    command
}

fn output_of(command: &mut Command) -> String {
    let output = command.output().expect("curl is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn bearer(account: &Account) -> String {
    format!("Authorization: Bearer {}", account.token)
}

fn sha256_of(path: &Path) -> [u8; 32] {
    Sha256::digest(fs::read(path).unwrap()).into()
}

/// Fetches an address slowly, cuts that off by a kill, and fetches the rest.
async fn expect_resumed_download(url: &str, headers: &[String], content: Content, folder: &Path) {
    let path = folder.join("fetched");
    let fetch = |more: &[&str]| {
        let mut command = curl();
        for header in headers {
            command.args(["--header", header]);
        }
        command.args(more).arg("--output").arg(&path).arg(url);
        command
    };
    let mut slow = fetch(&["--limit-rate", "2M"]).spawn().unwrap();
    let fetched_bytes = || fs::metadata(&path).map_or(0, |metadata| metadata.len());
    for _ in 0..500 {
        if fetched_bytes() > MIB {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    slow.kill().unwrap();
    slow.wait().unwrap();
    let cut_at = fetched_bytes();
    assert!((MIB..content.size_bytes).contains(&cut_at), "cut at {cut_at}");
    output_of(&mut fetch(&["--continue-at", "-"]));
    assert_eq!(sha256_of(&path), content.sha256());
    fs::remove_file(path).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_resumes_a_download_that_was_cut_from_a_file_and_from_a_link() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&server.base, "alice").await;
    // More than a slow curl takes in its first gulp.
    let content = Content { seed: 1, size_bytes: 48 * MIB + 3 };
    let file_id = account.send_whole(content).await;
    let url = format!("{}/api/files/{file_id}/content", server.base);
    expect_resumed_download(&url, &[bearer(&account)], content, home.path()).await;

    let path = format!("/api/files/{file_id}/links");
    let link =
        account.client.post_as(&account.token, &path, &json!({ "max_downloads": 2 })).await.expect(201);
    let url = format!("{}/api/links/{}", server.base, link.text("token"));
    expect_resumed_download(&url, &[], content, home.path()).await;
    assert_eq!(
        account.client.get(&format!("/api/links/{}", link.text("token"))).await.status,
        404,
        "it is used up"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_uploads_a_form_and_a_resumable_upload() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), NO_LIMITS);
    let account = Account::sign_up(&server.base, "alice").await;
    let [form, resumable] = [1, 2].map(|seed| Content { seed, size_bytes: 3 * MIB + 1 });
    let path = home.path().join("file");
    let data_key = encode(&[7; 72]);

    fs::write(&path, form.bytes()).unwrap();
    let made = output_of(
        curl()
            .args(["--header", &bearer(&account)])
            .args(["--form-string", &format!("encrypted_filename={}", name_of(form))])
            .args(["--form-string", &format!("encrypted_data_key={data_key}")])
            .arg("--form")
            .arg(format!("file=@{}", path.display()))
            .arg(format!("{}/api/files/upload", server.base)),
    );
    let made: Value = serde_json::from_str(&made).unwrap();
    account.expect_content(made["file_id"].as_str().unwrap(), form).await;

    fs::write(&path, resumable.bytes()).unwrap();
    let body = json!({
        "encrypted_filename": name_of(resumable),
        "encrypted_data_key": data_key,
        "size": resumable.size_bytes,
        "sha256": encode(&resumable.sha256()),
    });
    let begun = output_of(
        curl()
            .args(["--header", &bearer(&account), "--json", &body.to_string()])
            .arg(format!("{}/api/files", server.base)),
    );
    let begun: Value = serde_json::from_str(&begun).unwrap();
    output_of(
        curl()
            .args(["--request", "PATCH", "--header", &bearer(&account)])
            .args(["--header", "Tus-Resumable: 1.0.0", "--header", "Upload-Offset: 0"])
            .args(["--header", "Content-Type: application/offset+octet-stream", "--upload-file"])
            .arg(&path)
            .arg(format!("{}{}", server.base, begun["upload_url"].as_str().unwrap())),
    );
    account.expect_content(begun["file_id"].as_str().unwrap(), resumable).await;
}
