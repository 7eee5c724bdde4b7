//! F04: contents that are too large, or not as large as they say.

use crate::support::file_client::{BOUNDARY, bytes, form, key, metadata, name, new_file};
use crate::support::{FileClient, TestServer, file_folder, raw};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: usize = 1_024 * 1_024;

async fn small() -> (TestServer, FileClient) {
    let server = TestServer::start_with(|options| {
        options.content_max = "1MiB".into();
        options.quota = "4MiB".into();
    })
    .await;
    let alice = FileClient::sign_up(&server, "alice").await;
    (server, alice)
}

/// What comes back before the connection is closed: a refusal leaves some time for a body that is on its way.
async fn refusal(server: &TestServer, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut reply = String::new();
    let reading = stream.read_to_string(&mut reply);
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("an end").unwrap();
    reply
}

/// Nothing was stored, nothing is set aside, and nothing lies on the disk.
async fn assert_untouched(server: &TestServer, alice: &FileClient) {
    for _ in 0..50 {
        if alice.usage().await == (0, 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(alice.usage().await, (0, 0));
    assert!(alice.listed("/api/files", "file_id", 50).await.is_empty());
    server.sweep_files().await;
    assert_eq!(file_folder::blobs(server).len(), 0);
}

#[tokio::test]
async fn f04_a_content_past_the_limit_does_not_begin() {
    let (server, alice) = small().await;
    for too_large in [json!(LIMIT + 1), json!(1_u64 << 63), json!(u64::MAX)] {
        let reply = alice.post("/api/files", &new_file(too_large.clone())).await.expect(413);
        assert_eq!(reply.problem(), "content_too_large", "{too_large}");
    }
    for none in [json!(-1), json!(1.5), json!("10"), json!(null), json!([1]), json!(1e30)] {
        alice.post("/api/files", &new_file(none.clone())).await.expect(400);
    }
    // 2^64 and more, which no JSON number of this test can hold.
    let body = new_file(7).to_string().replace("\"size\":7", "\"size\":18446744073709551616");
    let request = alice.request(Method::POST, "/api/files").header("content-type", "application/json");
    alice.send(request.body(body)).await.expect(400);
    for (length, status) in [
        ("1048577", 413),
        ("9223372036854775808", 413),
        ("18446744073709551615", 413),
        ("18446744073709551616", 400),
        ("-1", 400),
        ("+1", 400),
        ("1.5", 400),
        ("0x10", 400),
        ("", 400),
    ] {
        for path in ["/api/uploads", "/api/files"] {
            let request = alice.tus(Method::POST, path).header("upload-metadata", metadata());
            let reply = alice.send(request.header("upload-length", length)).await;
            assert_eq!(reply.status, status, "{length:?} to {path}");
        }
    }
    assert_untouched(&server, &alice).await;
    alice.begin(LIMIT).await;
    assert_eq!(alice.usage().await, (0, u64::try_from(LIMIT).unwrap()));
}

#[tokio::test]
async fn f04_a_form_past_the_limit_is_refused_and_nothing_is_kept() {
    let (server, alice) = small().await;
    let content = bytes(1, LIMIT + 1);
    assert_eq!(alice.send(alice.whole(&content)).await.expect(413).problem(), "content_too_large");
    let fields = [("encrypted_filename", &*name()), ("encrypted_data_key", &*key())];
    alice.send(alice.form(form(&fields, "x", &content))).await.expect(413);
    assert_untouched(&server, &alice).await;
    let file_id = alice.store(&content[..LIMIT]).await;
    assert_eq!(alice.content(&file_id).await, content[..LIMIT], "the limit itself is allowed");
}

#[tokio::test]
async fn f04_a_length_that_is_none_is_refused_before_anything_is_read() {
    let (server, alice) = small().await;
    let upload = alice.begin(10).await;
    let form_head = format!("Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n");
    let piece_head =
        "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\n";
    let targets =
        [("POST", "/api/files/upload", form_head.as_str()), ("PATCH", upload.url.as_str(), piece_head)];
    let start = form(&[("encrypted_filename", &name()), ("encrypted_data_key", &key())], "x", b"");
    let lengths = [
        ("9223372036854775808", "413"),
        ("18446744073709551613", "413"),
        ("18446744073709551616", "400"),
        ("-1", "400"),
        ("+5", "400"),
        ("5, 6", "400"),
        ("1048577", "413"),
    ];
    let cases = targets.iter().flat_map(|target| lengths.map(|length| (*target, length)));
    join_all(cases.map(|((method, path, head), (length, status))| {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{head}Content-Length: {length}\r\n\r\n",
            alice.token
        )
        .into_bytes();
        if method == "POST" {
            // Up to the first byte of the content.
            request.extend(&start[..start.len() - BOUNDARY.len() - 8]);
        }
        let server = &server;
        async move {
            let reply = refusal(server, &request).await;
            assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {length}: {reply}");
        }
    }))
    .await;
    assert_eq!(alice.offset(&upload.url).await, 0);
    alice.send(alice.tus(Method::DELETE, &upload.url)).await.expect(204);
    assert_untouched(&server, &alice).await;
}

#[tokio::test]
async fn f04_more_bytes_than_announced_are_not_taken() {
    let (server, alice) = small().await;
    let upload = alice.begin(1_000).await;
    let reply = alice.send(alice.piece(&upload.url, 0, bytes(1, 1_001))).await.expect(413);
    assert_eq!(reply.problem(), "upload_too_long");
    assert_eq!(alice.offset(&upload.url).await, 0, "it said so in its length, and was not read");

    // In chunks nobody says how many there will be.
    let chunked = |url: &str, content: &[u8], chunk_bytes: usize| {
        let mut request = format!(
            "PATCH {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\n\
             Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            alice.token
        )
        .into_bytes();
        for chunk in content.chunks(chunk_bytes) {
            request.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
            request.extend(chunk);
            request.extend(b"\r\n");
        }
        request.extend(b"0\r\n\r\n");
        request
    };
    let reply = raw(&server, &chunked(&upload.url, &bytes(2, 3_000), 3_000)).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    assert!(alice.offset(&upload.url).await < 1_000);
    alice.send(alice.tus(Method::DELETE, &upload.url)).await.expect(204);
    assert_untouched(&server, &alice).await;

    // What was announced came before what is too much: it counts, and nothing beyond it.
    let upload = alice.begin(1_000).await;
    let reply = raw(&server, &chunked(&upload.url, &bytes(2, 3_000), 100)).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    assert_eq!(alice.offset(&upload.url).await, 1_000);
    assert_eq!(alice.content(&upload.file_id).await, bytes(2, 1_000));
    alice.remove(&upload.file_id).await;
    assert_untouched(&server, &alice).await;

    for (told, sent) in [(10, 11), (10, 9), (10, 0), (0, 1), (LIMIT, 10)] {
        let told = told.to_string();
        let fields = [("encrypted_filename", &*name()), ("encrypted_data_key", &*key()), ("size", &*told)];
        let reply = alice.send(alice.form(form(&fields, "x", &bytes(3, sent)))).await.expect(400);
        assert_eq!(reply.problem(), "wrong_size", "{told} against {sent}");
    }
    assert_untouched(&server, &alice).await;
}

#[tokio::test]
async fn f04_a_form_in_chunks_says_its_size_or_is_refused() {
    let (server, alice) = small().await;
    let chunked = |body: Vec<u8>| {
        let mut request = format!(
            "POST /api/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\
             Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nConnection: close\r\n\r\n",
            alice.token
        )
        .into_bytes();
        for chunk in body.chunks(10_000) {
            request.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
            request.extend(chunk);
            request.extend(b"\r\n");
        }
        request.extend(b"0\r\n\r\n");
        request
    };
    let (name, key) = (name(), key());
    let untold = [("encrypted_filename", name.as_str()), ("encrypted_data_key", key.as_str())];
    let reply = raw(&server, &chunked(form(&untold, "x", b"content"))).await;
    assert!(reply.starts_with("HTTP/1.1 400 "), "{reply}");
    assert!(reply.contains("/size"), "{reply}");
    for (told, sent, status) in [(20_000, 20_000, "201"), (20_000, 20_001, "400"), (20_000, 900_000, "400")] {
        let told = told.to_string();
        let fields = [untold[0], untold[1], ("size", told.as_str())];
        let reply = raw(&server, &chunked(form(&fields, "x", &bytes(4, sent)))).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{told} against {sent}: {reply}");
    }
    assert_eq!(alice.usage().await, (20_000, 0));
}

#[tokio::test]
async fn f04_a_form_whose_body_is_not_as_long_as_it_says_leaves_nothing() {
    let (server, alice) = small().await;
    let whole =
        form(&[("encrypted_filename", &name()), ("encrypted_data_key", &key())], "x", &bytes(5, 50_000));
    let head = format!(
        "POST /api/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n",
        alice.token
    );
    for (sent, told) in
        [(30_000, whole.len()), (whole.len(), whole.len() + 10), (whole.len() - 5, whole.len())]
    {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(format!("{head}Content-Length: {told}\r\n\r\n").as_bytes()).await.unwrap();
        stream.write_all(&whole[..sent]).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 400 "), "{sent} of {told}: {reply}");
        assert_untouched(&server, &alice).await;
    }
    // The length is shorter than the form: its end is missing, and what follows is no request.
    let told = whole.len() - 20;
    let request = [format!("{head}Content-Length: {told}\r\n\r\n").as_bytes(), &whole].concat();
    let reply = raw(&server, &request).await;
    assert!(reply.starts_with("HTTP/1.1 400 "), "{reply}");
    assert!(!reply.contains("HTTP/1.1 2"), "{reply}");
    assert_untouched(&server, &alice).await;
}
