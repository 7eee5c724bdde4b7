//! F15, F16: listings, page by page, whatever a client makes of a cursor.

use crate::support::file_client::bytes;
use crate::support::person::encode;
use crate::support::{FileClient, TestServer};
use serde_json::json;
use std::collections::BTreeSet;

/// A person with seven of everything that is listed, and the listings: each with the name of its ids.
async fn seven(
    server: &TestServer,
    username: &str,
    friend: &FileClient,
) -> (FileClient, Vec<(String, &'static str)>) {
    let person = FileClient::sign_up(server, username).await;
    let mut files = Vec::new();
    for seed in 0..7 {
        // Each is newer than the one before.
        server.advance(std::time::Duration::from_millis(1));
        files.push(person.store(&bytes(seed, 10)).await);
        let theirs = friend.store(&bytes(seed, 10)).await;
        friend.share(&theirs, username, "read").await;
    }
    let path = format!("/api/files/{}", files[0]);
    for seed in 10..17 {
        person.link(&files[0], &json!({})).await;
        person.write(&files[0], &bytes(seed, 10)).await;
    }
    for name in ["ann", "ben", "cat", "dan", "eva", "fay", "gus"] {
        person.share(&files[0], name, "read").await;
    }
    let listings = vec![
        ("/api/files".to_owned(), "file_id"),
        ("/api/files?since=0".to_owned(), "file_id"),
        ("/api/shares/incoming".to_owned(), "share_id"),
        (format!("{path}/shares"), "share_id"),
        (format!("{path}/links"), "link_id"),
        (format!("{path}/versions"), "sha256"),
        (format!("{path}/audit"), "event_id"),
    ];
    (person, listings)
}

async fn scene()
-> (TestServer, FileClient, FileClient, Vec<(String, &'static str)>, Vec<(String, &'static str)>) {
    let server = TestServer::start().await;
    for name in ["ann", "ben", "cat", "dan", "eva", "fay", "gus"] {
        FileClient::sign_up(&server, name).await;
    }
    let friend = FileClient::sign_up(&server, "friend").await;
    let (alice, of_alice) = seven(&server, "alice", &friend).await;
    let (bob, of_bob) = seven(&server, "bob", &friend).await;
    (server, alice, bob, of_alice, of_bob)
}

fn with(path: &str, query: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}{query}")
}

#[tokio::test]
async fn f15_pages_of_any_length_show_everything_once_and_in_one_order() {
    let (_server, alice, _, listings, _) = scene().await;
    for (path, id) in &listings {
        let all = alice.listed(path, id, 200).await;
        assert!(all.len() >= 7, "{path}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{path}");
        for limit in [1, 2, 3, 7, 8] {
            assert_eq!(alice.listed(path, id, limit).await, all, "{path} by {limit}");
        }
    }
}

#[tokio::test]
async fn f15_limits_and_places_out_of_range_are_refused() {
    let (_server, alice, _, listings, _) = scene().await;
    for (path, _) in &listings {
        for limit in
            ["0", "-1", "201", "1000000000", "9223372036854775808", "x", "", "1.5", "1&limit=2", "%00"]
        {
            let errors = alice.get(&with(path, &format!("limit={limit}"))).await.expect(400).field_errors();
            assert_eq!(errors[0].0, "/limit", "{path} {limit}");
        }
        let longest = "A".repeat(5_000);
        for cursor in
            ["", "x", "AAAA", "!!!!", "%00", "null", "9223372036854775808", "AA==", longest.as_str()]
        {
            let errors = alice.get(&with(path, &format!("cursor={cursor}"))).await.expect(400).field_errors();
            assert_eq!(errors[0].0, "/cursor", "{path} {cursor}");
        }
    }
}

#[tokio::test]
async fn f15_a_forged_cursor_is_a_place_like_any_other() {
    let (_server, alice, _, listings, _) = scene().await;
    for (path, id) in &listings {
        let all = alice.listed(path, id, 200).await;
        let page = alice.get(&with(path, "limit=3")).await.expect(200).json();
        let cursor = page["next_cursor"].as_str().unwrap();
        let place = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).unwrap();
        let mut forged = vec![vec![0; place.len()], vec![0xFF; place.len()]];
        forged.extend((0..place.len() * 8).map(|bit| {
            let mut place = place.clone();
            place[bit / 8] ^= 1 << (bit % 8);
            place
        }));
        for place in forged {
            let reply = alice.get(&with(path, &format!("cursor={}", encode(&place)))).await;
            assert!(matches!(reply.status, 200 | 400), "{path} {place:?}: {reply:?}");
            if reply.status == 200 {
                let items = reply.json()["items"].as_array().unwrap().clone();
                let ids: Vec<_> = items.iter().map(|item| item[id].as_str().unwrap()).collect();
                assert!(
                    all.ends_with(&ids.into_iter().map(str::to_owned).collect::<Vec<_>>()),
                    "{path} {place:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn f16_anothers_cursor_shows_ones_own_and_nothing_else() {
    let (_server, alice, bob, of_alice, of_bob) = scene().await;
    for ((of_alice, id), (of_bob, _)) in of_alice.iter().zip(&of_bob) {
        let own: BTreeSet<_> = bob.listed(of_bob, id, 200).await.into_iter().collect();
        for limit in [1, 3, 6] {
            let page = alice.get(&with(of_alice, &format!("limit={limit}"))).await.expect(200).json();
            let cursor = page["next_cursor"].as_str().unwrap();
            let query = format!("limit=200&cursor={cursor}");
            let items = bob.get(&with(of_bob, &query)).await.expect(200).json()["items"].clone();
            for item in items.as_array().unwrap() {
                assert!(own.contains(item[id].as_str().unwrap()), "{of_bob}");
            }
            if of_alice != of_bob {
                bob.get(&with(of_alice, &query)).await.expect(404);
            }
        }
    }
}

#[tokio::test]
async fn f16_a_cursor_outlives_what_it_points_at() {
    let (_server, alice, _, listings, _) = scene().await;
    let all = alice.listed("/api/files", "file_id", 200).await;
    let page = alice.get("/api/files?limit=3").await.expect(200).json();
    let cursor = page["next_cursor"].as_str().unwrap();
    alice.remove(&all[2]).await;
    alice.remove(&all[4]).await;
    let next = alice.get(&format!("/api/files?limit=200&cursor={cursor}")).await.expect(200).json();
    let ids: Vec<_> = next["items"].as_array().unwrap().iter().map(|item| item["file_id"].clone()).collect();
    assert_eq!(ids, [json!(all[3]), json!(all[5]), json!(all[6])]);

    let (links, _) = &listings[4];
    let all = alice.listed(links, "link_id", 200).await;
    let page = alice.get(&with(links, "limit=3")).await.expect(200).json();
    for index in [2, 3] {
        alice.delete(&format!("{links}/{}", all[index])).await.expect(204);
    }
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = alice.get(&with(links, &format!("cursor={cursor}"))).await.expect(200).json();
    assert_eq!(next["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn f15_since_has_bounds() {
    let (_server, alice, _, _, _) = scene().await;
    let count = async |since: &str| {
        let reply = alice.get(&format!("/api/files?since={since}")).await.expect(200);
        reply.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(count("0").await, 7);
    assert_eq!(count("1970-01-01T00:00:00Z").await, 7);
    for none in
        ["1000", "9223372036854775807", "9223372036854775808", "18446744073709551615", "9999-12-30T00:00:00Z"]
    {
        assert_eq!(count(none).await, 0, "{none}");
    }
    for bad in [
        "-1",
        "18446744073709551616",
        "",
        "x",
        "1e3",
        "0x1",
        "1969-12-31T23:59:59Z",
        "2023-13-01T00:00:00Z",
        "1&since=2",
    ] {
        let errors = alice.get(&format!("/api/files?since={bad}")).await.expect(400).field_errors();
        assert_eq!(errors[0].0, "/since", "{bad}");
    }
    alice.get("/api/files?since=0&trashed=true").await.expect(400);
    for bad in ["1", "TRUE", "", "yes"] {
        alice.get(&format!("/api/files?trashed={bad}")).await.expect(400);
    }
}
