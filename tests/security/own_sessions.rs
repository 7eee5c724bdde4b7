//! One's sessions and what happened in them.

use crate::support::{Client, StoreKind, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

async fn items(client: &Client, token: &str, path: &str) -> Vec<Value> {
    client.get_as(token, path).await.expect(200).json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_list_tells_where_and_when_and_which_session_is_this_one() {
    let server = TestServer::start().await;
    let (person, first) = server.sign_up("alice").await;
    let second = server.sign_in(&person).await;
    server.sign_up("bobby").await;
    let listed = items(&server.client(), &second.access_token, "/api/auth/sessions").await;
    assert_eq!(listed.len(), 2, "and none of anyone else");
    for item in &listed {
        let names: BTreeSet<_> = item.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["created_at", "current", "device_name", "ip_prefix", "last_seen_at", "session_id"];
        assert_eq!(names, BTreeSet::from(expected));
        assert_eq!(item["device_name"], "test");
        assert_eq!(item["ip_prefix"], "127.0.0.1/32");
    }
    assert_eq!([&listed[0]["current"], &listed[1]["current"]], [&json!(false), &json!(true)]);

    let path = format!("/api/auth/sessions/{}", listed[0]["session_id"].as_str().unwrap());
    server.client().delete_as(&second.access_token, &path).await.expect(204);
    server.client().profile(&first.access_token).await.expect(401);
    server.client().refresh(&first.refresh_token).await.expect(401);
    server.client().delete_as(&second.access_token, &path).await.expect(404);
    assert_eq!(server.audit_kinds().await.last().map(String::as_str), Some("session_ended"));
}

#[tokio::test]
async fn f01_someone_elses_session_answers_like_one_that_never_was() {
    let server = TestServer::start().await;
    let (_, alice) = server.sign_up("alice").await;
    let (_, bobby) = server.sign_up("bobby").await;
    let client = server.client();
    let own = items(&client, &alice.access_token, "/api/auth/sessions").await;
    let foreign = format!("/api/auth/sessions/{}", own[0]["session_id"].as_str().unwrap());
    let mut replies = Vec::new();
    for path in
        [foreign.as_str(), "/api/auth/sessions/01890a5d-ac96-774b-bcce-b302099a8057", "/api/auth/sessions/x"]
    {
        let reply = client.delete_as(&bobby.access_token, path).await.expect(404);
        let mut body = reply.json();
        body["request_id"] = json!(null);
        body["instance"] = json!(null);
        let names: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
        replies.push((body, names));
    }
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0], replies[2]);
    client.profile(&alice.access_token).await.expect(200);
}

#[tokio::test]
async fn f15_f16_listings_are_paged_by_cursors_that_show_nothing_of_others() {
    let server = TestServer::start().await;
    let (person, mut session) = server.sign_up("alice").await;
    for _ in 0..6 {
        session = server.sign_in(&person).await;
    }
    let (_, bobby) = server.sign_up("bobby").await;
    let client = server.client();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..4 {
        let path = format!("/api/auth/sessions?limit=2{cursor}");
        let page = client.get_as(&session.access_token, &path).await.expect(200).json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["session_id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 7);
    let foreign =
        client.get_as(&bobby.access_token, &format!("/api/auth/sessions?limit=2{cursor}")).await.expect(200);
    for item in foreign.json()["items"].as_array().unwrap() {
        assert!(!seen.contains(&item["session_id"]));
    }
    for bad in ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=1&limit=2", "cursor=AAAA", "cursor=%00"]
    {
        let reply =
            client.get_as(&session.access_token, &format!("/api/auth/sessions?{bad}")).await.expect(400);
        assert_eq!(reply.problem(), "invalid_fields", "{bad}");
    }
}

#[tokio::test]
async fn b10_one_session_too_many_ends_the_one_not_seen_for_the_longest() {
    let mut server = TestServer::start_with(|options| options.sessions_max = "3".into()).await;
    let (person, first) = server.sign_up("alice").await;
    let second = server.sign_in(&person).await;
    let third = server.sign_in(&person).await;
    let first = server.refreshed(&first).await;
    let fourth = server.sign_in(&person).await;
    let client = server.client();
    client.profile(&second.access_token).await.expect(401);
    client.refresh(&second.refresh_token).await.expect(401);
    for alive in [&first, &third, &fourth] {
        client.profile(&alive.access_token).await.expect(200);
    }
    assert_eq!(server.audit_kinds().await.iter().filter(|kind| *kind == "session_evicted").count(), 1);
    server.restart().await;
    assert_eq!(items(&server.client(), &fourth.access_token, "/api/auth/sessions").await.len(), 3);
    server.client().profile(&second.access_token).await.expect(401);
}

#[tokio::test]
async fn the_owner_sees_what_happened_page_by_page_and_by_kind() {
    let server = TestServer::start().await;
    let (person, session) = server.sign_up("alice").await;
    person.login_with(&server.client(), &server.wrong_code(&person)).await.expect(401);
    server.advance(Duration::from_secs(1));
    let session = server.refreshed(&session).await;
    server.sign_up("bobby").await;
    let client = server.client();
    let all = items(&client, &session.access_token, "/api/user/audit").await;
    let kinds: Vec<_> = all.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["refresh", "login_failed", "login", "confirmed", "registered"]);
    let names: BTreeSet<_> = all[1].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from(["at", "count", "event_id", "ip_prefix", "kind", "reason", "session_id"])
    );
    assert_eq!(all[1]["reason"], "wrong_code");
    let failed = items(&client, &session.access_token, "/api/user/audit?kind=login_failed").await;
    assert_eq!(failed, [all[1].clone()]);
    let first = client.get_as(&session.access_token, "/api/user/audit?limit=3").await.expect(200).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest =
        items(&client, &session.access_token, &format!("/api/user/audit?limit=3&cursor={cursor}")).await;
    assert_eq!([first["items"].as_array().unwrap().clone(), rest].concat(), all);
    client.get_as(&session.access_token, "/api/user/audit?kind=nonsense").await.expect(400);
}

#[tokio::test]
async fn a_session_is_listed_as_seen_without_a_write_for_each_call() {
    let mut server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    server.advance(Duration::from_secs(600));
    for _ in 0..50 {
        server.client().profile(&session.access_token).await.expect(200);
    }
    // Calls are summed up and written every few seconds, and at the end.
    server.restart().await;
    let listed = items(&server.client(), &session.access_token, "/api/auth/sessions").await;
    let (created, seen) =
        (listed[0]["created_at"].as_str().unwrap(), listed[0]["last_seen_at"].as_str().unwrap());
    assert!(seen > created, "{seen} is later than {created}");
    let accesses = items(&server.client(), &session.access_token, "/api/user/audit?kind=access").await;
    let counted: u64 = accesses.iter().map(|item| item["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 50);
}

#[tokio::test]
async fn b13_coming_and_going_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    let rounds = StoreKind::rounds(300);
    for _ in 0..rounds {
        let session = server.sign_in(&person).await;
        server.client().logout(&session.access_token).await.expect(204);
    }
    assert_eq!(server.live_revocations().await, rounds);
    server.advance(Duration::from_secs(2 * 24 * 3_600));
    server.sweep().await;
    assert_eq!(server.live_revocations().await, 0);
}
