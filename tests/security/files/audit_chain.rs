//! A file's chain of events, verified from what the API answers and from the written rule alone.

use crate::support::file_client::{bytes, sha256};
use crate::support::person::encode;
use crate::support::{FileClient, TestServer, dates};
use reqwest::Method;
use serde_json::{Value, json};

fn id_bytes(id: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(id.as_str().unwrap().replace('-', "").as_bytes()).unwrap()
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&u64::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn optional(bytes: Option<Vec<u8>>) -> Vec<u8> {
    bytes.map_or(vec![0], |bytes| [vec![1], with_length(&bytes)].concat())
}

/// The hash that an event must carry when the chain before it ends in `previous`.
fn hash_after(previous: &[u8], event: &Value) -> Vec<u8> {
    let grant = match (&event["share_id"], &event["link_id"]) {
        (Value::Null, Value::Null) => None,
        (share, Value::Null) => Some([vec![b's'], id_bytes(share)].concat()),
        (_, link) => Some([vec![b'l'], id_bytes(link)].concat()),
    };
    let actor = Some(&event["actor_id"]).filter(|id| !id.is_null()).map(id_bytes);
    let parts = [
        b"epic/v1/file-audit-link\0".to_vec(),
        previous.to_vec(),
        event["sequence"].as_u64().unwrap().to_be_bytes().to_vec(),
        id_bytes(&event["event_id"]),
        dates::millis(event["at"].as_str().unwrap()).to_be_bytes().to_vec(),
        with_length(event["kind"].as_str().unwrap().as_bytes()),
        optional(actor),
        optional(grant),
    ];
    sha256(&parts.concat()).to_vec()
}

/// Whether events are a chain from the file's beginning to `head`.
fn is_chain(file_id: &str, events: &[Value], head: &Value) -> bool {
    let start = [b"epic/v1/file-audit\0".to_vec(), id_bytes(&json!(file_id))].concat();
    let mut previous = sha256(&start).to_vec();
    for (place, event) in (1_u64..).zip(events) {
        previous = hash_after(&previous, event);
        if event["sequence"] != place || event["hash"] != encode(&previous) {
            return false;
        }
    }
    *head == encode(&previous)
}

/// The events of a file, whose chain holds.
pub(super) async fn verified(owner: &FileClient, file_id: &str) -> Vec<Value> {
    let path = format!("/api/files/{file_id}/audit");
    let events = owner.items(&path, 3).await;
    let page = owner.get(&path).await.expect(200).json();
    assert_eq!(page["length"], events.len());
    assert!(is_chain(file_id, &events, &page["head"]), "{events:?}");
    events
}

#[tokio::test]
async fn h03_the_chain_of_a_file_holds_over_everything_that_can_happen_to_it() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let others = alice.store(b"another file between them").await;
    let file_id = alice.store(&bytes(1, 1_000)).await;
    let path = format!("/api/files/{file_id}");
    server.advance(std::time::Duration::from_millis(1_234));
    alice.content(&file_id).await;
    alice.content(&others).await;
    let share = alice.share(&file_id, "bob", "read").await;
    let replaced = alice.post(&format!("{path}/shares"), &alice.share_body("bob", "write").await).await;
    assert_eq!(replaced.expect(200).text("share_id"), share);
    bob.content(&file_id).await;
    bob.write(&file_id, &bytes(2, 10)).await;
    let link = alice.link(&file_id, &json!({})).await;
    alice.client.get(&format!("/api/links/{link}")).await.expect(200);
    let link_id = alice.listed(&format!("{path}/links"), "link_id", 50).await.remove(0);
    let rename = alice.request(Method::PATCH, &path).header("if-match", alice.etag(&path).await);
    alice.send(rename.json(&json!({ "encrypted_filename": encode(b"other") }))).await.expect(200);
    alice.delete(&format!("{path}/versions/1")).await.expect(204);
    alice.delete(&format!("{path}/links/{link_id}")).await.expect(204);
    bob.delete(&format!("{path}/shares/{share}")).await.expect(204);
    alice.trash(&file_id).await;
    let etag = alice.etag(&path).await;
    alice.at_version(Method::POST, &format!("{path}/restore"), &etag).await.expect(200);

    let events = verified(&alice, &file_id).await;
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "file_uploaded",
            "file_fetched",
            "file_shared",
            "share_replaced",
            "file_fetched",
            "file_written",
            "link_created",
            "file_fetched",
            "file_edited",
            "version_removed",
            "link_ended",
            "share_ended",
            "file_trashed",
            "file_restored",
        ]
    );
    let by_link = &events[7];
    assert_eq!(by_link["actor_id"], Value::Null, "nobody is known who holds a link");
    assert_eq!(by_link["link_id"], link_id.as_str());
    for event in &events {
        let members: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["actor_id", "at", "event_id", "hash", "kind", "link_id", "sequence", "share_id"];
        assert_eq!(members, expected, "no sessions and no addresses of others");
    }
}

#[tokio::test]
async fn h03_whatever_is_done_to_a_chain_is_found() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let file_id = alice.store(b"content").await;
    for _ in 0..5 {
        alice.content(&file_id).await;
    }
    let events = verified(&alice, &file_id).await;
    let head = alice.get(&format!("/api/files/{file_id}/audit")).await.expect(200).json()["head"].clone();
    assert!(is_chain(&file_id, &events, &head));
    let other = alice.store(b"content").await;
    assert!(!is_chain(&other, &events, &head), "another file's");
    for place in 0..events.len() {
        for (member, value) in [
            ("kind", json!("file_edited")),
            ("at", json!("2001-01-01T00:00:00Z")),
            ("actor_id", Value::Null),
            ("share_id", json!(file_id)),
        ] {
            let mut changed = events.clone();
            changed[place][member] = value;
            assert!(!is_chain(&file_id, &changed, &head), "{member} of {place}");
        }
        let mut shorter = events.clone();
        shorter.remove(place);
        assert!(!is_chain(&file_id, &shorter, &head), "without {place}");
    }
    let mut swapped = events.clone();
    swapped.swap(1, 2);
    assert!(!is_chain(&file_id, &swapped, &head));
}

#[tokio::test]
async fn h05_what_is_refused_leaves_no_event() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let stranger = FileClient::sign_up(&server, "mallory").await;
    let file_id = alice.store(b"content").await;
    let path = format!("/api/files/{file_id}");
    stranger.get(&format!("{path}/content")).await.expect(404);
    stranger.at_version(Method::DELETE, &path, "\"1\"").await.expect(404);
    alice.at_version(Method::DELETE, &path, "\"99\"").await.expect(412);
    let request = alice.request(Method::GET, &format!("{path}/content"));
    alice.send(request.header("range", "bytes=100-")).await.expect(416);
    let etag = alice.head(&format!("{path}/content")).await.expect(200).header("etag").unwrap().to_owned();
    let request = alice.request(Method::GET, &format!("{path}/content"));
    alice.send(request.header("if-none-match", etag)).await.expect(304);
    assert_eq!(verified(&alice, &file_id).await.len(), 1, "that it was uploaded");
}
