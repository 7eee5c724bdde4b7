//! Ways back: recovery codes, the recovery key, and the device one has signed in on before.

use crate::support::person::encode;
use crate::support::{Client, Person, TestServer};
use reqwest::Method;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;

const RECOVERY_AUTH_KEY: [u8; 32] = [0x5A; 32];

/// Sets a recovery key up.
async fn set_recovery_key(client: &Client, token: &str) {
    let etag = client.profile(token).await.expect(200).header("etag").unwrap().to_owned();
    let body =
        json!({ "recovery_auth_key": encode(&RECOVERY_AUTH_KEY), "encrypted_mek": encode(&[0x77; 72]) });
    client.put_as(token, "/api/user/recovery-key", &etag, &body).await.expect(204);
}

fn recover_body(username: &str, key: &[u8; 32], otp: &str) -> Value {
    json!({ "username": username, "recovery_auth_key": encode(key), "otp": otp })
}

fn completion(token: &str, person: &Person) -> Value {
    let mut body = person.register_body();
    for name in ["username", "public_key", "signing_key"] {
        body.as_object_mut().unwrap().remove(name);
    }
    body["recovery_token"] = json!(token);
    body
}

#[tokio::test]
async fn whoever_holds_the_recovery_key_reads_the_master_key_and_sets_a_new_password() {
    let server = TestServer::start().await;
    let (person, session) = server.sign_up("alice").await;
    let client = server.client();
    set_recovery_key(&client, &session.access_token).await;
    server.next_step();
    let code = person.code_at(server.now_millis());
    let started =
        client.post("/api/auth/recover", &recover_body("alice", &RECOVERY_AUTH_KEY, &code)).await.expect(200);
    assert_eq!(started.text("encrypted_mek"), encode(&[0x77; 72]), "the second wrapping, not the first");
    assert_eq!(started.json()["encrypted_private_key"], person.register_body()["encrypted_private_key"]);

    let mut changed = Person::new("alice");
    changed.otpauth_uri = person.otpauth_uri.clone();
    let body = completion(&started.text("recovery_token"), &changed);
    client.post("/api/auth/recover/complete", &body).await.expect(204);
    client.profile(&session.access_token).await.expect(401);
    client.refresh(&session.refresh_token).await.expect(401);
    client.post("/api/auth/recover/complete", &body).await.expect(401);

    server.next_step();
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(401);
    changed.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    let kinds = server.audit_kinds().await;
    for kind in ["recovery_key_set", "recovery_started", "recovered"] {
        assert!(kinds.iter().any(|seen| seen == kind), "{kind}");
    }
}

#[tokio::test]
async fn every_refused_recovery_has_one_answer() {
    let server = TestServer::start().await;
    let (person, session) = server.sign_up("alice").await;
    let (bobby, _) = server.sign_up("bobby").await;
    let client = server.client();
    set_recovery_key(&client, &session.access_token).await;
    server.next_step();
    let now = server.now_millis();
    let attempts = [
        recover_body("nobody", &RECOVERY_AUTH_KEY, "000000"),
        recover_body("bobby", &RECOVERY_AUTH_KEY, &bobby.code_at(now)),
        recover_body("alice", &[0; 32], &person.code_at(now)),
        recover_body("alice", &RECOVERY_AUTH_KEY, &server.wrong_code(&person)),
    ];
    for body in &attempts {
        let reply = client.post("/api/auth/recover", body).await.expect(401);
        assert_eq!(reply.problem(), "invalid_credentials");
    }
    // The password's key is not the recovery key, nor the other way round.
    let crossed = recover_body("alice", &person.auth_key, &person.code_at(now));
    client.post("/api/auth/recover", &crossed).await.expect(401);
}

#[tokio::test]
async fn a_recovery_waits_ten_minutes_and_ends_when_the_account_changes() {
    let server = TestServer::start().await;
    let (person, session) = server.sign_up("alice").await;
    let client = server.client();
    set_recovery_key(&client, &session.access_token).await;
    let start = async || {
        server.next_step();
        let body = recover_body("alice", &RECOVERY_AUTH_KEY, &person.code_at(server.now_millis()));
        client.post("/api/auth/recover", &body).await.expect(200).text("recovery_token")
    };
    let token = start().await;
    server.advance(Duration::from_secs(600));
    client.post("/api/auth/recover/complete", &completion(&token, &person)).await.expect(401);

    let token = start().await;
    let fresh = server.step_up(&person, &session).await;
    set_recovery_key(&client, &fresh).await;
    client.post("/api/auth/recover/complete", &completion(&token, &person)).await.expect(401);
    for forged in ["", "AAAA", "x.y.z", &session.access_token] {
        client.post("/api/auth/recover/complete", &completion(forged, &person)).await.expect(401);
    }
    client.profile(&session.access_token).await.expect(200);
}

#[tokio::test]
async fn renewed_recovery_codes_replace_the_old_ones() {
    let server = TestServer::start().await;
    let client = server.client();
    let mut person = Person::new("alice");
    person.register(&client).await.expect(201);
    let login = person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    let old = login.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    let renewed =
        client.post_as(&login.text("access_token"), "/api/user/recovery-codes", &json!({})).await.expect(200);
    let codes: Vec<_> = renewed.json()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    person.login_with(&client, &old).await.expect(401);
    person.login_with(&client, codes[0].as_str().unwrap()).await.expect(200);
    person.login_with(&client, codes[0].as_str().unwrap()).await.expect(401);
}

#[tokio::test]
async fn c15_c16_after_a_hundred_failed_codes_they_are_held_and_a_recovery_code_is_the_way_back() {
    let server = TestServer::start_with(|options| options.limit_totp = "3/5m".into()).await;
    let client = server.client();
    let mut person = Person::new("alice");
    person.register(&client).await.expect(201);
    let login = person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    let recovery = login.json()["recovery_codes"][0].as_str().unwrap().to_owned();
    for _ in 0..34 {
        server.advance(Duration::from_secs(300));
        for _ in 0..3 {
            person.login_with(&client, &server.wrong_code(&person)).await.expect(401);
        }
    }
    let reasons = server.audit_reasons().await;
    assert_eq!(reasons, [vec!["wrong_code"; 100], vec!["codes_held"; 2]].concat(), "no more are looked at");
    server.advance(Duration::from_secs(300));
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(401);
    // The attacker uses the budget of codes up; the way back does not hang on it.
    for _ in 0..3 {
        person.login_with(&client, &server.wrong_code(&person)).await.expect(401);
    }
    person.login_with(&client, &recovery).await.expect(200);
    server.advance(Duration::from_secs(300));
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
}

#[tokio::test]
async fn d19_whoever_fails_from_everywhere_does_not_lock_the_owner_out() {
    let server = TestServer::start_with(|options| options.with_default_limits()).await;
    let client = server.client();
    let mut person = Person::new("alice");
    person.register(&client).await.expect(201);
    let login = person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    let device = login.header("epic-device-token").unwrap().to_owned();
    server.advance(Duration::from_secs(3_600));

    let mut attacker = person.clone();
    attacker.auth_key = [0; 32];
    let attack = async || {
        let mut statuses = Vec::new();
        for host in 1..=20 {
            let source = Client::from_address(&server.base, Ipv4Addr::new(127, 0, 9, host));
            for _ in 0..5 {
                statuses.push(attacker.login_with(&source, "000000").await.status);
            }
        }
        statuses
    };
    let statuses = attack().await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 30, "the account's budget");

    let code = person.code_at(server.now_millis());
    let unknown = person.login_with(&client, &code).await.expect(429);
    let wait: u64 = unknown.header("retry-after").unwrap().parse().unwrap();
    assert!(wait <= 60, "a stranger's device waits {wait} s");
    for forged in ["", "AAAA", "nonsense"] {
        let request = client.request(Method::POST, "/api/auth/login").header("epic-device-token", forged);
        client.send(request.json(&person.login_body(&code))).await.expect(429);
    }
    let request = client.request(Method::POST, "/api/auth/login").header("epic-device-token", &device);
    client.send(request.json(&person.login_body(&code))).await.expect(200);
}

#[tokio::test]
async fn someone_elses_device_is_no_known_device() {
    let server = TestServer::start_with(|options| options.limit_login_account = "2/1m".into()).await;
    let client = server.client();
    let mut bobby = Person::new("bobby");
    bobby.register(&client).await.expect(201);
    let login = bobby.login_with(&client, &bobby.code_at(server.now_millis())).await.expect(200);
    let device = login.header("epic-device-token").unwrap().to_owned();
    for expected in [401, 401, 429] {
        let request = client.request(Method::POST, "/api/auth/login").header("epic-device-token", &device);
        client.send(request.json(&Person::new("alice").login_body("000000"))).await.expect(expected);
    }
}
