//! F11, F18: shares that end, and what sharing tells of other people.

use crate::support::file_client::{bytes, sha256};
use crate::support::person::encode;
use crate::support::{FileClient, Person, Reply, TestServer, dates};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn two() -> (TestServer, FileClient, FileClient) {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    (server, alice, bob)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f11_a_share_that_ends_in_the_middle_of_a_download_ends_the_next_request() {
    let (_server, alice, bob) = two().await;
    // More than all buffers between the two of them hold.
    let content = bytes(1, 48 * 1_024 * 1_024);
    let file_id = alice.store(&content).await;
    let share_id = alice.share(&file_id, "bob", "read").await;
    let path = format!("/api/files/{file_id}/content");
    let mut response = bob.request(Method::GET, &path).send().await.unwrap();
    let mut received = response.chunk().await.unwrap().unwrap().to_vec();
    alice.delete(&format!("/api/files/{file_id}/shares/{share_id}")).await.expect(204);

    let next = bob.request(Method::GET, &path).header("range", format!("bytes={}-", received.len()));
    bob.send(next).await.expect(404);
    bob.get(&path).await.expect(404);
    // The stream that was open was begun by right, and goes on to its end.
    while let Some(piece) = response.chunk().await.unwrap() {
        received.extend(piece);
    }
    assert_eq!(sha256(&received), sha256(&content));
}

#[tokio::test]
async fn a_share_ends_by_itself_to_the_millisecond() {
    let (server, alice, bob) = two().await;
    let file_id = alice.store(b"content").await;
    let mut body = alice.share_body("bob", "read").await;
    body["expires_at"] = json!(dates::rfc3339(server.now_millis() + 60_000));
    alice.post(&format!("/api/files/{file_id}/shares"), &body).await.expect(201);
    server.advance(Duration::from_millis(59_999));
    assert_eq!(bob.content(&file_id).await, b"content");
    assert_eq!(bob.items("/api/shares/incoming", 50).await.len(), 1);
    server.advance(Duration::from_millis(1));
    bob.get(&format!("/api/files/{file_id}/content")).await.expect(404);
    bob.get(&format!("/api/files/{file_id}")).await.expect(404);
    assert!(bob.items("/api/shares/incoming", 50).await.is_empty());
    assert!(alice.items(&format!("/api/files/{file_id}/shares"), 50).await.is_empty());
    server.sweep_files().await;
    alice.share(&file_id, "bob", "read").await;
    assert_eq!(bob.content(&file_id).await, b"content");
}

#[tokio::test]
async fn an_upload_begun_by_a_share_that_has_ended_goes_no_further_than_its_owner_allows() {
    let (_server, alice, bob) = two().await;
    let file_id = alice.store(b"first").await;
    let share_id = alice.share(&file_id, "bob", "write").await;
    let etag = bob.etag(&format!("/api/files/{file_id}")).await;
    let begin = bob.request(Method::POST, &format!("/api/files/{file_id}/versions")).header("if-match", etag);
    let upload = bob.send(begin.json(&json!({ "size": 6 }))).await.expect(201).text("upload_url");
    bob.send(bob.piece(&upload, 0, &b"sec"[..])).await.expect(204);
    alice.delete(&format!("/api/files/{file_id}/shares/{share_id}")).await.expect(204);
    let reply = bob.send(bob.piece(&upload, 3, &b"ond"[..])).await;
    assert!(matches!(reply.status, 404 | 410), "{reply:?}");
    assert_eq!(alice.content(&file_id).await, b"first", "who may no longer write has not written");
    assert_eq!(alice.usage().await, (5, 0));
}

/// All that a caller sees of a refusal.
fn visible(reply: &Reply) -> (u16, String) {
    let request_id = reply.header("x-request-id").unwrap();
    (reply.status, String::from_utf8_lossy(&reply.body).replace(request_id, ""))
}

#[tokio::test]
async fn f18_whoever_is_not_there_answers_as_one_whose_key_has_changed() {
    let (server, alice, _bob) = two().await;
    let file_id = alice.store(b"content").await;
    let path = format!("/api/files/{file_id}/shares");
    let gone = FileClient::sign_up(&server, "gone").await;
    gone.delete("/api/user").await.expect(202);
    Person::new("unconfirmed").register(&server.client()).await.expect(201);
    let body = alice.share_body("bob", "read").await;
    let to = async |recipient: &str, key_id: &Value| {
        let mut body = body.clone();
        body["recipient"] = json!(recipient);
        body["recipient_key_id"] = key_id.clone();
        alice.post(&path, &body).await
    };
    let (right, wrong) = (&body["recipient_key_id"], &json!(encode(&[7; 16])));
    let expected = visible(&to("bob", wrong).await.expect(409));
    for (recipient, key_id) in [
        ("nobody", right),
        ("nobody", wrong),
        ("gone", right),
        ("gone", wrong),
        ("unconfirmed", right),
        ("unconfirmed", wrong),
    ] {
        assert_eq!(visible(&to(recipient, key_id).await), expected, "{recipient}");
    }
    for name in ["alice", "ALICE", "Alice"] {
        for key_id in [right, wrong] {
            assert_eq!(to(name, key_id).await.expect(422).problem(), "shared_with_owner");
        }
    }
    for bad in ["", "b", " bob", "bob ", "b\u{43E}b", "bob\u{200B}", "ｂob", "bob/../alice", "bob\0", "bob@x"]
    {
        to(bad, right).await.expect(400);
    }
    assert!(alice.items(&path, 50).await.is_empty());
    to("bob", right).await.expect(201);
    to("BOB", right).await.expect(200);
    let shares = alice.items(&path, 50).await;
    assert_eq!(shares.len(), 1, "one person in any spelling");
    assert_eq!(shares[0]["recipient"], "bob");
}

#[tokio::test]
async fn a_new_share_with_the_same_person_takes_the_place_of_the_old_one() {
    let (_server, alice, bob) = two().await;
    let file_id = alice.store(b"content").await;
    let path = format!("/api/files/{file_id}/shares");
    let first = alice.post(&path, &alice.share_body("bob", "read").await).await.expect(201);
    let mut body = alice.share_body("bob", "write").await;
    body["encrypted_data_key"] = json!(encode(b"wrapped again"));
    let second = alice.post(&path, &body).await.expect(200);
    assert_eq!(first.text("share_id"), second.text("share_id"));
    let incoming = bob.items("/api/shares/incoming", 50).await;
    assert_eq!(incoming.len(), 1);
    assert_eq!(incoming[0]["permission"], "write");
    assert_eq!(incoming[0]["encrypted_data_key"], encode(b"wrapped again"));
    bob.write(&file_id, b"by bob").await;
    alice.post(&path, &alice.share_body("bob", "read").await).await.expect(200);
    let etag = bob.etag(&format!("/api/files/{file_id}")).await;
    let begin = bob.request(Method::POST, &format!("/api/files/{file_id}/versions")).header("if-match", etag);
    bob.send(begin.json(&json!({ "size": 6 }))).await.expect(403);
}

#[tokio::test]
async fn a_recipient_ends_their_own_share_and_no_other() {
    let (server, alice, bob) = two().await;
    let carol = FileClient::sign_up(&server, "carol").await;
    let file_id = alice.store(b"content").await;
    let of_bob = alice.share(&file_id, "bob", "write").await;
    let of_carol = alice.share(&file_id, "carol", "read").await;
    bob.delete(&format!("/api/files/{file_id}/shares/{of_carol}")).await.expect(404);
    assert_eq!(carol.content(&file_id).await, b"content");
    bob.delete(&format!("/api/files/{file_id}/shares/{of_bob}")).await.expect(204);
    bob.delete(&format!("/api/files/{file_id}/shares/{of_bob}")).await.expect(404);
    bob.get(&format!("/api/files/{file_id}")).await.expect(404);
    assert_eq!(carol.content(&file_id).await, b"content");
}
