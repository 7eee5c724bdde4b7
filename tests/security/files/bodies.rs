//! F17, F19: bodies of other types, and bodies that are packed, are refused unread.

use crate::support::file_client::{BOUNDARY, form, key, metadata, name, new_file};
use crate::support::{FileClient, TestServer, file_folder, raw};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Every call that takes a body: its method, its path, the type that it takes, and a body.
async fn calls(alice: &FileClient) -> Vec<(Method, String, String, Vec<u8>)> {
    let file_id = alice.store(b"content").await;
    let path = format!("/api/files/{file_id}");
    let upload = alice.begin(3).await;
    let json_call = |method: Method, path: String, body: Value| {
        (method, path, "application/json".to_owned(), body.to_string().into_bytes())
    };
    let fields = [("encrypted_filename", &*name()), ("encrypted_data_key", &*key())];
    vec![
        json_call(Method::POST, "/api/files".to_owned(), new_file(3)),
        json_call(Method::POST, format!("{path}/versions"), json!({ "size": 3 })),
        json_call(Method::POST, format!("{path}/shares"), json!({})),
        json_call(Method::POST, format!("{path}/links"), json!({})),
        json_call(Method::PATCH, path, json!({ "encrypted_filename": name() })),
        (Method::PATCH, upload.url, "application/offset+octet-stream".to_owned(), b"abc".to_vec()),
        (
            Method::POST,
            "/api/files/upload".to_owned(),
            format!("multipart/form-data; boundary={BOUNDARY}"),
            form(&fields, "x", b"abc"),
        ),
    ]
}

/// A call with all that it needs but its body.
fn worded(alice: &FileClient, method: &Method, path: &str) -> RequestBuilder {
    let request = alice.request(method.clone(), path).header("if-match", "\"1\"");
    if path.contains("/uploads/") {
        request.header("tus-resumable", "1.0.0").header("upload-offset", 0)
    } else {
        request
    }
}

/// What an account has, to be compared.
async fn state(server: &TestServer, alice: &FileClient) -> (Vec<Value>, (u64, u64), usize) {
    (alice.items("/api/files", 50).await, alice.usage().await, file_folder::blobs(server).len())
}

#[tokio::test]
async fn f17_packed_bodies_are_refused_and_not_unpacked() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let calls = calls(&alice).await;
    let before = state(&server, &alice).await;
    for (method, path, content_type, body) in &calls {
        for encoding in ["gzip", "br", "zstd", "deflate", "identity, gzip", "GZIP", "x-bomb"] {
            let request = worded(&alice, method, path).header("content-type", content_type);
            let request = request.header("content-encoding", encoding).body(body.clone());
            let reply = alice.send(request).await.expect(415);
            assert_eq!(reply.problem(), "unsupported_encoding", "{method} {path} {encoding}");
        }
        // Ten gigabytes are announced and not one byte is sent: the answer comes all the same.
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: {content_type}\r\n\
             Content-Encoding: gzip\r\nContent-Length: 10000000000\r\n{}\
             If-Match: \"1\"\r\nExpect: 100-continue\r\n\r\n",
            alice.token,
            if path.contains("/uploads/") { "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n" } else { "" }
        );
        let reply = raw(&server, request.as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 415 "), "{method} {path}: {reply}");
    }
    assert_eq!(state(&server, &alice).await, before);
}

#[tokio::test]
async fn f19_bodies_of_other_types_are_refused() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let calls = calls(&alice).await;
    let before = state(&server, &alice).await;
    let others = [
        "application/json",
        "application/offset+octet-stream",
        "application/octet-stream",
        "multipart/form-data; boundary=x",
        "multipart/mixed; boundary=x",
        "application/x-www-form-urlencoded",
        "text/xml",
        "text/plain",
        "application/json, text/plain",
        "",
    ];
    for (method, path, content_type, body) in &calls {
        let wanted = content_type.split(';').next().unwrap();
        for other in others.iter().filter(|other| !other.split(';').any(|part| part == wanted)) {
            let request = worded(&alice, method, path).header("content-type", *other);
            alice.send(request.body(body.clone())).await.expect(415).problem();
        }
        alice.send(worded(&alice, method, path).body(body.clone())).await.expect(415);
    }
    assert_eq!(state(&server, &alice).await, before);
}

#[tokio::test]
async fn d11_no_field_is_taken_that_is_not_named() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let file_id = alice.store(b"content").await;
    FileClient::sign_up(&server, "bob").await;
    let path = format!("/api/files/{file_id}");
    let share = alice.share_body("bob", "read").await;
    for extra in
        ["owner_id", "file_id", "quota", "version", "_id", "created_at", "blob_id", "token", "downloads"]
    {
        for (tail, mut body) in [
            ("", new_file(1)),
            ("/versions", json!({ "size": 1 })),
            ("/shares", share.clone()),
            ("/links", json!({})),
        ] {
            body[extra] = json!("x");
            let target = if tail.is_empty() { "/api/files".to_owned() } else { format!("{path}{tail}") };
            let request = alice.request(Method::POST, &target).header("if-match", "\"1\"").json(&body);
            let errors = alice.send(request).await.expect(400).field_errors();
            assert!(
                errors.contains(&(format!("/{extra}"), "unknown_field".to_owned())),
                "{target} {errors:?}"
            );
        }
        let fields = [("encrypted_filename", &*name()), ("encrypted_data_key", &*key()), (extra, "x")];
        let reply = alice.send(alice.form(form(&fields, "x", b"abc"))).await.expect(400);
        assert_eq!(reply.field_errors(), [(format!("/{extra}"), "unknown_field".to_owned())]);
        let more = format!("{},{extra} eA==", metadata());
        let request = alice.tus(Method::POST, "/api/uploads").header("upload-length", 1);
        alice.send(request.header("upload-metadata", more)).await.expect(400);
    }
    let twice =
        [("encrypted_filename", &*name()), ("encrypted_data_key", &*key()), ("encrypted_data_key", &*key())];
    alice.send(alice.form(form(&twice, "x", b"abc"))).await.expect(400);
    assert_eq!(alice.items("/api/files", 50).await.len(), 1);
}

#[tokio::test]
async fn a_form_that_is_none_leaves_nothing() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let fields = [("encrypted_filename", &*name()), ("encrypted_data_key", &*key())];
    let whole = form(&fields, "x", b"abc");
    let text = String::from_utf8(whole.clone()).unwrap();
    let content_first = {
        let (texts, content) = text.split_at(text.rfind("\r\n--epic-test-boundary\r\n").unwrap() + 2);
        let content = content.trim_end_matches("--\r\n");
        format!("{content}\r\n{texts}--epic-test-boundary--\r\n")
    };
    let second = form(&[], "y", b"more");
    let two_contents = [&whole[..whole.len() - BOUNDARY.len() - 6], &second].concat();
    for bad in [
        b"".to_vec(),
        b"nonsense".to_vec(),
        content_first.into_bytes(),
        two_contents,
        whole[..whole.len() - 10].to_vec(),
        form(&fields[..1], "x", b"abc"),
        form(&[], "x", b"abc"),
        text.replace("name=\"encrypted_filename\"", "name=\"\"").into_bytes(),
    ] {
        let reply = alice.send(alice.form(bad.clone())).await;
        assert_eq!(reply.status, 400, "{}: {reply:?}", String::from_utf8_lossy(&bad));
    }
    assert_eq!(alice.usage().await, (0, 0));
    server.sweep_files().await;
    assert!(file_folder::blobs(&server).is_empty());
}
