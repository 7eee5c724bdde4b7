//! F02, F03: names that would lead elsewhere, and ids that tell nothing.

use crate::support::file_client::{form, key, new_file};
use crate::support::person::encode;
use crate::support::{FileClient, TestServer, file_folder, raw};
use futures_util::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// Where a traversal would like to arrive.
const TARGETS: &[&str] = &[
    "etc/passwd",
    "etc/shadow",
    "proc/self/environ",
    "proc/self/cmdline",
    "windows/win.ini",
    "boot.ini",
    "keys/tokens",
    "epic.db",
];

/// How it would like to get there.
const WAYS: &[&str] = &[
    "../",
    "../../../../../../../../",
    "/../../../",
    "..%2f..%2f..%2f",
    "%2e%2e/%2e%2e/",
    "%2e%2e%2f%2e%2e%2f",
    "..%252f..%252f",
    "%252e%252e%252f",
    "..%c0%af..%c0%af",
    "%c0%ae%c0%ae/",
    "..%5c..%5c",
    "..\\..\\",
    "....//....//",
    "..;/..;/",
    "/",
    "%2f",
    "file:%2f%2f%2f",
    "php:%2f%2ffilter%2fresource=",
];

/// Names that mean something to some system.
const NAMES: &[&str] = &[
    ".",
    "..",
    "...",
    "~",
    "~root",
    "CON",
    "con",
    "NUL",
    "PRN",
    "AUX",
    "COM1",
    "LPT1",
    "CON.txt",
    "nul.",
    "C:",
    "c:%5c",
    "%00",
    "a%00b",
    "%2500",
    "..%00",
    "%0d%0aSet-Cookie:x",
    "%0a",
    "%7f",
    "%ff%fe",
    "*",
    "%3f",
    "%23",
    "%25",
    "%",
    "%zz",
    "-",
    "--help",
    "'",
    "%22",
    "%27%20OR%201=1--",
    "$(id)",
    "`id`",
    "%7b%7b7*7%7d%7d",
    "null",
    "undefined",
    "true",
    "0",
    "-1",
    "1e9",
    "00000000-0000-0000-0000-000000000000",
    "%e2%80%ae",
    "::$DATA",
    "staging",
    "data",
    "blobs",
];

fn hostile() -> Vec<String> {
    let mut texts: Vec<String> =
        WAYS.iter().flat_map(|way| TARGETS.iter().map(move |target| format!("{way}{target}"))).collect();
    texts.extend(NAMES.iter().map(|name| (*name).to_owned()));
    texts.extend([255, 256, 4_096, 20_000].map(|length| "a".repeat(length)));
    texts.push("../".repeat(2_000));
    texts
}

/// What a server without files writes: nothing else may appear, nor anything outside of it.
fn is_expected(path: &Path) -> bool {
    let expected =
        ["data/epic.db", "data/keys/", "data/blobs/", "data/audit", "data/lock", "data/epic", "store"];
    let text = path.to_str().unwrap();
    expected.iter().any(|start| text.starts_with(start))
}

#[tokio::test]
async fn f02_no_path_leads_out_of_what_is_served() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let file_id = alice.store(b"content").await;
    let before = file_folder::tree(server.folder());
    let shapes = [
        ("GET", "/api/files/{}"),
        ("GET", "/api/files/{}/content"),
        ("DELETE", "/api/files/{}"),
        ("HEAD", "/api/uploads/{}"),
        ("PATCH", "/api/uploads/{}"),
        ("GET", "/api/links/{}"),
        ("GET", "/api/links/{}/metadata"),
        ("GET", "/api/files/FILE/versions/{}/content"),
        ("DELETE", "/api/files/FILE/shares/{}"),
        ("DELETE", "/api/files/FILE/links/{}"),
    ];
    let requests = hostile().into_iter().flat_map(|text| {
        shapes.map(|(method, shape)| (method, shape.replace("FILE", &file_id).replace("{}", &text)))
    });
    let requests: Vec<_> = requests.collect();
    assert!(requests.len() > 1_900);
    let (server, token) = (&server, &alice.token);
    let replies = stream::iter(requests).map(|(method, path)| async move {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n\
             If-Match: \"1\"\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        (method, path, raw(server, request.as_bytes()).await)
    });
    let mut replies = replies.buffer_unordered(16);
    while let Some((method, path, reply)) = replies.next().await {
        let status = reply.split(' ').nth(1).unwrap_or_default().to_owned();
        let refused = ["400", "404", "405", "414", "422", "431"];
        assert!(refused.contains(&status.as_str()), "{method} {path:.200}: {reply}");
        assert!(!reply.contains("root:") && !reply.contains("SQLite format"), "{path:.200}");
    }
    drop(replies);
    let after = file_folder::tree(server.folder());
    let new: Vec<_> = after.difference(&before).filter(|path| !is_expected(path)).collect();
    assert!(new.is_empty(), "{new:?}");
    assert_eq!(alice.content(&file_id).await, b"content");
}

#[tokio::test]
async fn f02_names_are_opaque_and_never_those_of_files_on_disk() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let alice = &alice;
    let send = |text: String| async move {
        // As the text itself it is no base64url, or it is and then means bytes.
        let mut body = new_file(0);
        body["encrypted_filename"] = json!(text);
        let is_refused = matches!(alice.post("/api/files", &body).await.status, 400 | 413);
        let encoded = encode(text.as_bytes());
        let expected = if text.len() <= 2_048 { 201 } else { 400 };
        body["encrypted_filename"] = json!(encoded);
        alice.post("/api/files", &body).await.expect(expected);
        let fields =
            [("encrypted_filename", encoded.as_str()), ("encrypted_data_key", &key()), ("size", "1")];
        let filename = text.replace(['"', '\\'], "_");
        alice.send(alice.form(form(&fields, &filename, b"x"))).await.expect(expected);
        (is_refused, (expected == 201).then_some(encoded))
    };
    let sent: Vec<_> = stream::iter(hostile()).map(send).buffer_unordered(8).collect().await;
    let refused = sent.iter().filter(|(is_refused, _)| *is_refused).count();
    let stored: BTreeSet<_> = sent.into_iter().filter_map(|(_, name)| name).collect();
    assert!(refused > 180, "{refused}");
    let names = alice.listed("/api/files", "encrypted_filename", 200).await;
    let known = |name: &String| stored.contains(name) || name.len() <= 2_731;
    assert!(names.iter().all(known));
    assert!(stored.is_subset(&names.into_iter().collect()), "each as it was sent");
    for path in file_folder::tree(server.folder()) {
        assert!(is_expected(&path), "{}", path.display());
    }
    for path in file_folder::blobs(&server) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-' || byte == b'.'), "{name}");
    }
}

#[tokio::test]
async fn f02_hostile_text_in_any_field_is_data_or_refused() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    FileClient::sign_up(&server, "bob").await;
    let file_id = alice.store(b"content").await;
    let share = alice.share_body("bob", "read").await;
    let path = format!("/api/files/{file_id}");
    let etag = alice.etag(&path).await;
    for text in hostile().into_iter().step_by(3) {
        for value in [json!(text), json!({ "$ne": text }), json!([text]), json!(null)] {
            for field in ["recipient", "recipient_key_id", "permission", "expires_at"] {
                let mut body = share.clone();
                body[field] = value.clone();
                let reply = alice.post(&format!("{path}/shares"), &body).await;
                let is_left_out = value.is_null() && field == "expires_at";
                assert!(
                    is_left_out || matches!(reply.status, 400 | 409 | 413),
                    "{field} {value:.100}: {reply:?}"
                );
            }
            let reply = alice.post(&format!("{path}/links"), &json!({ "max_downloads": value })).await;
            assert!(matches!(reply.status, 400 | 413) || value.is_null(), "{value:.100}: {reply:?}");
            let request = alice.request(Method::PATCH, &path).header("if-match", &etag);
            let reply = alice.send(request.json(&json!({ "encrypted_data_key": value }))).await;
            assert!(matches!(reply.status, 200 | 400 | 412 | 413 | 422), "{value:.100}: {reply:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_ids_have_122_random_bits_and_no_order() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let file_id = alice.store(b"content").await;
    let mut ids = Vec::new();
    let begun: Vec<_> = stream::iter(0..1_500).map(|_| alice.begin(0)).buffered(8).collect().await;
    for upload in begun {
        ids.push(upload.file_id);
        ids.push(upload.url.rsplit('/').next().unwrap().to_owned());
    }
    for _ in 0..100 {
        alice.link(&file_id, &json!({})).await;
    }
    ids.extend(alice.listed(&format!("/api/files/{file_id}/links"), "link_id", 200).await);
    assert_eq!(ids.len(), 3_100);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "none twice");

    let numbers: Vec<u128> =
        ids.iter().map(|id| u128::from_str_radix(&id.replace('-', ""), 16).unwrap()).collect();
    let count = u32::try_from(numbers.len()).unwrap();
    let deviation_max = 6.0 * f64::from(count).sqrt() / 2.0;
    for bit in 0..128 {
        let ones = numbers.iter().filter(|number| *number >> bit & 1 == 1).count();
        let ones = f64::from(u32::try_from(ones).unwrap());
        let is_fixed = (76..80).contains(&bit) || (62..64).contains(&bit);
        let is_constant = ones == 0.0 || ones == f64::from(count);
        assert_eq!(is_fixed, is_constant, "bit {bit}: {ones} of {count}");
        assert!(
            is_fixed || (ones - f64::from(count) / 2.0).abs() < deviation_max,
            "bit {bit}: {ones} of {count}"
        );
    }
    let rises = numbers.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let rises = f64::from(u32::try_from(rises).unwrap());
    assert!(
        (rises - f64::from(count) / 2.0).abs() < deviation_max,
        "{rises} of {count} follow a smaller one"
    );
}
