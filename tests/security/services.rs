//! Other services: introspection, published keys, and public keys of people.

use crate::support::TestServer;
use data_encoding::BASE64URL_NOPAD;
use reqwest::Method;
use serde_json::json;

const SECRET: &str = "0123456789abcdefghijklmnopqrstuv";

async fn introspecting() -> TestServer {
    TestServer::start_with(|options| options.introspection_clients = format!("billing:{SECRET}")).await
}

#[tokio::test]
async fn a_service_is_told_whether_a_token_is_good_now() {
    let server = introspecting().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    let ask = async |token: &str| {
        let request =
            client.request(Method::POST, "/api/auth/introspect").basic_auth("billing", Some(SECRET));
        client
            .send(request.form(&[("token", token), ("token_type_hint", "access_token")]))
            .await
            .expect(200)
            .json()
    };
    let access = ask(&session.access_token).await;
    assert_eq!(access["active"], true);
    assert_eq!(access["username"], "alice");
    assert_eq!(access["type"], "access");
    assert_eq!(access["exp"].as_u64().unwrap() - access["iat"].as_u64().unwrap(), 1_800);
    assert_eq!(ask(&session.refresh_token).await["type"], "refresh");
    let refreshed = server.refreshed(&session).await;
    assert_eq!(ask(&session.refresh_token).await, json!({ "active": false }), "it has been used");
    assert_eq!(ask(&refreshed.refresh_token).await["active"], true);
    client.logout(&refreshed.access_token).await.expect(204);
    for dead in [&session.access_token, &refreshed.access_token, &refreshed.refresh_token, "nonsense"] {
        assert_eq!(ask(dead).await, json!({ "active": false }));
    }
}

#[tokio::test]
async fn who_may_not_ask_is_refused_and_counted() {
    let server = TestServer::start_with(|options| {
        options.introspection_clients = format!("billing:{SECRET}");
        options.limit_api = "5/1h".into();
    })
    .await;
    let client = server.client();
    let ask = || client.request(Method::POST, "/api/auth/introspect").form(&[("token", "x")]);
    for request in [
        ask(),
        ask().basic_auth("billing", Some("wrong-wrong-wrong-wrong-wrong-wrong")),
        ask().basic_auth("nobody", Some(SECRET)),
        ask().basic_auth("billing", None::<&str>),
        ask().bearer_auth(SECRET),
    ] {
        let reply = client.send(request).await.expect(401);
        assert_eq!(reply.problem(), "invalid_client");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Basic "));
    }
    client.send(ask()).await.expect(429);
    client.send(ask().basic_auth("billing", Some(SECRET))).await.expect(200);
}

#[tokio::test]
async fn without_an_asymmetric_issuer_there_are_no_keys_to_publish() {
    let server = TestServer::start().await;
    server.client().get("/.well-known/jwks.json").await.expect(404);
}

#[tokio::test]
async fn with_eddsa_anyone_can_check_a_token_by_the_published_key() {
    let mut server = TestServer::start_with(|options| options.token_algorithm = "eddsa".into()).await;
    let (person, session) = server.sign_up("alice").await;
    let client = server.client();
    client.profile(&session.access_token).await.expect(200);
    let keys = client.get("/.well-known/jwks.json").await.expect(200).json();
    let key = &keys["keys"][0];
    for (name, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig")] {
        assert_eq!(key[name], value);
    }
    let parts: Vec<_> = session.access_token.split('.').collect();
    let header: serde_json::Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(parts[0].as_bytes()).unwrap()).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    assert_eq!(header["kid"], key["kid"]);
    let bytes = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let public: [u8; 32] = bytes(key["x"].as_str().unwrap()).try_into().unwrap();
    let signature: [u8; 64] = bytes(parts[2]).try_into().unwrap();
    let verifying = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
    let signed = format!("{}.{}", parts[0], parts[1]);
    verifying.verify_strict(signed.as_bytes(), &ed25519_dalek::Signature::from_bytes(&signature)).unwrap();
    server.restart().await;
    server.client().profile(&session.access_token).await.expect(200);
    let session = server.sign_in(&person).await;
    server.refreshed(&session).await;
}

#[tokio::test]
async fn people_find_each_others_public_keys() {
    let server = TestServer::start().await;
    let (_, alice) = server.sign_up("alice").await;
    let (bobby, _) = server.sign_up("bobby").await;
    let client = server.client();
    let reply = client.get_as(&alice.access_token, "/api/user/BOBBY/public-key").await.expect(200).json();
    assert_eq!(reply["public_key"], bobby.register_body()["public_key"]);
    assert_eq!(reply["signing_key"], bobby.register_body()["signing_key"]);
    assert!(reply["key_id"].is_string());
    client.get_as(&alice.access_token, "/api/user/nobody/public-key").await.expect(404);
    client.get_as(&alice.access_token, "/api/user/x/public-key").await.expect(400);
    client.get("/api/user/bobby/public-key").await.expect(401);
}
