//! E11: every call on files reaches its limit.

use crate::support::file_client::{bytes, metadata, new_file};
use crate::support::person::encode;
use crate::support::{Client, FileClient, Reply, TestServer};
use reqwest::Method;
use serde_json::json;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Every call that needs a token, and does not begin an upload.
const CALLS: &[(&str, &str)] = &[
    ("GET", "/api/files"),
    ("GET", "/api/files?since=0"),
    ("GET", "/api/files/{id}"),
    ("HEAD", "/api/files/{id}"),
    ("PATCH", "/api/files/{id}"),
    ("DELETE", "/api/files/{id}"),
    ("POST", "/api/files/{id}/restore"),
    ("GET", "/api/files/{id}/content"),
    ("HEAD", "/api/files/{id}/content"),
    ("GET", "/api/files/{id}/versions"),
    ("GET", "/api/files/{id}/versions/1/content"),
    ("DELETE", "/api/files/{id}/versions/1"),
    ("GET", "/api/files/{id}/shares"),
    ("POST", "/api/files/{id}/shares"),
    ("DELETE", "/api/files/{id}/shares/{id}"),
    ("GET", "/api/files/{id}/links"),
    ("POST", "/api/files/{id}/links"),
    ("DELETE", "/api/files/{id}/links/{id}"),
    ("GET", "/api/files/{id}/audit"),
    ("GET", "/api/shares/incoming"),
    ("HEAD", "/api/uploads/{id}"),
    ("PATCH", "/api/uploads/{id}"),
    ("DELETE", "/api/uploads/{id}"),
    ("POST", "/api/files"),
    ("POST", "/api/files/upload"),
    ("POST", "/api/uploads"),
    ("POST", "/api/files/{id}/versions"),
];

fn id() -> String {
    "6b1d4c1e-58f2-4c36-9d0b-0f6a5b9a1c77".to_owned()
}

#[track_caller]
fn assert_limited(reply: &Reply, what: &str, policy: &str) {
    assert_eq!(reply.status, 429, "{what}");
    let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds > 0, "{what}");
    assert!(reply.header("ratelimit-policy").unwrap().starts_with(policy), "{what}");
}

#[tokio::test]
async fn e11_every_call_counts_against_its_account() {
    let server = TestServer::start_with(|options| options.limit_api = "5/1h".into()).await;
    for (index, (method, path)) in CALLS.iter().enumerate() {
        let person = FileClient::sign_up(&server, &format!("person{index}")).await;
        let path = path.replace("{id}", &id());
        let call = async || {
            let request = person.request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
            person.send(request.header("content-type", "application/json").body("{}")).await
        };
        for place in 1..=5 {
            let reply = call().await;
            assert!(reply.status < 429, "{method} {path}, call {place}: {reply:?}");
            let left = 5 - place;
            assert_eq!(
                reply.header("ratelimit"),
                Some(format!("\"api\";r={left};t=3600").as_str()),
                "{method} {path}"
            );
        }
        assert_limited(&call().await, &format!("{method} {path}"), "\"api\"");
        let elsewhere = FileClient {
            client: Client::from_address(&server.base, Ipv4Addr::new(127, 0, 0, 9)),
            ..person.clone()
        };
        assert_limited(&elsewhere.get("/api/files").await, path.as_str(), "\"api\"");
    }
}

#[tokio::test]
async fn e11_looking_a_link_up_counts_against_the_address() {
    let server = TestServer::start_with(|options| options.limit_api = "5/1h".into()).await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let file_id = alice.store(b"content").await;
    let token = alice.link(&file_id, &json!({})).await;
    let unknown = encode(&bytes(1, 32));
    for (place, path) in (1..).zip([
        format!("/api/links/{token}"),
        format!("/api/links/{token}/metadata"),
        format!("/api/links/{unknown}"),
        format!("/api/links/{unknown}/metadata"),
        "/api/links/x".to_owned(),
    ]) {
        for method in [Method::GET, Method::HEAD] {
            let head = u8::from(method == Method::HEAD);
            let client = Client::from_address(&server.base, Ipv4Addr::new(127, 0, 4 + head, place));
            for _ in 0..5 {
                let reply = client.send(client.request(method.clone(), &path)).await;
                assert!(matches!(reply.status, 200 | 404), "{method} {path}");
            }
            let reply = client.send(client.request(method.clone(), &path)).await;
            assert_limited(&reply, &path, "\"api\"");
        }
    }
}

#[tokio::test]
async fn e11_the_eleventh_upload_in_a_quarter_of_an_hour_is_refused_however_it_begins() {
    let server = TestServer::start_with(|options| options.limit_upload = "10/15m".into()).await;
    for (index, kind) in ["json", "tus", "form", "versions", "mixed"].into_iter().enumerate() {
        let mut person = FileClient::sign_up(&server, &format!("person{index}")).await;
        let file_id = person.store(b"content").await;
        server.advance(Duration::from_secs(15 * 60));
        let begin = async |person: &FileClient, kind: &str| {
            let request = match kind {
                "json" => person.request(Method::POST, "/api/files").json(&new_file(1)),
                "tus" => person
                    .tus(Method::POST, "/api/uploads")
                    .header("upload-length", 1)
                    .header("upload-metadata", metadata()),
                "form" => person.whole(b"x"),
                _ => person
                    .request(Method::POST, &format!("/api/files/{file_id}/versions"))
                    .header("if-match", "\"1\"")
                    .json(&json!({ "size": 1 })),
            };
            person.send(request).await
        };
        let all = ["json", "tus", "form", "versions"];
        for place in 0..10 {
            let reply = begin(&person, if kind == "mixed" { all[place % 4] } else { kind }).await.expect(201);
            let left = 9 - place;
            assert_eq!(
                reply.header("ratelimit"),
                Some(format!("\"upload\";r={left};t=900").as_str()),
                "{kind}"
            );
        }
        for other in all {
            assert_limited(&begin(&person, other).await, other, "\"upload\"");
        }
        // What goes on is not counted again.
        person.get("/api/files").await.expect(200);
        server.advance(Duration::from_millis(15 * 60 * 1_000 - 30_001));
        // Signing in takes thirty seconds of the authenticator's time.
        person = person.renewed(&server).await;
        assert_limited(&begin(&person, "json").await, kind, "\"upload\"");
        server.advance(Duration::from_millis(1));
        begin(&person, "json").await.expect(201);
    }
}

#[tokio::test]
async fn a_request_sent_again_with_its_key_is_not_counted_again() {
    let server = TestServer::start_with(|options| options.limit_upload = "2/15m".into()).await;
    let alice = FileClient::sign_up(&server, "alice").await;
    for _ in 0..5 {
        let request = alice.request(Method::POST, "/api/files").header("idempotency-key", "k");
        alice.send(request.json(&new_file(1))).await.expect(201);
    }
    alice.send(alice.whole(b"x").header("idempotency-key", "w")).await.expect(201);
    let reply = alice.post("/api/files", &new_file(1)).await;
    assert_limited(&reply, "a third", "\"upload\"");
}
