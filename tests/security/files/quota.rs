//! F08, F09: an account never stores more than it may, and what is abandoned gives its room back.

use crate::support::file_client::{BOUNDARY, bytes, form, key, name, new_file};
use crate::support::{FileClient, StoreKind, TestServer, file_folder};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const FILE_BYTES: usize = 50_000;

async fn with_room_for(files: usize) -> (TestServer, FileClient) {
    let server = TestServer::start_with(|options| options.quota = (files * FILE_BYTES).to_string()).await;
    let alice = FileClient::sign_up(&server, "alice").await;
    (server, alice)
}

#[tokio::test]
async fn past_the_quota_nothing_begins() {
    let (server, alice) = with_room_for(2).await;
    let first = alice.store(&bytes(1, FILE_BYTES)).await;
    let upload = alice.begin(FILE_BYTES).await;
    let reply = alice.post("/api/files", &new_file(1)).await.expect(507);
    assert_eq!(reply.problem(), "quota_exceeded");
    assert!(reply.text("detail").contains(" 0 bytes"), "{}", reply.text("detail"));
    alice.send(alice.whole(b"x")).await.expect(507);
    let etag = alice.etag(&format!("/api/files/{first}")).await;
    let request =
        alice.request(Method::POST, &format!("/api/files/{first}/versions")).header("if-match", etag);
    alice.send(request.json(&json!({ "size": 1 }))).await.expect(507);
    // Nothing is nothing, though.
    alice.post("/api/files", &new_file(0)).await.expect(201);

    alice.send(alice.tus(Method::DELETE, &upload.url)).await.expect(204);
    assert_eq!(alice.usage().await, (50_000, 0));
    alice.trash(&first).await;
    alice.post("/api/files", &new_file(FILE_BYTES + 1)).await.expect(507);
    alice.trash(&first).await;
    alice.post("/api/files", &new_file(2 * FILE_BYTES)).await.expect(201);
    assert_eq!(alice.usage().await, (0, 100_000));
    server.sweep_files().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f08_of_uploads_racing_for_the_last_room_one_gets_it_race() {
    let (server, alice) = with_room_for(3).await;
    alice.store(&bytes(1, FILE_BYTES)).await;
    alice.store(&bytes(2, FILE_BYTES)).await;
    let racers: Vec<_> = (0..32).map(|_| alice.elsewhere(&server)).collect();
    join_all(racers.iter().map(|racer| racer.client.get("/healthz"))).await;
    let content = bytes(3, FILE_BYTES);
    for round in 0..StoreKind::rounds(20) {
        let replies = join_all(racers.iter().zip(0..).map(|(racer, place)| {
            let request = if (place + round) % 2 == 0 {
                racer.whole(&content)
            } else {
                racer.request(Method::POST, "/api/files").json(&new_file(FILE_BYTES))
            };
            racer.send(request)
        }))
        .await;
        let begun: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert_eq!(begun.len(), 1, "round {round}");
        assert_eq!(replies.iter().filter(|reply| reply.status == 507).count(), 31, "round {round}");
        let (used, reserved) = alice.usage().await;
        assert_eq!(used + reserved, 150_000, "round {round}");
        let winner = begun[0].json();
        if let Some(url) = winner["upload_url"].as_str() {
            alice.send(alice.piece(url, 0, content.clone())).await.expect(204);
        }
        assert_eq!(alice.usage().await, (150_000, 0), "round {round}");
        alice.remove(winner["file_id"].as_str().unwrap()).await;
        assert_eq!(alice.usage().await, (100_000, 0), "round {round}");
    }
}

/// Sends the first bytes of a request, and goes away.
async fn cut_off(server: &TestServer, head: &str, body: &[u8]) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.ok();
}

/// Waits until a condition holds, for a minute at most.
async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..1_200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f09_uploads_cut_off_or_left_alone_leave_nothing_behind_flood() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let content = bytes(4, FILE_BYTES);
    let kept = alice.store(&content).await;
    let idle_descriptors = file_folder::open_descriptors();
    let cuts = bytes(5, 2_000);
    let cut = |index: usize, length: usize| {
        usize::from(u16::from_le_bytes([cuts[index * 2], cuts[index * 2 + 1]])) % length
    };

    let whole = form(&[("encrypted_filename", &name()), ("encrypted_data_key", &key())], "x", &content);
    let head = format!(
        "POST /api/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        alice.token,
        whole.len()
    );
    for index in 0..StoreKind::rounds(400) {
        cut_off(&server, &head, &whole[..cut(index, whole.len())]).await;
    }
    eventually("uploads in one request give their room back at once", async || {
        alice.usage().await == (50_000, 0)
    })
    .await;

    let count = StoreKind::rounds(300);
    let uploads = join_all((0..count).map(|_| alice.begin(FILE_BYTES))).await;
    for (index, upload) in uploads.iter().enumerate().take(count / 3 * 2) {
        let head = format!(
            "PATCH {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n\
             Content-Type: application/offset+octet-stream\r\nContent-Length: {FILE_BYTES}\r\n\r\n",
            upload.url, alice.token
        );
        cut_off(&server, &head, &content[..cut(400 + index, FILE_BYTES)]).await;
    }
    // One of them goes on where it was cut off.
    let resumed = &uploads[7];
    let offset = alice.offset(&resumed.url).await;
    alice.send(alice.piece(&resumed.url, offset, &content[offset..])).await.expect(204);
    assert_eq!(alice.content(&resumed.file_id).await, content);
    assert_eq!(alice.usage().await, (100_000, u64::try_from(count - 1).unwrap() * 50_000));
    assert_eq!(alice.listed("/api/files", "file_id", 200).await.len(), 2, "nothing half is seen");

    server.advance(Duration::from_secs(24 * 60 * 60));
    let alice = alice.renewed(&server).await;
    alice.send(alice.tus(Method::HEAD, &uploads[0].url)).await.expect(410);
    alice.send(alice.piece(&uploads[0].url, 0, &b"x"[..])).await.expect(410);
    server.sweep_files().await;
    assert_eq!(alice.usage().await, (100_000, 0));
    alice.send(alice.tus(Method::HEAD, &uploads[0].url)).await.expect(404);
    assert_eq!(file_folder::blobs(&server).len(), 2, "{:?}", file_folder::blobs(&server));
    assert_eq!(alice.content(&kept).await, content);
    drop(alice);
    eventually("every descriptor is closed", async || {
        file_folder::open_descriptors() <= idle_descriptors + 4 + StoreKind::connections_max()
    })
    .await;
}

#[tokio::test]
async fn f09_an_upload_lives_a_day_from_its_last_byte_to_the_millisecond() {
    let server = TestServer::start().await;
    let mut alice = FileClient::sign_up(&server, "alice").await;
    let upload = alice.begin(100).await;
    let almost = Duration::from_millis(24 * 60 * 60 * 1_000 - 30_001);
    for offset in 0..3_usize {
        server.advance(almost);
        // Signing in takes thirty seconds of the authenticator's time.
        alice = alice.renewed(&server).await;
        server.sweep_files().await;
        assert_eq!(alice.offset(&upload.url).await, offset, "a millisecond before its end");
        alice.send(alice.piece(&upload.url, offset, &b"x"[..])).await.expect(204);
    }
    server.advance(almost + Duration::from_millis(1));
    alice = alice.renewed(&server).await;
    alice.send(alice.tus(Method::HEAD, &upload.url)).await.expect(410);
    assert_eq!(alice.usage().await, (0, 100));
    server.sweep_files().await;
    assert_eq!(alice.usage().await, (0, 0));
}
