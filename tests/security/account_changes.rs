//! What guards an account changes only for someone who has just proved who they are, and ends every other session.

use crate::support::person::encode;
use crate::support::{Client, Person, Reply, TestServer};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

fn new_credentials(person: &Person) -> Value {
    let body = person.register_body();
    let names = ["auth_salt", "enc_salt", "kdf", "auth_key", "encrypted_mek", "encrypted_private_key"];
    names
        .iter()
        .map(|name| ((*name).to_owned(), body[*name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn etag(client: &Client, token: &str) -> String {
    client.profile(token).await.expect(200).header("etag").unwrap().to_owned()
}

#[tokio::test]
async fn a_proof_five_minutes_old_does_not_do_and_the_answer_says_what_does() {
    let server = TestServer::start().await;
    let (person, session) = server.sign_up("alice").await;
    let client = server.client();
    server.advance(Duration::from_secs(299));
    client.post_as(&session.access_token, "/api/user/recovery-codes", &json!({})).await.expect(200);
    server.advance(Duration::from_secs(1));
    let calls: [(Method, &str); 6] = [
        (Method::POST, "/api/user/recovery-codes"),
        (Method::POST, "/api/user/totp"),
        (Method::POST, "/api/user/totp/confirm"),
        (Method::PUT, "/api/user/credentials"),
        (Method::PUT, "/api/user/recovery-key"),
        (Method::DELETE, "/api/user"),
    ];
    for (method, path) in calls {
        let request = client.request(method, path).bearer_auth(&session.access_token).json(&json!({}));
        let reply = client.send(request).await.expect(401);
        assert_eq!(reply.problem(), "step_up_required", "{path}");
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
        assert!(challenge.contains("max_age=\"300\""), "{challenge}");
    }
    let fresh = server.step_up(&person, &session).await;
    client.post_as(&fresh, "/api/user/recovery-codes", &json!({})).await.expect(200);
    // The session's own next tokens tell of its sign-in again.
    let refreshed = server.refreshed(&session).await;
    client.post_as(&refreshed.access_token, "/api/user/recovery-codes", &json!({})).await.expect(401);
}

#[tokio::test]
async fn stepping_up_takes_key_and_code_and_uses_the_code_up() {
    let server = TestServer::start_with(|options| options.limit_totp = "3/5m".into()).await;
    let (person, session) = server.sign_up("alice").await;
    let client = server.client();
    server.next_step();
    let code = person.code_at(server.now_millis());
    let ask = async |key: &[u8; 32], code: &str| {
        let body = json!({ "auth_key": encode(key), "otp": code });
        client.post_as(&session.access_token, "/api/auth/step-up", &body).await
    };
    ask(&[0; 32], &code).await.expect(401);
    let reply = ask(&person.auth_key, &code).await.expect(200);
    assert_eq!(reply.json()["expires_in"], 1_800);
    ask(&person.auth_key, &code).await.expect(401);
    let wrong = server.wrong_code(&person);
    ask(&person.auth_key, &wrong).await.expect(401);
    ask(&person.auth_key, &wrong).await.expect(401);
    // Someone signed in is told that codes are held; at login that would confirm the key.
    assert_eq!(ask(&person.auth_key, &wrong).await.expect(429).problem(), "rate_limited");
    assert!(server.audit_kinds().await.contains(&"step_up".to_owned()));
}

#[tokio::test]
async fn b06_new_credentials_end_every_other_session_at_once() {
    let server = TestServer::start().await;
    let (person, first) = server.sign_up("alice").await;
    let second = server.sign_in(&person).await;
    let client = server.client();
    let mut changed = Person::new("alice");
    changed.otpauth_uri = person.otpauth_uri.clone();
    let body = new_credentials(&changed);
    let tag = etag(&client, &second.access_token).await;

    let unconditional =
        client.request(Method::PUT, "/api/user/credentials").bearer_auth(&second.access_token).json(&body);
    assert_eq!(client.send(unconditional).await.expect(428).problem(), "if_match_required");
    for stale in ["\"0\"", "\"999\"", "W/\"1\"", "\"x\"", "*"] {
        let reply =
            client.put_as(&second.access_token, "/api/user/credentials", stale, &body).await.expect(412);
        assert_eq!(reply.problem(), "stale_version", "{stale}");
    }
    client.put_as(&second.access_token, "/api/user/credentials", &tag, &body).await.expect(204);

    client.profile(&first.access_token).await.expect(401);
    client.refresh(&first.refresh_token).await.expect(401);
    client.profile(&second.access_token).await.expect(200);
    assert_ne!(etag(&client, &second.access_token).await, tag);
    client.put_as(&second.access_token, "/api/user/credentials", &tag, &body).await.expect(412);
    let salts = client.get("/api/user/alice/salts").await.expect(200);
    assert_eq!(salts.json()["auth_salt"], body["auth_salt"]);

    server.next_step();
    let code = person.code_at(server.now_millis());
    person.login_with(&client, &code).await.expect(401);
    let login = changed.login_with(&client, &code).await.expect(200);
    assert_eq!(login.json()["encrypted_mek"], body["encrypted_mek"]);
}

#[tokio::test]
async fn b06_a_new_authenticator_takes_over_once_a_code_of_it_was_seen() {
    let server = TestServer::start().await;
    let (person, first) = server.sign_up("alice").await;
    let second = server.sign_in(&person).await;
    let client = server.client();
    let proposed = client.post_as(&second.access_token, "/api/user/totp", &json!({})).await.expect(200);
    assert!(proposed.text("qr_code").starts_with("data:image/png;base64,"));
    let mut changed = person.clone();
    changed.otpauth_uri = proposed.text("otpauth_uri");

    server.next_step();
    // Until it is confirmed the old one is the live one.
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    let confirm = async |code: &str| {
        client.post_as(&second.access_token, "/api/user/totp/confirm", &json!({ "otp": code })).await
    };
    confirm(&server.wrong_code(&changed)).await.expect(401);
    confirm("aaaa-bbbb-cccc").await.expect(400);
    let code = changed.code_at(server.now_millis());
    confirm(&code).await.expect(204);
    confirm(&code).await.expect(401);

    client.profile(&first.access_token).await.expect(401);
    client.refresh(&first.refresh_token).await.expect(401);
    client.profile(&second.access_token).await.expect(200);
    changed.login_with(&client, &code).await.expect(401);
    server.next_step();
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(401);
    changed.login_with(&client, &changed.code_at(server.now_millis())).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_after_a_deletion_is_answered_nothing_of_the_account_answers() {
    let server = TestServer::start().await;
    let (person, session) = server.sign_up("alice").await;
    let other = server.sign_in(&person).await;
    let client = server.client();
    for _ in 0..100 {
        client.profile(&session.access_token).await.expect(200);
    }
    client.delete_as(&other.access_token, "/api/user").await.expect(202);
    let replies: Vec<Reply> = join_all((0..1_000).map(|_| client.profile(&session.access_token))).await;
    assert!(replies.iter().all(|reply| reply.status == 401));
    client.refresh(&session.refresh_token).await.expect(401);
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(401);

    // Whoever takes the name next inherits nothing.
    let (next, next_session) = server.sign_up("alice").await;
    client.profile(&session.access_token).await.expect(401);
    client.profile(&other.access_token).await.expect(401);
    let sessions = client.get_as(&next_session.access_token, "/api/auth/sessions").await.expect(200);
    assert_eq!(sessions.json()["items"].as_array().unwrap().len(), 1);
    let events = client.get_as(&next_session.access_token, "/api/user/audit").await.expect(200);
    let kinds: Vec<_> =
        events.json()["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(kinds, ["login", "confirmed", "registered"]);
    assert_ne!(next.auth_key, person.auth_key);
}

#[tokio::test]
async fn deletion_survives_a_restart() {
    let mut server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    server.client().delete_as(&session.access_token, "/api/user").await.expect(202);
    server.restart().await;
    server.client().profile(&session.access_token).await.expect(401);
    server.sign_up("alice").await;
}
