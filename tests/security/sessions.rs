//! B: refresh tokens and sessions.

use crate::support::TestServer;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn b01_a_refresh_token_used_again_after_the_grace_ends_the_session() {
    let server = TestServer::start().await;
    let (_, first) = server.sign_up("alice").await;
    let client = server.client();
    let second = client.refresh(&first.refresh_token).await.expect(200);
    client.profile(&second.text("access_token")).await.expect(200);
    server.advance(Duration::from_secs(11));
    let reply = client.refresh(&first.refresh_token).await.expect(401);
    assert_eq!(reply.problem(), "invalid_refresh_token");
    client.refresh(&second.text("refresh_token")).await.expect(401);
    client.profile(&second.text("access_token")).await.expect(401);
    client.profile(&first.access_token).await.expect(401);
    assert_eq!(server.audit_kinds().await.last().map(String::as_str), Some("refresh_reuse"));
}

#[tokio::test]
async fn a_lost_reply_is_given_again_byte_for_byte_within_the_grace() {
    let server = TestServer::start().await;
    let (_, first) = server.sign_up("alice").await;
    let client = server.client();
    server.advance(Duration::from_secs(5));
    let reply = client.refresh(&first.refresh_token).await.expect(200);
    server.advance(Duration::from_secs(9));
    let again = client.refresh(&first.refresh_token).await.expect(200);
    assert_eq!(reply.body, again.body);
    client.refresh(&again.text("refresh_token")).await.expect(200);
}

#[tokio::test]
async fn a_token_two_steps_old_is_reuse_even_within_the_grace() {
    let server = TestServer::start().await;
    let (_, first) = server.sign_up("alice").await;
    let client = server.client();
    let second = client.refresh(&first.refresh_token).await.expect(200);
    let third = client.refresh(&second.text("refresh_token")).await.expect(200);
    client.refresh(&first.refresh_token).await.expect(401);
    client.refresh(&third.text("refresh_token")).await.expect(401);
}

#[tokio::test]
async fn b04_logout_ends_the_refresh_token_too() {
    let server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    let reply = client.logout(&session.access_token).await.expect(204);
    assert!(reply.body.is_empty());
    client.refresh(&session.refresh_token).await.expect(401);
    client.profile(&session.access_token).await.expect(401);
}

#[tokio::test]
async fn b12_logging_out_twice_or_without_a_token_is_a_plain_401() {
    let server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    client.logout(&session.access_token).await.expect(204);
    assert_eq!(client.logout(&session.access_token).await.expect(401).problem(), "invalid_token");
    assert_eq!(client.post("/api/auth/logout", &json!({})).await.expect(401).problem(), "missing_token");
    assert_eq!(client.logout("nonsense").await.expect(401).problem(), "invalid_token");
}

#[tokio::test]
async fn logout_can_end_the_other_sessions_or_all_of_them() {
    let server = TestServer::start().await;
    let (person, first) = server.sign_up("alice").await;
    let second = server.sign_in(&person).await;
    let third = server.sign_in(&person).await;
    let (_, stranger) = server.sign_up("bobby").await;
    let client = server.client();

    client.post_as(&second.access_token, "/api/auth/logout", &json!({ "scope": "others" })).await.expect(204);
    client.profile(&first.access_token).await.expect(401);
    client.profile(&third.access_token).await.expect(401);
    client.profile(&second.access_token).await.expect(200);

    let fourth = server.sign_in(&person).await;
    client.post_as(&second.access_token, "/api/auth/logout", &json!({ "scope": "all" })).await.expect(204);
    client.profile(&second.access_token).await.expect(401);
    client.refresh(&fourth.refresh_token).await.expect(401);
    client.profile(&stranger.access_token).await.expect(200);
}

#[tokio::test]
async fn b08_b11_a_session_ends_at_its_absolute_limit_and_no_token_outlives_it() {
    let server = TestServer::start().await;
    let (_, mut session) = server.sign_up("alice").await;
    let client = server.client();
    let days = |days: u64| Duration::from_secs(days * 24 * 3_600);
    for _ in 0..5 {
        server.advance(days(6) - Duration::from_secs(12));
        session = server.refreshed(&session).await;
    }
    // One minute before thirty days are over, the new tokens live for one minute.
    let reply = client.refresh(&session.refresh_token).await.expect(200);
    assert_eq!(reply.json()["expires_in"], 60);
    assert_eq!(reply.json()["refresh_expires_in"], 60);
    server.advance(Duration::from_secs(60));
    client.profile(&reply.text("access_token")).await.expect(401);
    client.refresh(&reply.text("refresh_token")).await.expect(401);
}

#[tokio::test]
async fn a_refresh_token_ends_after_seven_days() {
    let server = TestServer::start().await;
    let (_, session) = server.sign_up("alice").await;
    server.advance(Duration::from_secs(7 * 24 * 3_600));
    server.client().refresh(&session.refresh_token).await.expect(401);
}
