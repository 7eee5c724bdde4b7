//! A: access tokens. The corpus of forged tokens is tried in `adapters/token-jwt`; here the routes are.

use crate::support::TestServer;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a03_a_token_of_one_kind_is_never_taken_for_the_other() {
    let server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    client.profile(&session.refresh_token).await.expect(401);
    client.refresh(&session.access_token).await.expect(401);
    client.logout(&session.refresh_token).await.expect(401);
    client.profile(&session.access_token).await.expect(200);
    client.refresh(&session.refresh_token).await.expect(200);
}

#[tokio::test]
async fn a04_an_access_token_ends_at_its_expiry_and_not_a_second_later() {
    let server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    server.advance(Duration::from_secs(30 * 60 - 1));
    client.profile(&session.access_token).await.expect(200);
    for (step, since_expiry) in [(1, 0), (1, 1), (58, 59), (2, 61)] {
        server.advance(Duration::from_secs(step));
        let reply = client.profile(&session.access_token).await.expect(401);
        assert_eq!(reply.problem(), "invalid_token", "{since_expiry} s after expiry");
    }
}

#[tokio::test]
async fn a09_every_ambiguous_authorization_field_is_refused() {
    let server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    let token = &session.access_token;
    for good in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER {token}")] {
        let request = client.request(Method::GET, "/api/user/profile").header("authorization", good);
        client.send(request).await.expect(200);
    }
    let bad = [
        format!("Bearer  {token}"),
        format!("Bearer\t{token}"),
        token.clone(),
        format!("Basic {token}"),
        format!("Bearer {token},Bearer {token}"),
        format!("Bearer {token} {token}"),
        "Bearer".to_owned(),
    ];
    for field in bad {
        let request = client.request(Method::GET, "/api/user/profile").header("authorization", &field);
        client.send(request).await.expect(401);
    }
    for pair in [[token.as_str(), "bad"], ["bad", token.as_str()], [token.as_str(), token.as_str()]] {
        let request = pair.iter().fold(client.request(Method::GET, "/api/user/profile"), |request, token| {
            request.header("authorization", format!("Bearer {token}"))
        });
        client.send(request).await.expect(401);
    }
}

#[tokio::test]
async fn a10_a_token_anywhere_else_is_not_looked_at() {
    let server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    let token = &session.access_token;
    let path = format!("/api/user/profile?access_token={token}");
    client.get(&path).await.expect(401);
    for (name, value) in [("cookie", format!("token={token}")), ("x-auth-token", token.clone())] {
        client.send(client.request(Method::GET, "/api/user/profile").header(name, value)).await.expect(401);
    }
    client.post("/api/auth/logout", &json!({ "access_token": token })).await.expect(401);
    client.profile(token).await.expect(200);
}

#[tokio::test]
async fn a_missing_token_is_told_how_to_come_by_one() {
    let server = TestServer::start().await;
    let reply = server.client().get("/api/user/profile").await.expect(401);
    assert_eq!(reply.problem(), "missing_token");
    assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"EPIC Server\""));
    let reply = server.client().profile("x.y.z").await.expect(401);
    assert!(reply.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
}
