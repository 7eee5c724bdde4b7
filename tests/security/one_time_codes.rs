//! C: one-time codes.

use crate::support::{Person, TestServer};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn c02_a_code_is_good_once() {
    let server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    server.next_step();
    let code = person.code_at(server.now_millis());
    let client = server.client();
    person.login_with(&client, &code).await.expect(200);
    let reply = person.login_with(&client, &code).await.expect(401);
    assert_eq!(reply.problem(), "invalid_credentials");
    assert_eq!(server.audit_kinds().await.last().map(String::as_str), Some("otp_replay"));
}

#[tokio::test]
async fn c06_the_code_of_this_step_and_of_the_one_before_are_accepted_and_no_other() {
    for (offset_steps, status) in [(-2_i64, 401), (-1, 200), (0, 200), (1, 401), (2, 401)] {
        let server = TestServer::start().await;
        let (person, _) = server.sign_up("alice").await;
        server.advance(Duration::from_secs(300));
        let at = server.now_millis().checked_add_signed(offset_steps * 30_000).unwrap();
        let reply = person.login_with(&server.client(), &person.code_at(at)).await;
        assert_eq!(reply.status, status, "a code {offset_steps} steps away");
    }
}

#[tokio::test]
async fn codes_are_spent_in_increasing_order() {
    let server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    server.advance(Duration::from_secs(300));
    let (before, now) = (person.code_at(server.now_millis() - 30_000), person.code_at(server.now_millis()));
    let client = server.client();
    person.login_with(&client, &now).await.expect(200);
    person.login_with(&client, &before).await.expect(401);
}

#[tokio::test]
async fn c07_what_is_no_code_is_refused_before_any_secret_is_touched() {
    let server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    let before = server.audit_kinds().await.len();
    let values: Vec<Value> = vec![
        json!("12345"),
        json!("1234567"),
        json!(" 123456"),
        json!("123456\n"),
        json!("+12345"),
        json!("1e5"),
        json!("１２３４５６"),
        json!("١٢٣٤٥٦"),
        json!(123_456),
        json!(null),
        json!([]),
        json!({}),
        json!(true),
        json!(""),
    ];
    for otp in values {
        let mut body = person.login_body("000000");
        body["otp"] = otp.clone();
        let reply = server.client().post("/api/auth/login", &body).await.expect(400);
        assert_eq!(reply.problem(), "invalid_fields");
        assert_eq!(reply.field_errors()[0].0, "/otp", "{otp}");
    }
    server
        .client()
        .post_raw("/api/auth/login", br#"{"username":"alice","otp":012345}"#.to_vec())
        .await
        .expect(400);
    assert_eq!(server.audit_kinds().await.len(), before, "nothing was tried");
    // "000000" is well formed: it is looked at, and wrong (but for one time in half a million).
    person.login_with(&server.client(), "000000").await.expect(401);
}

#[tokio::test]
async fn c08_a_used_code_stays_used_after_a_restart() {
    let mut server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    server.next_step();
    let code = person.code_at(server.now_millis());
    person.login_with(&server.client(), &code).await.expect(200);
    server.restart().await;
    person.login_with(&server.client(), &code).await.expect(401);
}

#[tokio::test]
async fn c11_the_first_login_confirms_the_account_and_hands_the_recovery_codes_over_once() {
    let server = TestServer::start().await;
    let client = server.client();
    let mut person = Person::new("alice");
    person.register(&client).await.expect(201);
    person.login_with(&client, "000000").await.expect(401);
    let code = person.code_at(server.now_millis());
    let reply = person.login_with(&client, &code).await.expect(200);
    let codes = reply.json()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    person.login_with(&client, &code).await.expect(401);
    server.next_step();
    let later = person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    assert!(later.json().get("recovery_codes").is_none());
    let recovery = codes[0].as_str().unwrap();
    person.login_with(&client, recovery).await.expect(200);
    person.login_with(&client, recovery).await.expect(401);
}

#[tokio::test]
async fn an_account_never_confirmed_is_gone_after_a_day() {
    let server = TestServer::start().await;
    let client = server.client();
    let mut person = Person::new("alice");
    person.register(&client).await.expect(201);
    server.advance(Duration::from_secs(24 * 3_600));
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(401);
    let mut other = Person::new("alice");
    other.register(&client).await.expect(201);
    other.login_with(&client, &other.code_at(server.now_millis())).await.expect(200);
}

#[tokio::test]
async fn three_failed_codes_hold_the_next_and_the_answer_does_not_say_so() {
    let server = TestServer::start_with(|options| options.limit_totp = "3/5m".into()).await;
    let (person, _) = server.sign_up("alice").await;
    server.advance(Duration::from_secs(300));
    let client = server.client();
    let wrong = server.wrong_code(&person);
    let mut refusals = Vec::new();
    for _ in 0..3 {
        refusals.push(person.login_with(&client, &wrong).await.expect(401));
    }
    // The right code is not looked at any more, and the answer is the same to the letter.
    refusals.push(person.login_with(&client, &person.code_at(server.now_millis())).await.expect(401));
    for reply in &refusals {
        assert_eq!(reply.json()["code"], "invalid_credentials");
        assert_eq!(reply.json()["detail"], refusals[0].json()["detail"]);
        assert_eq!(reply.headers.len(), refusals[0].headers.len());
    }
    server.advance(Duration::from_secs(300));
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
}

#[tokio::test]
async fn right_codes_do_not_count_as_failures() {
    let server = TestServer::start_with(|options| options.limit_totp = "3/5m".into()).await;
    let (person, _) = server.sign_up("alice").await;
    for _ in 0..6 {
        server.next_step();
        person.login_with(&server.client(), &person.code_at(server.now_millis())).await.expect(200);
    }
}
