//! D: who exists is nobody's business.

use crate::support::{Person, Reply, TestServer, median_millis};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The headers of a reply but for those that differ between any two.
fn stable_headers(reply: &Reply) -> BTreeSet<String> {
    reply
        .headers
        .iter()
        .filter(|(name, _)| {
            *name != "date" && *name != "x-request-id" && !name.as_str().starts_with("ratelimit")
        })
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect()
}

/// The body of a problem but for the request's id.
fn stable_body(reply: &Reply) -> serde_json::Value {
    let mut body = reply.json();
    body["request_id"] = json!(null);
    body["instance"] = json!(null);
    body
}

#[tokio::test]
async fn every_refused_login_has_one_answer() {
    let server = TestServer::start().await;
    let client = server.client();
    let (active, _) = server.sign_up("active").await;
    server.next_step();
    let mut pending = Person::new("pending");
    pending.register(&client).await.expect(201);
    let used = active.code_at(server.now_millis());
    active.login_with(&client, &used).await.expect(200);

    let mut wrong_key = active.clone();
    wrong_key.auth_key = [0; 32];
    let replies = [
        Person::new("nobody").login_with(&client, "000000").await,
        wrong_key.login_with(&client, &used).await,
        active.login_with(&client, &server.wrong_code(&active)).await,
        active.login_with(&client, &used).await,
        active.login_with(&client, "aaaa-bbbb-cccc").await,
        pending.login_with(&client, &server.wrong_code(&pending)).await,
        {
            server.advance(Duration::from_secs(24 * 3_600));
            pending.login_with(&client, &pending.code_at(server.now_millis())).await
        },
    ];
    for reply in &replies {
        assert_eq!(reply.status, 401);
        assert_eq!(reply.problem(), "invalid_credentials");
        assert_eq!(stable_body(reply), stable_body(&replies[0]));
        assert_eq!(stable_headers(reply), stable_headers(&replies[0]));
    }
    // The log, alone, knows which was which.
    let reasons = server.audit_reasons().await;
    for reason in ["unknown_user", "wrong_key", "wrong_code", "spent_code"] {
        assert!(reasons.iter().any(|seen| seen == reason), "{reason} in {reasons:?}");
    }
}

#[tokio::test]
async fn d04_an_unknown_name_has_salts_that_look_real_and_never_change() {
    let mut server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    let real = server.client().get("/api/user/alice/salts").await.expect(200);
    assert_eq!(real.json()["auth_salt"], person.register_body()["auth_salt"]);
    let mut first = Vec::new();
    for index in 0..1_000 {
        let decoy = server.client().get(&format!("/api/user/ghost{index}/salts")).await.expect(200);
        assert_eq!(decoy.body.len(), real.body.len(), "same shape");
        assert_eq!(decoy.json()["kdf"], real.json()["kdf"]);
        assert_eq!(stable_headers(&decoy), stable_headers(&real));
        assert_ne!(decoy.json()["auth_salt"], decoy.json()["enc_salt"]);
        first.push(decoy.body);
    }
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 1_000, "distinct for each name");
    server.restart().await;
    for (index, before) in first.iter().enumerate() {
        let again = server.client().get(&format!("/api/user/GHOST{index}/salts")).await.expect(200);
        assert_eq!(&again.body, before, "the same after a restart, in any spelling");
    }
    // Keyed: another server gives another decoy.
    let other = TestServer::start().await;
    assert_ne!(other.client().get("/api/user/ghost0/salts").await.expect(200).body, first[0]);
}

#[expect(clippy::disallowed_methods, reason = "the one test that measures how long an answer takes")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d07_an_unknown_name_takes_as_long_as_a_wrong_key_timing() {
    let server = TestServer::start_with(|options| options.argon2 = "19456,2,1".into()).await;
    let (mut known, _) = server.sign_up("known").await;
    known.auth_key = [0; 32];
    let unknown = Person::new("nobody");
    let client = server.client();
    let (mut known_millis, mut unknown_millis) = (Vec::new(), Vec::new());
    for round in 0..500 {
        // Interleaved, and in both orders, so that what else the machine does falls on both alike.
        let pair = [(&known, &mut known_millis), (&unknown, &mut unknown_millis)];
        let order: Vec<_> =
            if round % 2 == 0 { pair.into_iter().collect() } else { pair.into_iter().rev().collect() };
        for (person, samples) in order {
            let started = Instant::now();
            person.login_with(&client, "000000").await.expect(401);
            samples.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    let (known, unknown) = (median_millis(&mut known_millis), median_millis(&mut unknown_millis));
    println!("medians of 500: known name {known:.2} ms, unknown name {unknown:.2} ms");
    assert!((known - unknown).abs() <= 2.0, "medians {known:.2} ms and {unknown:.2} ms");
}

#[tokio::test]
async fn d10_registering_a_taken_name_says_so_and_changes_nothing() {
    let server = TestServer::start().await;
    let client = server.client();
    let (person, session) = server.sign_up("alice").await;
    let reply = Person::new("Alice").register(&client).await.expect(409);
    assert_eq!(reply.problem(), "username_taken");
    // Even the holder of the key cannot register a confirmed account again.
    person.clone().register(&client).await.expect(409);
    client.profile(&session.access_token).await.expect(200);
    server.sign_in(&person).await;
}

#[tokio::test]
async fn a_lost_reply_to_a_registration_blocks_no_name() {
    let server = TestServer::start().await;
    let client = server.client();
    let mut person = Person::new("alice");
    let first = person.register(&client).await.expect(201);
    let old_code = person.code_at(server.now_millis());
    server.advance(Duration::from_secs(1));
    let second = person.register(&client).await.expect(201);
    assert_eq!(first.text("user_id"), second.text("user_id"));
    assert_ne!(first.text("otpauth_uri"), second.text("otpauth_uri"), "a fresh secret");
    Person::new("alice").register(&client).await.expect(409);
    person.login_with(&client, &old_code).await.expect(401);
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
}

#[tokio::test]
async fn d21_a_fresh_server_has_no_accounts() {
    let server = TestServer::start().await;
    for name in ["admin", "root", "test", "administrator", "user"] {
        for key in [[0_u8; 32], [0xFF; 32], *b"admin---------------------------"] {
            let mut person = Person::new(name);
            person.auth_key = key;
            person.login_with(&server.client(), "000000").await.expect(401);
        }
    }
    assert!(server.audit_reasons().await.iter().all(|reason| reason == "unknown_user"));
}
