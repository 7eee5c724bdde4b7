//! Two people and their files, from the first upload to the last byte gone.

use super::audit_chain::verified;
use crate::support::file_client::{bytes, name, new_file, sha256};
use crate::support::person::encode;
use crate::support::{FileClient, TestServer, file_folder};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_file_goes_from_one_person_to_another_and_its_chain_tells_so() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let (alice_id, bob_id) = (user_id(&alice).await, user_id(&bob).await);

    // By tus, in two pieces.
    let content = bytes(1, 300_000);
    let upload = alice.begin(content.len()).await;
    alice.get(&format!("/api/files/{}", upload.file_id)).await.expect(404);
    alice.send(alice.piece(&upload.url, 0, &content[..100_000])).await.expect(204);
    assert_eq!(alice.offset(&upload.url).await, 100_000);
    assert_eq!(alice.usage().await, (0, 300_000));
    alice.send(alice.piece(&upload.url, 100_000, &content[100_000..])).await.expect(204);
    assert_eq!(alice.usage().await, (300_000, 0));
    let file = alice.get(&format!("/api/files/{}", upload.file_id)).await.expect(200).json();
    assert_eq!(file["sha256"], encode(&sha256(&content)));
    assert_eq!(file["size"], 300_000);
    assert_eq!(file["encrypted_filename"], name());
    assert_eq!(file["owner_id"], alice_id.as_str());
    assert_eq!(file["permission"], "owner");

    let share_id = alice.share(&upload.file_id, "bob", "read").await;
    let incoming = bob.get("/api/shares/incoming").await.expect(200).json();
    let item = &incoming["items"][0];
    assert_eq!(item["share_id"], share_id.as_str());
    assert_eq!(item["owner"], "alice");
    assert_eq!(item["encrypted_data_key"], encode(b"the key for the recipient"));
    let file_id = item["file_id"].as_str().unwrap();
    assert_eq!(bob.content(file_id).await, content);
    let seen = bob.get(&format!("/api/files/{file_id}")).await.expect(200).json();
    assert_eq!(seen["encrypted_data_key"], encode(b"the key for the recipient"), "not the owner's");
    assert_eq!(seen["permission"], "read");

    alice.delete(&format!("/api/files/{file_id}/shares/{share_id}")).await.expect(204);
    bob.get(&format!("/api/files/{file_id}/content")).await.expect(404);
    assert_eq!(bob.listed("/api/shares/incoming", "share_id", 50).await, Vec::<String>::new());

    let events = verified(&alice, file_id).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| (event["kind"].as_str().unwrap(), event["actor_id"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(
        told,
        [
            ("file_uploaded", alice_id.clone()),
            ("file_shared", alice_id.clone()),
            ("file_fetched", bob_id),
            ("share_ended", alice_id),
        ]
    );
    for event in &events[1..] {
        assert_eq!(event["share_id"], share_id.as_str(), "{event}");
    }
    bob.get(&format!("/api/files/{file_id}/audit")).await.expect(404);
    // Each finds in their own trail what they did, and to which file.
    for (person, kind) in [(&alice, "file_shared"), (&bob, "file_fetched")] {
        let own = person.get(&format!("/api/user/audit?kind={kind}")).await.expect(200).json();
        assert_eq!(own["items"][0]["file_id"], file_id);
        assert_eq!(own["items"][0]["share_id"], share_id.as_str());
    }
}

#[tokio::test]
async fn a_file_goes_into_the_trash_comes_out_of_it_and_is_gone_for_good() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let content = bytes(2, 10_000);
    let file_id = alice.store(&content).await;
    let path = format!("/api/files/{file_id}");
    alice.share(&file_id, "bob", "write").await;
    let link = alice.link(&file_id, &json!({})).await;
    let first_etag = alice.etag(&path).await;

    alice.trash(&file_id).await;
    assert_eq!(alice.listed("/api/files", "file_id", 50).await, Vec::<String>::new());
    assert_eq!(alice.listed("/api/files?trashed=true", "file_id", 50).await, core::slice::from_ref(&file_id));
    assert_eq!(alice.content(&file_id).await, content, "its owner may still look");
    bob.get(&path).await.expect(404);
    bob.get(&format!("{path}/content")).await.expect(404);
    alice.client.get(&format!("/api/links/{link}")).await.expect(404);
    assert_eq!(alice.usage().await, (10_000, 0), "the trash counts");
    // A delete sent again, whose first reply was lost, carries the tag of before.
    alice.at_version(Method::DELETE, &path, &first_etag).await.expect(412);

    let etag = alice.etag(&path).await;
    alice.at_version(Method::POST, &format!("{path}/restore"), &etag).await.expect(200);
    assert_eq!(bob.content(&file_id).await, content, "shares and links hold again");
    assert_eq!(alice.client.get(&format!("/api/links/{link}")).await.expect(200).body, content);

    alice.remove(&file_id).await;
    alice.get(&path).await.expect(404);
    alice.get(&format!("{path}/audit")).await.expect(404);
    assert_eq!(alice.usage().await, (0, 0));
    server.sweep_files().await;
    assert!(file_folder::blobs(&server).is_empty());
    alice.get(&format!("{path}/content")).await.expect(404);
}

#[tokio::test]
async fn contents_follow_each_other_and_earlier_ones_are_the_owners_alone() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let contents = [bytes(3, 5_000), bytes(4, 6_000), bytes(5, 7_000)];
    let file_id = alice.store(&contents[0]).await;
    let path = format!("/api/files/{file_id}");
    alice.share(&file_id, "bob", "write").await;
    alice.write(&file_id, &contents[1]).await;
    bob.write(&file_id, &contents[2]).await;

    for person in [&alice, &bob] {
        assert_eq!(person.content(&file_id).await, contents[2]);
    }
    let versions = alice.items(&format!("{path}/versions"), 1).await;
    let numbers: Vec<_> =
        versions.iter().map(|version| version["content_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 1]);
    for (number, content) in (1..).zip(&contents) {
        let fetched = alice.get(&format!("{path}/versions/{number}/content")).await.expect(200);
        assert_eq!(&fetched.body, content);
        bob.get(&format!("{path}/versions/{number}/content")).await.expect(404);
    }
    bob.get(&format!("{path}/versions")).await.expect(404);
    bob.delete(&format!("{path}/versions/1")).await.expect(404);
    assert_eq!(alice.usage().await, (18_000, 0), "the owner pays for what others write");
    assert_eq!(bob.usage().await, (0, 0));

    alice.delete(&format!("{path}/versions/1")).await.expect(204);
    alice.get(&format!("{path}/versions/1/content")).await.expect(404);
    alice.delete(&format!("{path}/versions/3")).await.expect(404);
    assert_eq!(alice.usage().await, (13_000, 0));
    let bob_id = user_id(&bob).await;
    let events = verified(&alice, &file_id).await;
    let by_bob: Vec<_> = events.iter().filter(|event| event["actor_id"] == bob_id.as_str()).collect();
    assert!(by_bob.iter().any(|event| event["kind"] == "file_written"), "{events:?}");
}

#[tokio::test]
async fn whoever_may_only_read_changes_nothing() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let file_id = alice.store(b"content").await;
    let path = format!("/api/files/{file_id}");
    alice.share(&file_id, "bob", "read").await;
    let etag = bob.etag(&path).await;
    let write = bob.request(Method::POST, &format!("{path}/versions")).header("if-match", &etag);
    assert_eq!(bob.send(write.json(&json!({ "size": 1 }))).await.expect(403).problem(), "not_allowed");
    let rename = bob.request(Method::PATCH, &path).header("if-match", &etag);
    bob.send(rename.json(&json!({ "encrypted_filename": encode(b"x") }))).await.expect(404);
    bob.at_version(Method::DELETE, &path, &etag).await.expect(404);
    bob.post(&format!("{path}/links"), &json!({})).await.expect(404);
    let body = bob.share_body("alice", "read").await;
    bob.post(&format!("{path}/shares"), &body).await.expect(404);
    assert_eq!(alice.etag(&path).await, etag);

    // Not even by writing may a recipient touch the owner's key or name.
    let replaced = alice.post(&format!("{path}/shares"), &alice.share_body("bob", "write").await).await;
    replaced.expect(200);
    for extra in ["encrypted_filename", "encrypted_data_key"] {
        let write = bob.request(Method::POST, &format!("{path}/versions")).header("if-match", &etag);
        let body = json!({ "size": 1, extra: encode(b"x") });
        assert_eq!(bob.send(write.json(&body)).await.expect(403).problem(), "not_allowed");
    }
}

#[tokio::test]
async fn who_asks_after_a_revision_misses_no_change() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let mut seen = 0;
    let mut model = std::collections::BTreeMap::new();
    let mut files = Vec::new();
    for step in 0..40_u64 {
        match step % 5 {
            0..=2 => files.push(alice.store(&bytes(step, 100)).await),
            3 => alice.trash(&files.pop().unwrap()).await,
            _ => {
                let file_id = files.remove(0);
                alice.remove(&file_id).await;
            }
        }
        if step % 4 == 3 {
            for change in alice.items(&format!("/api/files?since={seen}"), 2).await {
                let revision = change["revision"].as_u64().unwrap();
                assert!(revision > seen, "by rising revision");
                seen = revision;
                model.insert(change["file_id"].as_str().unwrap().to_owned(), change);
            }
        }
    }
    model.retain(|_, change| change["removed"] != true);
    let mut expected = alice.items("/api/files", 7).await;
    expected.extend(alice.items("/api/files?trashed=true", 7).await);
    assert_eq!(model.len(), expected.len());
    for file in expected {
        assert_eq!(model[file["file_id"].as_str().unwrap()], file, "as it is now");
    }
}

#[tokio::test]
async fn a_file_without_a_byte_is_one_too() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let by_tus = alice.post("/api/files", &new_file(0)).await.expect(201).text("file_id");
    let whole = alice.store(b"").await;
    for file_id in [by_tus, whole] {
        let reply = alice.get(&format!("/api/files/{file_id}/content")).await.expect(200);
        assert_eq!(reply.header("content-length"), Some("0"));
        assert_eq!(reply.body, b"");
    }
}

pub(super) async fn user_id(person: &FileClient) -> String {
    person.get("/api/user/profile").await.expect(200).text("user_id")
}
