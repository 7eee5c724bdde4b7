//! G: what HTTP itself allows, and what it does not.

use crate::support::{Person, Reply, TestServer, raw};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn assert_sealed(reply: &Reply) {
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    for name in
        ["cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "x-request-id"]
    {
        assert!(reply.header(name).is_some(), "{name}");
    }
    assert_eq!(reply.header("server"), None);
    assert_eq!(reply.header("set-cookie"), None);
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn g08_every_reply_is_kept_from_caches_and_carries_the_security_headers() {
    let server = TestServer::start().await;
    let client = server.client();
    let mut person = Person::new("alice");
    assert_sealed(&person.register(&client).await.expect(201));
    let login = person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    assert_sealed(&login);
    assert_eq!(login.header("etag"), None);
    assert_sealed(&client.get("/api/user/alice/salts").await.expect(200));
    assert_sealed(&client.profile(&login.text("access_token")).await.expect(200));
    let refreshed = client.refresh(&login.text("refresh_token")).await.expect(200);
    assert_sealed(&refreshed);
    assert_sealed(&client.logout(&refreshed.text("access_token")).await.expect(204));
    assert_sealed(&client.profile("bad").await.expect(401));
    assert_sealed(&client.get("/nowhere").await.expect(404));
    assert_sealed(&client.get("/healthz").await.expect(200));
    assert_sealed(&client.get("/readyz").await.expect(200));
}

#[tokio::test]
async fn g19_every_error_is_a_problem_document() {
    let server = TestServer::start().await;
    let client = server.client();
    let post = |path| client.request(Method::POST, path);
    let cases = [
        (client.get("/nowhere").await, 404, "not_found"),
        (client.get("/").await, 404, "not_found"),
        (client.get("/api/auth/login").await, 405, "method_not_allowed"),
        (client.send(client.request(Method::DELETE, "/api/user/profile")).await, 405, "method_not_allowed"),
        (client.post_raw("/api/auth/login", "{").await, 400, "malformed_json"),
        (client.post_raw("/api/auth/login", "[]").await, 400, "malformed_json"),
        (client.post_raw("/api/auth/login", "").await, 400, "malformed_json"),
        (client.post("/api/auth/login", &json!({})).await, 400, "invalid_fields"),
        (client.send(post("/api/auth/login").body("{}")).await, 415, "unsupported_media_type"),
        (
            client.send(post("/api/auth/login").header("content-type", "text/plain").body("{}")).await,
            415,
            "unsupported_media_type",
        ),
        (
            client.send(post("/api/auth/login").header("content-encoding", "gzip").json(&json!({}))).await,
            415,
            "unsupported_encoding",
        ),
        (client.post_raw("/api/auth/login", vec![b' '; 65_537]).await, 413, "body_too_large"),
        (client.get("/api/user/profile").await, 401, "missing_token"),
        (client.refresh("x").await, 401, "invalid_refresh_token"),
        (client.get("/api/user/x/salts").await, 400, "invalid_fields"),
    ];
    for (reply, status, code) in cases {
        assert_eq!((reply.status, reply.problem().as_str()), (status, code));
    }
    let allow = client.get("/api/auth/login").await;
    assert_eq!(allow.header("allow"), Some("POST"));
    let allow = client.send(client.request(Method::POST, "/api/user/profile")).await.expect(405);
    assert_eq!(allow.header("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn g07_a_form_cannot_do_what_a_script_must_ask_for() {
    let server = TestServer::start().await;
    let client = server.client();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let request = client
            .request(Method::POST, "/api/auth/register")
            .header("content-type", content_type)
            .body(Person::new("alice").register_body().to_string());
        client.send(request).await.expect(415);
    }
    Person::new("alice").register(&client).await.expect(201);
}

#[tokio::test]
async fn bodies_too_large_are_refused_before_they_are_read() {
    let server = TestServer::start().await;
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    // Ten megabytes are announced and not one byte is sent: the answer comes all the same.
    let reply = raw(&server, format!("{head}Content-Length: 10485760\r\n\r\n").as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
    let reply =
        raw(&server, format!("{head}Content-Length: 10485760\r\nExpect: 100-continue\r\n\r\n").as_bytes())
            .await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "no 100 before it: {reply}");
    let mut chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for _ in 0..20 {
        chunked.extend_from_slice(b"1000\r\n");
        chunked.extend_from_slice(&[b' '; 0x1000]);
        chunked.extend_from_slice(b"\r\n");
    }
    let reply = raw(&server, &chunked).await;
    assert!(reply.starts_with("HTTP/1.1 413 "), "{reply}");
}

#[tokio::test]
async fn g22_a_login_may_come_in_chunks() {
    let server = TestServer::start().await;
    let body = Person::new("alice").login_body("000000").to_string();
    let (left, right) = body.split_at(20);
    let request = format!(
        "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{left}\r\n{:x}\r\n{right}\r\n0\r\n\r\n",
        left.len(),
        right.len()
    );
    let reply = raw(&server, request.as_bytes()).await;
    assert!(reply.starts_with("HTTP/1.1 401 "), "{reply}");
}

#[tokio::test]
async fn half_a_body_is_no_request() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
    stream.write_all(format!("{head}{{\"username\":").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut received)).await;
    let reply = String::from_utf8_lossy(&received);
    assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 400 "), "{reply}");
    server.client().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn g05_a_head_too_large_is_refused() {
    let server = TestServer::start().await;
    let huge = "a".repeat(70_000);
    let many: String = (0..200).map(|index| format!("X-{index}: 1\r\n")).collect();
    for request in [
        format!("GET /{huge} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: {huge}\r\n\r\n"),
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
    ] {
        let reply = raw(&server, request.as_bytes()).await;
        let status = reply.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(matches!(status.as_str(), "400" | "414" | "431"), "{status:?}");
    }
}

#[tokio::test]
async fn a_client_cannot_name_its_request_or_its_host() {
    let server = TestServer::start().await;
    let client = server.client();
    let request = client
        .request(Method::GET, "/nowhere")
        .header("x-request-id", "forged")
        .header("x-forwarded-host", "evil.example")
        .header("host", "evil.example");
    let reply = client.send(request).await.expect(404);
    assert!(!String::from_utf8_lossy(&reply.body).contains("evil"));
    assert_ne!(reply.header("x-request-id"), Some("forged"));
}

#[tokio::test]
async fn g12_the_json_torture_suite_gets_a_4xx_each() {
    let Ok(folder) = std::env::var("EPIC_VECTORS") else {
        assert!(std::env::var("CI").is_err(), "EPIC_VECTORS must name the folder of test vectors");
        return;
    };
    let server = TestServer::start().await;
    let client = server.client();
    let mut files = 0;
    for entry in std::fs::read_dir(format!("{folder}/jsontestsuite/test_parsing")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let reply = client.post_raw("/api/auth/login", std::fs::read(&path).unwrap()).await;
        let expected: &[u16] = if name.starts_with("n_") { &[400, 413] } else { &[400, 401, 413] };
        assert!(expected.contains(&reply.status), "{name}: {}", reply.status);
        files += 1;
    }
    assert_eq!(files, 318, "the whole suite");
}

#[tokio::test]
async fn g14_deep_nesting_and_huge_numbers_are_just_malformed() {
    let server = TestServer::start().await;
    let client = server.client();
    let bodies: Vec<Vec<u8>> = vec![
        "[".repeat(60_000).into_bytes(),
        format!("{{\"otp\":{}}}", "[".repeat(30_000)).into_bytes(),
        b"{\"otp\":1e99999}".to_vec(),
        format!("{{\"otp\":{}}}", "9".repeat(400)).into_bytes(),
        b"{\"otp\":\"\xFF\xFE\"}".to_vec(),
        b"{\"otp\":\"\\ud800\"}".to_vec(),
        b"\xEF\xBB\xBF{}".to_vec(),
        "{}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for body in bodies {
        client.post_raw("/api/auth/login", body).await.expect(400);
    }
}
