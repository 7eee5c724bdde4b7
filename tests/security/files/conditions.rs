//! Conditions: a change says which version it is of, and a client that has a content is not sent it again.

use crate::support::file_client::{bytes, sha256};
use crate::support::person::encode;
use crate::support::{FileClient, Reply, TestServer};
use reqwest::Method;
use serde_json::json;

/// Every change that needs to say which version it is of.
const CHANGES: &[(&str, &str)] =
    &[("PATCH", ""), ("DELETE", ""), ("POST", "/restore"), ("POST", "/versions")];

async fn change(alice: &FileClient, (method, tail): (&str, &str), path: &str, tags: &[&str]) -> Reply {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = alice.request(method, &format!("{path}{tail}"));
    for tag in tags {
        request = request.header("if-match", *tag);
    }
    let request = match tail {
        "" | "/restore" => request.json(&json!({ "encrypted_filename": encode(b"other") })),
        _ => request.json(&json!({ "size": 1 })),
    };
    alice.send(request).await
}

#[tokio::test]
async fn a_change_says_which_version_it_is_of_or_is_refused() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let path = format!("/api/files/{}", alice.store(b"content").await);
    let etag = alice.etag(&path).await;
    let (weak, twice) = (format!("W/{etag}"), format!("{etag}, {etag}"));
    for call in CHANGES {
        assert_eq!(change(&alice, *call, &path, &[]).await.expect(428).problem(), "if_match_required");
        change(&alice, *call, &path, &[&etag, &etag]).await.expect(428);
        for stale in ["\"0\"", "\"99\"", "\"18446744073709551616\"", "*", "1", "\"\"", &weak, &twice] {
            let reply = change(&alice, *call, &path, &[stale]).await.expect(412);
            assert_eq!(reply.problem(), "stale_version", "{call:?} {stale}");
        }
    }
    assert_eq!(alice.etag(&path).await, etag, "nothing has changed");
}

#[tokio::test]
async fn of_two_changes_of_one_version_the_second_is_refused() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let path = format!("/api/files/{}", alice.store(b"content").await);
    for call in [("PATCH", ""), ("DELETE", "")] {
        let etag = alice.etag(&path).await;
        let first = change(&alice, call, &path, &[&etag]).await;
        assert!(matches!(first.status, 200 | 204));
        assert_ne!(first.header("etag"), Some(etag.as_str()));
        assert_eq!(
            first.header("etag"),
            Some(alice.etag(&path).await.as_str()),
            "the reply tells the new one"
        );
        for later in CHANGES {
            change(&alice, *later, &path, &[&etag]).await.expect(412);
        }
    }
    // In the trash only coming out of it and going for good are left.
    let etag = alice.etag(&path).await;
    change(&alice, ("PATCH", ""), &path, &[&etag]).await.expect(412);
    change(&alice, ("POST", "/versions"), &path, &[&etag]).await.expect(412);
    change(&alice, ("POST", "/restore"), &path, &[&etag]).await.expect(200);
    let etag = alice.etag(&path).await;
    change(&alice, ("POST", "/restore"), &path, &[&etag]).await.expect(412);
}

#[tokio::test]
async fn a_name_and_a_key_change_together_or_alone() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let path = format!("/api/files/{}", alice.store(b"content").await);
    for body in [
        json!({ "encrypted_filename": encode(b"one") }),
        json!({ "encrypted_data_key": encode(b"two") }),
        json!({ "encrypted_filename": encode(b"three"), "encrypted_data_key": encode(b"four") }),
    ] {
        let before = alice.get(&path).await.expect(200);
        let request = alice.request(Method::PATCH, &path).header("if-match", before.header("etag").unwrap());
        let (before, after) = (before.json(), alice.send(request.json(&body)).await.expect(200).json());
        assert_eq!(after, alice.get(&path).await.expect(200).json());
        for field in ["encrypted_filename", "encrypted_data_key"] {
            let expected = if body[field].is_null() { &before[field] } else { &body[field] };
            assert_eq!(&after[field], expected);
        }
        assert_eq!(after["sha256"], before["sha256"]);
    }
    let etag = alice.etag(&path).await;
    for bad in
        [json!({ "encrypted_filename": "" }), json!({ "size": 1 }), json!({ "owner_id": "x" }), json!([])]
    {
        let request = alice.request(Method::PATCH, &path).header("if-match", &etag);
        alice.send(request.json(&bad)).await.expect(400);
    }
    assert_eq!(alice.etag(&path).await, etag);
}

#[tokio::test]
async fn a_content_that_the_client_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let content = bytes(1, 1_000);
    let file_id = alice.store(&content).await;
    let path = format!("/api/files/{file_id}/content");
    let etag = format!("\"{}\"", encode(&sha256(&content)));
    let get = async |fields: &[(&str, &str)]| {
        let mut request = alice.request(Method::GET, &path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        alice.send(request).await
    };
    let weak = format!("W/{etag}");
    let list = format!("\"a\", {etag}");
    for tag in [etag.as_str(), &weak, &list, "*"] {
        let reply = get(&[("if-none-match", tag)]).await.expect(304);
        assert_eq!(reply.header("etag"), Some(etag.as_str()));
        assert!(reply.body.is_empty());
    }
    get(&[("if-none-match", "\"other\"")]).await.expect(200);
    get(&[("if-match", &etag)]).await.expect(200);
    get(&[("if-match", "\"other\"")]).await.expect(412);
    let part = get(&[("range", "bytes=0-9"), ("if-range", &etag)]).await.expect(206);
    assert_eq!(part.body, content[..10]);
    for other in ["\"other\"", &weak, "Wed, 21 Oct 2015 07:28:00 GMT"] {
        assert_eq!(get(&[("range", "bytes=0-9"), ("if-range", other)]).await.expect(200).body, content);
    }

    // A new content has another tag: a download of the old one does not go on with the new one's bytes.
    alice.write(&file_id, &bytes(2, 1_000)).await;
    get(&[("if-none-match", &etag)]).await.expect(200);
    let reply = get(&[("range", "bytes=500-"), ("if-range", &etag)]).await.expect(200);
    assert_eq!(reply.body, bytes(2, 1_000));
    get(&[("range", "bytes=500-"), ("if-match", &etag)]).await.expect(412);
}
