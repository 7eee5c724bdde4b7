//! F01: what is someone else's answers as what never was.

use crate::support::file_client::{bytes, metadata, new_file};
use crate::support::person::encode;
use crate::support::{FileClient, Reply, TestServer, median_millis};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

/// Ids of one person's things, or ids of nothing.
struct Ids {
    file: String,
    upload: String,
    share: String,
    link: String,
    session: String,
}

impl Ids {
    fn of_nothing(seed: u64) -> Self {
        let id = |offset: u64| {
            let hex = data_encoding::HEXLOWER.encode(&bytes(seed + offset, 16));
            format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
        };
        Self { file: id(0), upload: id(1), share: id(2), link: id(3), session: id(4) }
    }

    async fn of(owner: &FileClient) -> Self {
        let file = owner.store(&bytes(1, 10_000)).await;
        owner.write(&file, &bytes(2, 10_000)).await;
        let upload = owner.begin(10_000).await.url.rsplit('/').next().unwrap().to_owned();
        let share = owner.share(&file, "carol", "write").await;
        owner.link(&file, &json!({})).await;
        let link = owner.listed(&format!("/api/files/{file}/links"), "link_id", 50).await.remove(0);
        let session = owner.listed("/api/auth/sessions", "session_id", 50).await.remove(0);
        Self { file, upload, share, link, session }
    }

    fn fill(&self, path: &str) -> String {
        path.replace("{file}", &self.file)
            .replace("{upload}", &self.upload)
            .replace("{share}", &self.share)
            .replace("{link}", &self.link)
            .replace("{session}", &self.session)
    }
}

/// Every call on something that has an owner.
const CALLS: &[(&str, &str)] = &[
    ("GET", "/api/files/{file}"),
    ("HEAD", "/api/files/{file}"),
    ("PATCH", "/api/files/{file}"),
    ("DELETE", "/api/files/{file}"),
    ("POST", "/api/files/{file}/restore"),
    ("GET", "/api/files/{file}/content"),
    ("HEAD", "/api/files/{file}/content"),
    ("GET", "/api/files/{file}/versions"),
    ("HEAD", "/api/files/{file}/versions"),
    ("POST", "/api/files/{file}/versions"),
    ("GET", "/api/files/{file}/versions/1/content"),
    ("HEAD", "/api/files/{file}/versions/1/content"),
    ("DELETE", "/api/files/{file}/versions/1"),
    ("GET", "/api/files/{file}/shares"),
    ("HEAD", "/api/files/{file}/shares"),
    ("POST", "/api/files/{file}/shares"),
    ("DELETE", "/api/files/{file}/shares/{share}"),
    ("GET", "/api/files/{file}/links"),
    ("HEAD", "/api/files/{file}/links"),
    ("POST", "/api/files/{file}/links"),
    ("DELETE", "/api/files/{file}/links/{link}"),
    ("GET", "/api/files/{file}/audit"),
    ("HEAD", "/api/files/{file}/audit"),
    ("HEAD", "/api/uploads/{upload}"),
    ("PATCH", "/api/uploads/{upload}"),
    ("DELETE", "/api/uploads/{upload}"),
    ("DELETE", "/api/auth/sessions/{session}"),
];

/// How a stranger may word a call: rightly, and with each thing missing that may be missing.
const WORDINGS: &[&str] = &["right", "no version", "no body", "wrong body", "ranged"];

async fn call(caller: &FileClient, method: &str, path: &str, wording: &str) -> Reply {
    let mut request = caller.tus(Method::from_bytes(method.as_bytes()).unwrap(), path);
    if wording != "no version" {
        request = request.header("if-match", "\"1\"");
    }
    if wording == "ranged" {
        request = request.header("range", "bytes=1-2").header("if-none-match", "\"x\"");
    }
    if path.contains("/uploads/") && method == "PATCH" {
        request = request.header("content-type", "application/offset+octet-stream");
        request = request.header("upload-offset", "0").body("abc");
    } else if matches!(method, "POST" | "PATCH") && !path.ends_with("/restore") {
        request = match wording {
            "no body" => request,
            "wrong body" => request.json(&json!({ "colour": "red" })),
            _ => request.json(&body_of(path)),
        };
    }
    caller.send(request).await
}

fn body_of(path: &str) -> Value {
    if path.ends_with("/versions") {
        json!({ "size": 10 })
    } else if path.ends_with("/shares") {
        json!({
            "recipient": "mallory", "recipient_key_id": encode(&[0; 16]),
            "encrypted_data_key": encode(b"x"), "permission": "read",
        })
    } else if path.ends_with("/links") {
        json!({})
    } else {
        json!({ "encrypted_filename": encode(b"x") })
    }
}

/// All that a caller sees of a reply but what is different in every reply.
fn visible(reply: &Reply) -> (u16, BTreeMap<String, String>, String) {
    let request_id = reply.header("x-request-id").unwrap().to_owned();
    let passing = ["x-request-id", "date", "ratelimit"];
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| !passing.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    (reply.status, headers, String::from_utf8_lossy(&reply.body).replace(&request_id, "*"))
}

#[tokio::test]
async fn f01_a_strangers_call_on_what_is_anothers_answers_as_on_what_never_was() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    FileClient::sign_up(&server, "carol").await;
    let mallory = FileClient::sign_up(&server, "mallory").await;
    let anothers = Ids::of(&alice).await;
    for (round, (method, path)) in (0_u64..).zip(CALLS) {
        for wording in WORDINGS {
            let nothing = Ids::of_nothing(100 + round * 10);
            let [on_anothers, on_nothing] = [
                call(&mallory, method, &anothers.fill(path), wording).await,
                call(&mallory, method, &nothing.fill(path), wording).await,
            ];
            assert_eq!(visible(&on_anothers), visible(&on_nothing), "{method} {path}, {wording}");
            assert!(on_anothers.status >= 400, "{method} {path}, {wording}");
            if *wording == "right" {
                assert_eq!(on_anothers.status, 404, "{method} {path}");
            }
        }
    }
    // Nothing has happened to any of it.
    assert_eq!(alice.content(&anothers.file).await, bytes(2, 10_000));
    assert_eq!(alice.offset(&format!("/api/uploads/{}", anothers.upload)).await, 0);
    let path = format!("/api/files/{}", anothers.file);
    assert_eq!(alice.listed(&format!("{path}/shares"), "share_id", 50).await, [anothers.share]);
    assert_eq!(alice.listed(&format!("{path}/links"), "link_id", 50).await, [anothers.link]);
    alice.get(&format!("{path}/versions/1/content")).await.expect(200);
}

#[tokio::test]
async fn f01_a_share_or_link_of_one_file_is_none_of_another() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    FileClient::sign_up(&server, "carol").await;
    let mallory = FileClient::sign_up(&server, "mallory").await;
    let (of_alice, of_mallory) = (Ids::of(&alice).await, Ids::of(&mallory).await);
    // The file is the caller's own, the share and the link are not of it.
    for (kind, id) in [("shares", &of_alice.share), ("links", &of_alice.link)] {
        mallory.delete(&format!("/api/files/{}/{kind}/{id}", of_mallory.file)).await.expect(404);
        let other = mallory.store(b"other").await;
        mallory.delete(&format!("/api/files/{other}/{kind}/{id}")).await.expect(404);
    }
    for (kind, id) in [("shares", &of_mallory.share), ("links", &of_mallory.link)] {
        let other = mallory.store(b"other").await;
        mallory.delete(&format!("/api/files/{other}/{kind}/{id}")).await.expect(404);
        mallory.delete(&format!("/api/files/{}/{kind}/{id}", of_mallory.file)).await.expect(204);
    }
    let path = format!("/api/files/{}", of_alice.file);
    assert_eq!(alice.listed(&format!("{path}/shares"), "share_id", 50).await, [of_alice.share]);
}

#[tokio::test]
async fn f01_without_a_token_every_call_is_refused_alike() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    FileClient::sign_up(&server, "carol").await;
    let anothers = Ids::of(&alice).await;
    let nobody = FileClient { token: "nonsense".to_owned(), ..alice.clone() };
    for (method, path) in CALLS {
        let reply = call(&nobody, method, &anothers.fill(path), "right").await;
        assert_eq!(reply.status, 401, "{method} {path}");
        assert!(reply.header("www-authenticate").is_some(), "{method} {path}");
    }
    let more = ["/api/files", "/api/files/upload", "/api/uploads"];
    for path in more {
        let request = nobody.tus(Method::POST, path).header("upload-metadata", metadata());
        nobody.send(request.header("upload-length", 1).json(&new_file(1))).await.expect(401);
    }
    nobody.get("/api/files").await.expect(401);
    nobody.get("/api/shares/incoming").await.expect(401);
}

#[expect(clippy::disallowed_methods, reason = "measures how long an answer takes")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_anothers_file_takes_as_long_as_one_that_never_was_timing() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    FileClient::sign_up(&server, "carol").await;
    let mallory = FileClient::sign_up(&server, "mallory").await;
    let anothers = Ids::of(&alice).await;
    for (method, path) in CALLS {
        let (mut of_anothers, mut of_nothing) = (Vec::new(), Vec::new());
        for round in 0..200 {
            let nothing = Ids::of_nothing(1_000 + round * 10);
            let mut pair = [(&anothers, &mut of_anothers), (&nothing, &mut of_nothing)];
            if round % 2 == 0 {
                pair.reverse();
            }
            for (ids, samples) in pair {
                let path = ids.fill(path);
                let started = Instant::now();
                let reply = call(&mallory, method, &path, "right").await;
                samples.push(started.elapsed().as_secs_f64() * 1_000.0);
                assert_eq!(reply.status, 404);
            }
        }
        let (anothers, nothing) = (median_millis(&mut of_anothers), median_millis(&mut of_nothing));
        println!("{method} {path}: medians of 200: another's {anothers:.3} ms, nothing's {nothing:.3} ms");
        assert!((anothers - nothing).abs() <= 1.0, "{method} {path}: {anothers:.3} and {nothing:.3} ms");
    }
}
