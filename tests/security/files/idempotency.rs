//! `Idempotency-Key`: a request that is sent again takes effect once.

use crate::support::file_client::{metadata, new_file};
use crate::support::person::encode;
use crate::support::{FileClient, Reply, StoreKind, TestServer};
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::time::Duration;

/// The calls that take a key.
const CALLS: &[&str] = &["files", "tus", "upload", "versions", "shares", "links"];

/// One person with a file, and someone to share it with.
struct Scene {
    server: TestServer,
    alice: FileClient,
    path: String,
    recipient_key_id: String,
}

impl Scene {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let alice = FileClient::sign_up(&server, "alice").await;
        FileClient::sign_up(&server, "bob").await;
        let path = format!("/api/files/{}", alice.store(b"content").await);
        let keys = alice.get("/api/user/bob/public-key").await.expect(200);
        Self { server, alice, path, recipient_key_id: keys.text("key_id") }
    }

    /// A call in one of two wordings.
    fn call(&self, by: &FileClient, call: &str, wording: u8, key: &str) -> RequestBuilder {
        let size = usize::from(wording);
        let post = |path: &str| by.request(Method::POST, path);
        let request = match call {
            "files" => post("/api/files").json(&new_file(size)),
            "tus" => {
                let request = by.tus(Method::POST, "/api/uploads").header("upload-metadata", metadata());
                request.header("upload-length", size)
            }
            "upload" => by.whole(&[wording]),
            "versions" => post(&format!("{}/versions", self.path))
                .header("if-match", "\"1\"")
                .json(&json!({ "size": size })),
            "shares" => post(&format!("{}/shares", self.path)).json(&json!({
                "recipient": "bob",
                "recipient_key_id": self.recipient_key_id,
                "encrypted_data_key": encode(&[wording]),
                "permission": "read",
            })),
            _ => post(&format!("{}/links", self.path)).json(&json!({ "max_downloads": wording })),
        };
        request.header("idempotency-key", key)
    }
}

/// All of an answer that stays the same.
fn told(reply: &Reply) -> (u16, serde_json::Value, Option<String>) {
    (reply.status, reply.json(), reply.header("location").map(str::to_owned))
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_takes_effect_once() {
    let scene = Scene::new().await;
    for call in CALLS {
        let first = scene.alice.send(scene.call(&scene.alice, call, 7, call)).await.expect(201);
        let usage = scene.alice.usage().await;
        let files = scene.alice.items("/api/files", 50).await;
        scene.server.advance(Duration::from_secs(1));
        for _ in 0..3 {
            let again = scene.alice.send(scene.call(&scene.alice, call, 7, call)).await.expect(201);
            assert_eq!(told(&again), told(&first), "{call}");
        }
        assert_eq!(scene.alice.usage().await, usage, "{call}");
        assert_eq!(scene.alice.items("/api/files", 50).await, files, "{call}");
    }
    for list in ["shares", "links"] {
        assert_eq!(scene.alice.items(&format!("{}/{list}", scene.path), 50).await.len(), 1, "{list}");
    }
    let events = super::audit_chain::verified(&scene.alice, scene.path.rsplit('/').next().unwrap()).await;
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["file_uploaded", "file_shared", "link_created"]);
}

#[tokio::test]
async fn a_key_that_came_with_another_request_is_refused() {
    let scene = Scene::new().await;
    for call in CALLS {
        scene.alice.send(scene.call(&scene.alice, call, 7, call)).await.expect(201);
        let usage = scene.alice.usage().await;
        let reply = scene.alice.send(scene.call(&scene.alice, call, 8, call)).await.expect(422);
        assert_eq!(reply.problem(), "idempotency_key_reused", "{call}");
        assert_eq!(scene.alice.usage().await, usage, "{call}");
    }
    // Nor may it come to another call.
    for call in CALLS {
        let other =
            CALLS.iter().find(|other| *other != call && (**other == "links" || *call == "links")).unwrap();
        scene.alice.send(scene.call(&scene.alice, other, 9, call)).await.expect(422);
    }
    // To someone else it is just a key.
    let carol = FileClient::sign_up(&scene.server, "carol").await;
    carol.send(scene.call(&carol, "files", 8, "files")).await.expect(201);
}

#[tokio::test]
async fn after_a_day_a_key_is_forgotten_to_the_millisecond() {
    let mut scene = Scene::new().await;
    for call in CALLS.iter().filter(|call| **call != "shares") {
        let day = Duration::from_secs(24 * 60 * 60);
        let first = scene.alice.send(scene.call(&scene.alice, call, 7, call)).await.expect(201);
        scene.server.advance(day - Duration::from_millis(30_001));
        scene.alice = scene.alice.renewed(&scene.server).await;
        scene.server.sweep_files().await;
        let again = scene.alice.send(scene.call(&scene.alice, call, 7, call)).await.expect(201);
        assert_eq!(told(&again), told(&first), "{call}");
        scene.server.advance(Duration::from_millis(1));
        let later = scene.alice.send(scene.call(&scene.alice, call, 7, call)).await.expect(201);
        assert_ne!(told(&later), told(&first), "{call}");
    }
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let scene = Scene::new().await;
    for call in CALLS {
        for bad in ["", "a b", &"k".repeat(256), "k\u{E9}y"] {
            let reply = scene.alice.send(scene.call(&scene.alice, call, 7, bad)).await.expect(400);
            assert_eq!(reply.problem(), "invalid_idempotency_key", "{call} {bad:?}");
        }
        let twice = scene.call(&scene.alice, call, 7, "one").header("idempotency-key", "two");
        scene.alice.send(twice).await.expect(400);
    }
    let longest = "k".repeat(255);
    scene.alice.send(scene.call(&scene.alice, "links", 7, &longest)).await.expect(201);
}

#[tokio::test]
async fn what_was_refused_may_be_asked_again_with_its_key() {
    let scene = Scene::new().await;
    let request = scene.alice.request(Method::POST, &format!("{}/versions", scene.path));
    let request = request.header("idempotency-key", "k").header("if-match", "\"9\"");
    scene.alice.send(request.json(&json!({ "size": 7 }))).await.expect(412);
    scene.alice.send(scene.call(&scene.alice, "versions", 7, "k")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_copies_of_a_request_one_takes_effect_race() {
    let scene = Scene::new().await;
    let racers: Vec<_> = (0..16).map(|_| scene.alice.elsewhere(&scene.server)).collect();
    join_all(racers.iter().map(|racer| racer.client.get("/healthz"))).await;
    let rounds = StoreKind::rounds(20);
    for round in 0..rounds {
        for call in CALLS {
            let key = format!("{call}{round}");
            let (used, reserved) = scene.alice.usage().await;
            let files = scene.alice.items("/api/files", 200).await.len();
            let replies =
                join_all(racers.iter().map(|racer| racer.send(scene.call(racer, call, 7, &key)))).await;
            let replaced = *call == "shares" && round > 0;
            for reply in &replies {
                assert!(matches!(reply.status, 201 | 200), "{call}: {reply:?}");
                assert_eq!(reply.json(), replies[0].json(), "round {round} of {call}");
            }
            let expected = match *call {
                "files" | "tus" | "versions" => (used, reserved + 7),
                "upload" => (used + 1, reserved),
                _ => (used, reserved),
            };
            assert_eq!(scene.alice.usage().await, expected, "round {round} of {call}, {replaced}");
            let made = usize::from(*call == "upload");
            assert_eq!(
                scene.alice.items("/api/files", 200).await.len(),
                files + made,
                "round {round} of {call}"
            );
        }
    }
    assert_eq!(scene.alice.items(&format!("{}/links", scene.path), 200).await.len(), rounds);
    assert_eq!(scene.alice.items(&format!("{}/shares", scene.path), 200).await.len(), 1);
}
