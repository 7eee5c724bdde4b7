//! The five flows of the design, with exactly the fields of the contract.

use crate::support::{Person, Reply, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

fn fields(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_uuid_v7(text: &str) {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    assert_eq!(parts, [8, 4, 4, 4, 12], "{text}");
    assert_eq!(text.as_bytes()[14], b'7', "{text}");
}

fn token_claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn register_sign_in_call_refresh_and_sign_out() {
    let server = TestServer::start().await;
    let client = server.client();
    let mut person = Person::new("Alice");

    let registered = person.register(&client).await.expect(201);
    assert_eq!(fields(&registered.json()), BTreeSet::from(["otpauth_uri", "qr_code", "user_id"]));
    assert_uuid_v7(&registered.text("user_id"));
    assert!(registered.text("otpauth_uri").starts_with("otpauth://totp/"));
    assert!(registered.text("qr_code").starts_with("data:image/png;base64,"));

    let salts = client.get("/api/user/alice/salts").await.expect(200);
    assert_eq!(fields(&salts.json()), BTreeSet::from(["auth_salt", "enc_salt", "kdf"]));
    for name in ["auth_salt", "enc_salt", "kdf"] {
        assert_eq!(salts.json()[name], person.register_body()[name]);
    }

    let login = person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    let expected = [
        "access_token",
        "encrypted_mek",
        "encrypted_private_key",
        "expires_in",
        "recovery_codes",
        "refresh_expires_in",
        "refresh_token",
        "session_id",
        "token_type",
    ];
    assert_eq!(fields(&login.json()), BTreeSet::from(expected));
    assert_eq!(login.json()["token_type"], "Bearer");
    assert_eq!(login.json()["expires_in"], 1_800);
    assert_eq!(login.json()["refresh_expires_in"], 604_800);
    assert_eq!(login.json()["encrypted_mek"], person.register_body()["encrypted_mek"]);
    assert_eq!(login.json()["encrypted_private_key"], person.register_body()["encrypted_private_key"]);
    for code in login.json()["recovery_codes"].as_array().unwrap() {
        assert_eq!(code.as_str().unwrap().split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4]);
    }
    assert_claims(&login, &registered, server.now_millis() / 1_000);

    let profile = client.profile(&login.text("access_token")).await.expect(200);
    assert_eq!(
        fields(&profile.json()),
        BTreeSet::from(["confirmed", "created_at", "quota", "user_id", "username"])
    );
    assert_eq!(profile.json()["username"], "alice");
    assert_eq!(profile.json()["user_id"], registered.json()["user_id"]);
    assert_eq!(profile.json()["confirmed"], true);
    assert!(profile.text("created_at").ends_with('Z'));
    assert!(profile.header("etag").unwrap().starts_with('"'));

    server.advance(Duration::from_secs(20));
    let refreshed = client.refresh(&login.text("refresh_token")).await.expect(200);
    let expected = ["access_token", "expires_in", "refresh_expires_in", "refresh_token", "token_type"];
    assert_eq!(fields(&refreshed.json()), BTreeSet::from(expected));
    assert_ne!(refreshed.text("refresh_token"), login.text("refresh_token"));
    client.profile(&refreshed.text("access_token")).await.expect(200);

    let token = refreshed.text("access_token");
    client.post_as(&token, "/api/auth/logout", &json!({ "scope": "session" })).await.expect(204);
    client.profile(&token).await.expect(401);
    client.refresh(&refreshed.text("refresh_token")).await.expect(401);

    let kinds = server.audit_kinds().await;
    assert_eq!(kinds, ["registered", "confirmed", "login", "refresh", "logout"]);
}

fn assert_claims(login: &Reply, registered: &Reply, now_seconds: u64) {
    let access = token_claims(&login.text("access_token"));
    let expected = ["aud", "auth_time", "data", "exp", "iat", "iss", "jti", "session_id", "sub", "type"];
    assert_eq!(fields(&access), BTreeSet::from(expected));
    assert_eq!(access["sub"], "alice");
    assert_eq!(access["type"], "access");
    assert_eq!(access["iat"], now_seconds);
    assert_eq!(access["exp"], now_seconds + 1_800);
    assert_eq!(access["auth_time"], now_seconds);
    assert_eq!(access["session_id"], login.json()["session_id"]);
    assert_eq!(access["data"], json!({ "user_id": registered.json()["user_id"] }));
    let refresh = token_claims(&login.text("refresh_token"));
    assert_eq!(refresh["type"], "refresh");
    assert_eq!(refresh["exp"], now_seconds + 604_800);
    assert_ne!(access["jti"], refresh["jti"]);
}

#[tokio::test]
async fn health_and_readiness_answer_without_a_token_or_a_limit() {
    let server = TestServer::start_with(|options| options.limit_api = "1/1h".into()).await;
    let client = server.client();
    for _ in 0..5 {
        client.get("/healthz").await.expect(200);
        assert_eq!(client.get("/readyz").await.expect(200).json()["status"], "ready");
    }
    client.send(client.request(reqwest::Method::HEAD, "/healthz")).await.expect(200);
}
