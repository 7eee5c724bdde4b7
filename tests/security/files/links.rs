//! Links: who holds one may fetch the file, for a time and a number of times.

use crate::support::file_client::{bytes, name, sha256};
use crate::support::person::encode;
use crate::support::{Client, FileClient, StoreKind, TestServer, dates};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn stored() -> (TestServer, FileClient, String, Client) {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let file_id = alice.store(&bytes(1, 10_000)).await;
    let anyone = server.client();
    (server, alice, file_id, anyone)
}

#[tokio::test]
async fn a_link_opens_its_file_until_it_ends_to_the_millisecond() {
    let (server, alice, file_id, anyone) = stored().await;
    let expires_at = server.now_millis() + 60_000;
    let body = json!({ "expires_at": dates::rfc3339(expires_at) });
    let path = format!("/api/links/{}", alice.link(&file_id, &body).await);
    server.advance(Duration::from_millis(59_999));
    assert_eq!(anyone.get(&path).await.expect(200).body, bytes(1, 10_000));
    let told = anyone.get(&format!("{path}/metadata")).await.expect(200).json();
    assert_eq!(dates::millis(told["expires_at"].as_str().unwrap()), expires_at);
    assert_eq!(told["encrypted_filename"], name());
    assert_eq!(told["size"], 10_000);
    assert_eq!(told["sha256"], encode(&sha256(&bytes(1, 10_000))));
    assert_eq!(told["remaining_downloads"], Value::Null);
    server.advance(Duration::from_millis(1));
    anyone.get(&path).await.expect(404);
    anyone.get(&format!("{path}/metadata")).await.expect(404);
    server.sweep_files().await;
    anyone.get(&path).await.expect(404);
}

#[tokio::test]
async fn a_link_counts_what_is_fetched_and_nothing_else() {
    let (_server, alice, file_id, anyone) = stored().await;
    let path = format!("/api/links/{}", alice.link(&file_id, &json!({ "max_downloads": 3 })).await);
    let left = async || {
        anyone.get(&format!("{path}/metadata")).await.expect(200).json()["remaining_downloads"].clone()
    };
    let get = |name: &str, value: &str| anyone.request(Method::GET, &path).header(name, value);
    let etag =
        anyone.send(anyone.request(Method::HEAD, &path)).await.expect(200).header("etag").unwrap().to_owned();
    anyone.send(get("if-none-match", &etag)).await.expect(304);
    anyone.send(get("range", "bytes=10000-")).await.expect(416);
    anyone.send(get("if-match", "\"other\"")).await.expect(412);
    assert_eq!(left().await, 3);
    anyone.get(&path).await.expect(200);
    assert_eq!(left().await, 2);
    anyone.send(get("range", "bytes=0-9")).await.expect(206);
    assert_eq!(left().await, 1, "a range counts, too");
    anyone.get(&path).await.expect(200);
    for path in [path.clone(), format!("{path}/metadata")] {
        anyone.get(&path).await.expect(404);
    }
    let downloads = alice.items(&format!("/api/files/{file_id}/links"), 50).await;
    assert!(
        downloads.iter().all(|link| link["downloads"] == 3 && link.get("token").is_none()),
        "{downloads:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_racing_downloads_as_many_are_answered_as_the_link_allows_race() {
    let (server, alice, file_id, anyone) = stored().await;
    let racers: Vec<_> = (0..32).map(|_| server.client()).collect();
    join_all(racers.iter().map(|racer| racer.get("/healthz"))).await;
    for round in 0..StoreKind::rounds(20) {
        let path = format!("/api/links/{}", alice.link(&file_id, &json!({ "max_downloads": 5 })).await);
        let replies = join_all(racers.iter().map(|racer| racer.get(&path))).await;
        let whole = replies.iter().filter(|reply| reply.status == 200).inspect(|reply| {
            assert!(reply.body == bytes(1, 10_000));
        });
        assert_eq!(whole.count(), 5, "round {round}");
        assert_eq!(replies.iter().filter(|reply| reply.status == 404).count(), 27, "round {round}");
        anyone.get(&path).await.expect(404);
    }
}

#[tokio::test]
async fn an_ended_link_opens_nothing_and_answers_as_one_that_never_was() {
    let (_server, alice, file_id, anyone) = stored().await;
    let tokens = [alice.link(&file_id, &json!({})).await, alice.link(&file_id, &json!({})).await];
    let ids = alice.listed(&format!("/api/files/{file_id}/links"), "link_id", 1).await;
    assert_eq!(ids.len(), 2);
    for id in ids {
        alice.delete(&format!("/api/files/{file_id}/links/{id}")).await.expect(204);
        alice.delete(&format!("/api/files/{file_id}/links/{id}")).await.expect(404);
    }
    let never = encode(&bytes(9, 32));
    let text = async |token: &str| {
        let reply = anyone.get(&format!("/api/links/{token}")).await.expect(404);
        let request_id = reply.header("x-request-id").unwrap().to_owned();
        String::from_utf8(reply.body).unwrap().replace(&request_id, "")
    };
    let expected = text(&never).await;
    for token in &tokens {
        assert_eq!(text(token).await, expected);
        // Nearly the token is none.
        for near in [&token[1..], &token.to_lowercase(), &format!("{token}="), &format!("{token}A")] {
            assert_eq!(text(near).await, expected);
        }
    }
}

#[tokio::test]
async fn what_a_link_asks_for_is_checked() {
    let (server, alice, file_id, _) = stored().await;
    let path = format!("/api/files/{file_id}/links");
    let at = |millis: u64| json!({ "expires_at": dates::rfc3339(millis) });
    for (body, status) in [
        (at(server.now_millis()), 422),
        (at(server.now_millis() - 1), 422),
        (at(server.now_millis() + 20 * 366 * 86_400_000), 422),
        (json!({ "expires_at": "tomorrow" }), 400),
        (json!({ "expires_at": 1 }), 400),
        (json!({ "max_downloads": 0 }), 400),
        (json!({ "max_downloads": -1 }), 400),
        (json!({ "max_downloads": 1.5 }), 400),
        (json!({ "max_downloads": 4_294_967_296_u64 }), 400),
        (json!({ "max_downloads": "1" }), 400),
    ] {
        alice.post(&path, &body).await.expect(status);
    }
    let bare = alice.send(alice.request(Method::POST, &path)).await.expect(201);
    assert_eq!(bare.header("cache-control"), Some("no-store"));
    assert_eq!(bare.text("url"), format!("/api/links/{}", bare.text("token")));
    for _ in 1..100 {
        alice.link(&file_id, &json!({})).await;
    }
    assert_eq!(alice.post(&path, &json!({})).await.expect(409).problem(), "too_many_links");
}

#[tokio::test]
async fn a_link_follows_its_file_into_new_contents() {
    let (_server, alice, file_id, anyone) = stored().await;
    let path = format!("/api/links/{}", alice.link(&file_id, &json!({})).await);
    alice.write(&file_id, &bytes(2, 500)).await;
    assert_eq!(anyone.get(&path).await.expect(200).body, bytes(2, 500));
    // It opens the content alone, and no other way in.
    for (method, tail) in
        [(Method::DELETE, ""), (Method::PUT, ""), (Method::POST, ""), (Method::GET, "/content")]
    {
        let reply = anyone.send(anyone.request(method, &format!("{path}{tail}"))).await;
        assert!(matches!(reply.status, 404 | 405), "{reply:?}");
    }
}
