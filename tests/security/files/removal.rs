//! F13, F14, F20: contents that go while they are read, contents that are the same, and accounts that go with all they have.

use crate::support::file_client::bytes;
use crate::support::{FileClient, TestServer, file_folder, median_millis};
use ::bytes::Bytes;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What a download came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetched {
    Whole,
    CutOff,
    Missing,
}

/// Fetches a content, its rest once the way is free; nothing but it, a visible break, or a 404 may come of that.
async fn fetch(
    person: FileClient,
    file_id: String,
    content: Bytes,
    mut is_free: watch::Receiver<bool>,
) -> Fetched {
    let request = person.request(Method::GET, &format!("/api/files/{file_id}/content"));
    let Ok(mut response) = request.send().await else { return Fetched::CutOff };
    if response.status() == 404 {
        return Fetched::Missing;
    }
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_length(), Some(u64::try_from(content.len()).unwrap()));
    is_free.wait_for(|is_free| *is_free).await.unwrap();
    let mut rest = &content[..];
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => rest = rest.strip_prefix(&piece[..]).expect("no byte of anything else"),
            Ok(None) => break,
            Err(_) => return Fetched::CutOff,
        }
    }
    assert!(rest.is_empty(), "what looks whole is the content");
    Fetched::Whole
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f13_a_download_of_what_is_removed_is_whole_or_visibly_cut_off_race() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    // More than all buffers between server and client hold.
    let content = Bytes::from(bytes(1, 16 * 1_024 * 1_024));
    let file_id = alice.store(&content).await;
    let (free, is_free) = watch::channel(false);
    let (_free_at_once, is_free_at_once) = watch::channel(true);
    let start = |is_free: &watch::Receiver<bool>| {
        let (alice, file_id) = (alice.elsewhere(&server), file_id.clone());
        tokio::spawn(fetch(alice, file_id, content.clone(), is_free.clone()))
    };
    // Forty stand in the middle, thirty run, and thirty come while the file goes.
    let mut fetching: Vec<_> = (0..40).map(|_| start(&is_free)).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    fetching.extend((0..30).map(|_| start(&is_free_at_once)));
    alice.trash(&file_id).await;
    fetching.extend((0..30).map(|_| start(&is_free_at_once)));
    alice.trash(&file_id).await;
    server.sweep_files().await;
    // The room is used again at once, by contents of the same length.
    for seed in 0..4 {
        alice.store(&bytes(100 + seed, content.len())).await;
    }
    fetching.push(start(&is_free));
    free.send(true).unwrap();
    let outcomes: Vec<_> = join_all(fetching).await.into_iter().map(Result::unwrap).collect();
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    let [whole, cut_off, missing] = [Fetched::Whole, Fetched::CutOff, Fetched::Missing].map(count);
    println!("{whole} whole, {cut_off} cut off, {missing} missing");
    assert!(
        outcomes[..40].iter().all(|outcome| *outcome != Fetched::Missing),
        "they had begun: {outcomes:?}"
    );
    assert_eq!(outcomes[100], Fetched::Missing);
}

#[tokio::test]
async fn f14_two_people_with_the_same_content_have_two() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let content = bytes(1, 10_000);
    let of_alice = alice.send(alice.whole(&content)).await.expect(201);
    let of_bob = bob.send(bob.whole(&content)).await.expect(201);
    let unlike = bob.send(bob.whole(&bytes(2, 10_000))).await.expect(201);
    let shape = |reply: &crate::support::Reply| -> Vec<String> {
        let mut names: Vec<_> = reply.json().as_object().unwrap().keys().cloned().collect();
        names.extend(reply.headers.keys().map(ToString::to_string));
        names
    };
    assert_eq!(shape(&of_bob), shape(&unlike));
    assert_eq!(shape(&of_bob), shape(&of_alice));
    assert_eq!(file_folder::blobs(&server).len(), 3);
    assert_eq!(bob.usage().await, (20_000, 0), "nobody gets room for what another has");
    alice.remove(&of_alice.text("file_id")).await;
    server.sweep_files().await;
    assert_eq!(file_folder::blobs(&server).len(), 2);
    assert_eq!(bob.content(&of_bob.text("file_id")).await, content);
}

#[expect(clippy::disallowed_methods, reason = "measures how long an answer takes")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f14_a_content_that_someone_has_takes_as_long_as_one_that_nobody_has_timing() {
    let server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let known = bytes(1, 20_000);
    alice.store(&known).await;
    let (mut of_known, mut of_new) = (Vec::new(), Vec::new());
    for round in 0..200 {
        let new = bytes(100 + round, known.len());
        let mut pair = [(&known, &mut of_known), (&new, &mut of_new)];
        if round % 2 == 0 {
            pair.reverse();
        }
        for (content, samples) in pair {
            let request = bob.whole(content);
            let started = Instant::now();
            bob.send(request).await.expect(201);
            samples.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let (known, new) = (median_millis(&mut of_known), median_millis(&mut of_new));
    println!("medians of 200: known content {known:.2} ms, new content {new:.2} ms");
    assert!((known - new).abs() <= 2.0, "{known:.2} ms and {new:.2} ms");
}

#[tokio::test]
async fn f20_an_account_goes_with_all_it_has_and_with_nothing_of_others() {
    let mut server = TestServer::start().await;
    let alice = FileClient::sign_up(&server, "alice").await;
    let bob = FileClient::sign_up(&server, "bob").await;
    let of_bob = bob.store(b"bob's own").await;
    bob.share(&of_bob, "alice", "write").await;
    let shared = alice.store(b"shared with bob").await;
    alice.write(&shared, b"shared with bob, again").await;
    alice.share(&shared, "bob", "write").await;
    let link = alice.link(&shared, &json!({})).await;
    let trashed = alice.store(b"in the trash").await;
    alice.trash(&trashed).await;
    let resting = alice.begin(1_000).await;
    alice.send(alice.piece(&resting.url, 0, &b"some"[..])).await.expect(204);
    // Each of the two is in the middle of writing into a file of the other.
    let begin = async |person: &FileClient, file_id: &str| {
        let etag = person.etag(&format!("/api/files/{file_id}")).await;
        let request =
            person.request(Method::POST, &format!("/api/files/{file_id}/versions")).header("if-match", etag);
        let url = person.send(request.json(&json!({ "size": 100 }))).await.expect(201).text("upload_url");
        person.send(person.piece(&url, 0, &b"half"[..])).await.expect(204);
        url
    };
    let by_bob = begin(&bob, &shared).await;
    begin(&alice, &of_bob).await;
    assert_eq!(bob.usage().await, (9, 100), "the owner pays for what others write");

    alice.delete("/api/user").await.expect(202);
    alice.get(&format!("/api/files/{shared}/content")).await.expect(401);
    for path in [format!("/api/files/{shared}"), format!("/api/files/{shared}/content")] {
        bob.get(&path).await.expect(404);
    }
    assert!(bob.items("/api/shares/incoming", 50).await.is_empty());
    assert!(bob.items(&format!("/api/files/{of_bob}/shares"), 50).await.is_empty());
    server.client().get(&format!("/api/links/{link}")).await.expect(404);
    let reply = bob.send(bob.piece(&by_bob, 4, &b"more"[..])).await;
    assert!(matches!(reply.status, 404 | 410), "{reply:?}");

    // The server stops before it has removed anything, and takes it up again.
    server.restart().await;
    let bob = bob.renewed(&server).await;
    assert_eq!(bob.content(&of_bob).await, b"bob's own");
    server.sweep_files().await;
    assert_eq!(file_folder::blobs(&server).len(), 1, "{:?}", file_folder::blobs(&server));
    assert_eq!(bob.usage().await, (9, 0), "what the other was writing is free again");
    assert_eq!(bob.items("/api/files", 50).await.len(), 1);
    // Whoever takes the name next inherits nothing.
    let next = FileClient::sign_up(&server, "alice").await;
    assert!(next.items("/api/files", 50).await.is_empty());
    assert!(next.items("/api/files?since=0", 50).await.is_empty());
    assert!(next.items("/api/shares/incoming", 50).await.is_empty());
    assert_eq!(next.usage().await, (0, 0));
    next.get(&format!("/api/files/{shared}")).await.expect(404);
}

#[tokio::test]
async fn the_trash_is_emptied_and_earlier_contents_go_after_thirty_days_to_the_millisecond() {
    let server = TestServer::start().await;
    let mut alice = FileClient::sign_up(&server, "alice").await;
    let (written, trashed) = (alice.store(b"first").await, alice.store(b"trash").await);
    alice.write(&written, b"second").await;
    alice.trash(&trashed).await;
    server.advance(Duration::from_millis(30 * 24 * 60 * 60 * 1_000 - 30_001));
    alice = alice.renewed(&server).await;
    server.sweep_files().await;
    alice.get(&format!("/api/files/{trashed}")).await.expect(200);
    alice.get(&format!("/api/files/{written}/versions/1/content")).await.expect(200);
    assert_eq!(alice.usage().await, (16, 0));
    server.advance(Duration::from_millis(1));
    server.sweep_files().await;
    alice.get(&format!("/api/files/{trashed}")).await.expect(404);
    alice.get(&format!("/api/files/{written}/versions/1/content")).await.expect(404);
    assert_eq!(alice.content(&written).await, b"second");
    assert_eq!(alice.usage().await, (6, 0));
    assert_eq!(file_folder::blobs(&server).len(), 1);
    let changes = alice.items("/api/files?since=0", 50).await;
    assert!(changes.iter().any(|change| change["removed"] == true && change["file_id"] == trashed.as_str()));
}
