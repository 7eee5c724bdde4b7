//! H: nothing secret in logs, stores or errors.

use crate::support::stored::contains;
use crate::support::{Home, Person, ServerProcess, stored};
use std::fs;

fn wall_millis() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[tokio::test]
async fn h01_h07_a_full_run_at_trace_leaves_no_secret_in_the_log_or_the_store() {
    let home = Home::new();
    let server = ServerProcess::start(
        home.path(),
        &[
            ("EPIC_LOG", "trace"),
            ("EPIC_LIMIT_LOGIN", "off"),
            ("EPIC_LIMIT_REGISTER", "off"),
            ("EPIC_LIMIT_API", "off"),
        ],
    );
    let client = server.client();
    let mut person = Person::new("alice");
    let registered = person.register(&client).await.expect(201);
    let code = person.code_at(wall_millis());
    let login = person.login_with(&client, &code).await.expect(200);
    client.profile(&login.text("access_token")).await.expect(200);
    let refreshed = client.refresh(&login.text("refresh_token")).await.expect(200);
    client.get(&format!("/api/user/profile?access_token={}", login.text("access_token"))).await.expect(401);
    let typed_as_name = "correct-horse-battery";
    Person::new(typed_as_name).login_with(&client, &code).await.expect(401);
    client.get(&format!("/api/user/{typed_as_name}/salts")).await.expect(200);
    client.profile("not.a.token-CANARY").await.expect(401);
    client.post_raw("/api/auth/login", r#"{"auth_key":"CANARY-IN-BROKEN-JSON"#).await.expect(400);
    client.logout(&refreshed.text("access_token")).await.expect(204);

    let body = person.register_body();
    let uri = registered.text("otpauth_uri");
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let mut secrets: Vec<Vec<u8>> = vec![
        person.auth_key.to_vec(),
        secret.clone().into_bytes(),
        data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap(),
    ];
    for (reply, names) in [
        (&login, &["access_token", "refresh_token"][..]),
        (&refreshed, &["access_token", "refresh_token"][..]),
    ] {
        secrets.extend(names.iter().map(|name| reply.text(name).into_bytes()));
        // The signature alone would be enough to forge the rest.
        secrets.extend(
            names.iter().map(|name| reply.text(name).rsplit('.').next().unwrap().as_bytes().to_vec()),
        );
    }
    secrets.push(body["auth_key"].as_str().unwrap().as_bytes().to_vec());
    for code in login.json()["recovery_codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        secrets.push(code.as_bytes().to_vec());
        secrets.push(code.replace('-', "").into_bytes());
    }
    secrets.push(typed_as_name.as_bytes().to_vec());
    secrets.push(b"CANARY".to_vec());

    assert_eq!(server.log_text().lines().filter(|line| line.contains("panicked")).count(), 0);
    let log = server.log_text().into_bytes();
    assert!(log.len() > 1_000, "the log was written");
    let command_line = fs::read(format!("/proc/{}/cmdline", server.id())).unwrap();
    assert_eq!(server.terminate(), Some(0));
    let store = stored::bytes(&home.path().join("data"), home.database()).await;
    assert!(contains(&store, b"$argon2id$"), "the store was read");
    for secret in &secrets {
        let shown = String::from_utf8_lossy(secret);
        assert!(!contains(&log, secret), "in the log: {shown}");
        assert!(!contains(&store, secret), "in the store: {shown}");
        assert!(!contains(&command_line, secret), "on the command line: {shown}");
    }
    let six_digits_alone = format!("\"{code}\"");
    assert!(!contains(&log, six_digits_alone.as_bytes()));
}

#[tokio::test]
async fn h02_a_log_in_json_is_one_object_a_line_whatever_clients_send() {
    let home = Home::new();
    let server = ServerProcess::start(
        home.path(),
        &[
            ("EPIC_LOG", "debug"),
            ("EPIC_LOG_FORMAT", "json"),
            ("EPIC_LIMIT_LOGIN", "off"),
            ("EPIC_LIMIT_API", "off"),
        ],
    );
    let client = server.client();
    for text in ["a\r\nfake: line", "\u{1B}[31mred", "a\u{2028}line", "\u{202E}bidi", "nul\0byte"] {
        let mut body = Person::new("alice").login_body("000000");
        body["device_name"] = serde_json::json!(text);
        client.post("/api/auth/login", &body).await.expect(400);
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        client.get(&format!("/api/user/{encoded}/salts")).await.expect(400);
        let request =
            client.request(reqwest::Method::GET, "/healthz").header("user-agent", "x\tFAKE level=ERROR");
        client.send(request).await.expect(200);
    }
    let log = server.log_text();
    assert_eq!(server.terminate(), Some(0));
    assert!(log.lines().count() > 5);
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line:?}");
        assert!(!line.contains('\u{1B}'));
    }
}
