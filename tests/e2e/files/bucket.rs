//! Contents in a bucket: the same walk, and a bucket that does not answer for a while.

use super::account::{Account, NO_LIMITS, Stored, name_of};
use super::content::Content;
use super::object_server::{ACCESS_KEY, ObjectServer, SECRET_KEY};
use crate::support::{Home, ServerProcess};
use reqwest::Method;
use std::path::Path;
use std::time::Duration;
use tokio::sync::oneshot;

const MIB: u64 = 1_024 * 1_024;

fn start(folder: &Path, objects: &ObjectServer) -> ServerProcess {
    let blobs = format!("s3://files/epic/test?endpoint=http://{}&region=us-east-1", objects.address);
    let settings = [
        ("EPIC_BLOBS", blobs.as_str()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ];
    ServerProcess::start(folder, &[NO_LIMITS, &settings].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contents_in_a_bucket_are_uploaded_resumed_fetched_in_parts_and_removed() {
    let (home, objects) = (Home::new(), ObjectServer::start().await);
    let server = start(home.path(), &objects);
    let account = Account::sign_up(&server.base, "alice").await;
    let [small, large] =
        [(1, MIB / 2), (2, 20 * MIB + 7)].map(|(seed, size_bytes)| Content { seed, size_bytes });
    let small_id = account.send_whole(small).await;
    account.expect_content(&small_id, small).await;

    let upload = account.begin(large).await;
    let piece = account.piece(&upload, large, 0..3 * MIB + 1, None);
    account.client.send(piece).await.expect(204);
    let (tell, told) = oneshot::channel();
    let request = account.piece(&upload, large, 3 * MIB + 1..large.size_bytes, Some((15 * MIB, tell)));
    let sending = tokio::spawn(request.send());
    told.await.unwrap();
    server.kill();
    sending.await.unwrap().unwrap_err();

    // Nothing of it is on this machine: a server with the database and the bucket goes on.
    assert!(!home.path().join("data/blobs").exists());
    let server = start(home.path(), &objects);
    let account = account.at(&server.base);
    assert!(account.offset(&upload).await > 3 * MIB, "what was answered for is kept");
    account.finish(&upload, large).await;
    let file = account.file_named(&name_of(large)).await.unwrap();
    let large_id = file["file_id"].as_str().unwrap();
    account.expect_content(large_id, large).await;
    let request = account.request(Method::GET, &format!("/api/files/{large_id}/content"));
    let part = account.client.send(request.header("range", "bytes=8388600-8388620")).await.expect(206);
    assert_eq!(part.body, large.bytes()[8_388_600..=8_388_620]);

    account.remove(large_id).await;
    account.expect_content(&small_id, small).await;
    assert_eq!(account.stored().await, Stored { used: small.size_bytes, reserved: 0 });
    for _ in 0..100 {
        if objects.object_count("epic/test") == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(objects.object_count("epic/test"), 1, "{}", server.log_text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_is_silent_stops_contents_for_a_while_and_nothing_else() {
    let (home, mut objects) = (Home::new(), ObjectServer::start().await);
    let server = start(home.path(), &objects);
    let mut account = Account::sign_up(&server.base, "alice").await;
    let [before, after] = [1, 2].map(|seed| Content { seed, size_bytes: MIB });
    let file_id = account.send_whole(before).await;

    objects.stop().await;
    let fetch = account.request(Method::GET, &format!("/api/files/{file_id}/content"));
    let (fetched, sent) =
        tokio::join!(account.client.send(fetch), account.client.send(account.whole(after, None)));
    for reply in [fetched, sent] {
        assert_eq!(reply.status, 503, "{}", String::from_utf8_lossy(&reply.body));
        assert_eq!(reply.problem(), "unavailable");
        assert!(reply.header("retry-after").is_some());
    }
    account.sign_in().await.expect(200);
    account.client.get("/readyz").await.expect(503);
    account.client.get("/healthz").await.expect(200);
    assert_eq!(account.stored().await, Stored { used: MIB, reserved: 0 });

    objects.start_again();
    account.expect_content(&file_id, before).await;
    let file_id = account.send_whole(after).await;
    account.expect_content(&file_id, after).await;
    account.client.get("/readyz").await.expect(200);
}
