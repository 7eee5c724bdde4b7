//! F10, F12: which part of a content is sent, and with which headers.

use crate::support::file_client::{bytes, form, key, name, sha256};
use crate::support::person::encode;
use crate::support::{FileClient, Reply, TestServer};
use reqwest::Method;
use serde_json::json;

/// A file, the ways to it, and its content.
async fn stored(size_bytes: usize) -> (TestServer, FileClient, [String; 3], Vec<u8>) {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let content = bytes(1, size_bytes);
    let file_id = alice.store(&content).await;
    let token = alice.link(&file_id, &json!({})).await;
    let paths = [
        format!("/api/files/{file_id}/content"),
        format!("/api/files/{file_id}/versions/1/content"),
        format!("/api/links/{token}"),
    ];
    (server, alice, paths, content)
}

async fn ranged(alice: &FileClient, path: &str, range: &str) -> Reply {
    alice.send(alice.request(Method::GET, path).header("range", range)).await
}

#[tokio::test]
async fn f10_a_range_gets_its_bytes() {
    let (_server, alice, paths, content) = stored(700_001).await;
    let length = content.len();
    for path in &paths {
        for (range, expected) in [
            ("bytes=0-", 0..length),
            ("bytes=0-0", 0..1),
            ("bytes=-1", length - 1..length),
            ("bytes=-700001", 0..length),
            ("bytes=-9999999", 0..length),
            ("bytes=-18446744073709551616", 0..length),
            ("bytes=100-199", 100..200),
            ("bytes=262143-262144", 262_143..262_145),
            ("bytes=262144-524287", 262_144..524_288),
            ("bytes=700000-18446744073709551616", length - 1..length),
            ("BYTES=5-6", 5..7),
        ] {
            let reply = ranged(&alice, path, range).await.expect(206);
            let content_range = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
            assert_eq!(reply.header("content-range"), Some(content_range.as_str()), "{range}");
            assert_eq!(reply.header("content-length"), Some(expected.len().to_string().as_str()), "{range}");
            assert!(reply.body == content[expected], "{range} of {path}");
        }
    }
}

#[tokio::test]
async fn f10_a_range_outside_is_refused_and_what_is_none_is_ignored() {
    let (_server, alice, paths, content) = stored(1_000).await;
    let many = format!("bytes={}", vec!["0-"; 1_000].join(","));
    for path in &paths {
        for range in ["bytes=1000-", "bytes=18446744073709551615-", "bytes=18446744073709551616-", "bytes=-0"]
        {
            let reply = ranged(&alice, path, range).await.expect(416);
            assert_eq!(reply.header("content-range"), Some("bytes */1000"), "{range}");
            assert_eq!(reply.problem(), "range_not_satisfiable");
        }
        for range in [
            "bytes=5-2",
            "bytes=",
            "bytes=-",
            "bytes",
            "bytes=a-b",
            "bytes=0-1,2-3",
            "items=0-1",
            "bytes=0-1,items=2-3",
            "bytes=+1-2",
            "bytes=1--2",
            "bytes=0x1-2",
            many.as_str(),
        ] {
            let reply = ranged(&alice, path, range).await.expect(200);
            assert_eq!(reply.header("content-range"), None, "{range}");
            assert_eq!(reply.body, content, "{range}");
        }
        let twice =
            alice.request(Method::GET, path).header("range", "bytes=0-1").header("range", "bytes=5-6");
        assert_eq!(alice.send(twice).await.expect(200).body, content);
    }
}

#[tokio::test]
async fn f10_a_content_put_together_from_ranges_is_the_content() {
    let (_server, alice, paths, content) = stored(50_000).await;
    let mut joined = Vec::new();
    while joined.len() < content.len() {
        let range = format!("bytes={}-{}", joined.len(), joined.len() + 7_776);
        joined.extend(ranged(&alice, &paths[0], &range).await.expect(206).body);
    }
    assert_eq!(sha256(&joined), sha256(&content));
}

#[tokio::test]
async fn f12_a_content_is_nothing_that_a_browser_shows() {
    let (_server, alice, paths, content) = stored(1_000).await;
    let digest = sha256(&content);
    let repr_digest = format!("sha-256=:{}:", data_encoding::BASE64.encode(&digest));
    let etag = format!("\"{}\"", encode(&digest));
    for path in &paths {
        for (method, range, status) in
            [(Method::GET, None, 200), (Method::GET, Some("bytes=0-9"), 206), (Method::HEAD, None, 200)]
        {
            let mut request = alice.request(method.clone(), path);
            if let Some(range) = range {
                request = request.header("range", range);
            }
            let reply = alice.send(request).await.expect(status);
            for (header, value) in [
                ("content-type", "application/octet-stream"),
                ("content-disposition", "attachment"),
                ("x-content-type-options", "nosniff"),
                ("cache-control", "no-store"),
                ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
                ("accept-ranges", "bytes"),
                ("repr-digest", &repr_digest),
                ("etag", &etag),
            ] {
                assert_eq!(reply.header(header), Some(value), "{header} of {method} {path}");
            }
            assert_eq!(reply.header("content-encoding"), None);
            assert_eq!(reply.header("transfer-encoding"), None, "of a length that is told");
        }
    }
    let linked = alice.get(&paths[2]).await.expect(200);
    assert_eq!(linked.header("epic-encrypted-filename"), Some(name().as_str()));
}

#[tokio::test]
async fn f12_head_tells_what_get_would_and_sends_nothing() {
    let (_server, alice, paths, content) = stored(1_234).await;
    let file = paths[0].trim_end_matches("/content").to_owned();
    for path in paths.iter().chain([&file]) {
        let (get, head) = (alice.get(path).await.expect(200), alice.head(path).await.expect(200));
        let told = |reply: &Reply| {
            let mut headers = reply.headers.clone();
            for passing in ["x-request-id", "date", "ratelimit"] {
                headers.remove(passing);
            }
            headers
        };
        assert_eq!(told(&get), told(&head), "{path}");
        assert_eq!(head.header("content-length").unwrap(), get.body.len().to_string());
        assert!(head.body.is_empty());
    }
    let request = alice.request(Method::HEAD, &paths[0]).header("range", "bytes=1-2");
    let reply = alice.send(request).await.expect(200);
    assert_eq!(reply.header("content-length").unwrap(), content.len().to_string());
}

#[tokio::test]
async fn f12_whatever_name_a_form_gives_its_content_nothing_of_it_comes_back() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    for filename in
        ["evil.html", "../../x", "a;b=c", "x%0d%0aSet-Cookie:%20a=b", "\u{202E}gpj.exe", "a\tb", "CON"]
    {
        let fields = [("encrypted_filename", &*name()), ("encrypted_data_key", &*key())];
        let reply = alice.send(alice.form(form(&fields, filename, b"<script>"))).await.expect(201);
        let file_id = reply.text("file_id");
        let shown = alice.get(&format!("/api/files/{file_id}")).await.expect(200);
        let fetched = alice.get(&format!("/api/files/{file_id}/content")).await.expect(200);
        assert_eq!(fetched.header("content-disposition"), Some("attachment"));
        for reply in [reply, shown, fetched] {
            let text = format!("{:?}{}", reply.headers, String::from_utf8_lossy(&reply.body));
            assert!(!text.contains(filename), "{text}");
            assert_eq!(reply.header("set-cookie"), None);
        }
    }
}
