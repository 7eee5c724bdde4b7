//! H01: what is said of files, and what opens them, never stands in the log.

use crate::support::file_client::{form, key};
use crate::support::person::encode;
use crate::support::stored::contains;
use crate::support::{FileClient, Home, Person, ServerProcess, stored};
use reqwest::Method;
use serde_json::json;

async fn sign_up(server: &ServerProcess, username: &str) -> FileClient {
    let (client, mut person) = (server.client(), Person::new(username));
    person.register(&client).await.expect(201);
    let now = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let login = person.login_with(&client, &person.code_at(now)).await.expect(200);
    FileClient { client, token: login.text("access_token"), person }
}

#[tokio::test]
async fn h01_names_keys_tokens_and_contents_never_stand_in_the_log() {
    let home = Home::new();
    let settings = [
        ("EPIC_LOG", "trace"),
        ("EPIC_LIMIT_LOGIN", "off"),
        ("EPIC_LIMIT_REGISTER", "off"),
        ("EPIC_LIMIT_API", "off"),
        ("EPIC_LIMIT_UPLOAD", "off"),
    ];
    let server = ServerProcess::start(home.path(), &settings);
    let alice = sign_up(&server, "alice").await;
    let bob = sign_up(&server, "bob").await;
    let filename = encode(b"CANARY-the encrypted name");
    let data_key = encode(b"CANARY-the wrapped data key");
    let content = b"CANARY-CONTENT-CANARY";
    let fields = [("encrypted_filename", filename.as_str()), ("encrypted_data_key", data_key.as_str())];
    let file_id = alice
        .send(alice.form(form(&fields, "canary-filename.html", content)))
        .await
        .expect(201)
        .text("file_id");
    let text = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    let metadata = format!("encrypted_filename {},encrypted_data_key {}", text(&filename), text(&data_key));
    let begin = alice.tus(Method::POST, "/api/uploads").header("upload-metadata", &metadata);
    let begin =
        begin.header("upload-length", content.len()).header("idempotency-key", "CANARY-IDEMPOTENCY-KEY");
    let upload = alice.send(begin).await.expect(201).text("upload_url");
    alice.send(alice.piece(&upload, 0, &content[..])).await.expect(204);
    let token = alice.link(&file_id, &json!({})).await;
    let remembered = alice
        .request(Method::POST, &format!("/api/files/{file_id}/links"))
        .header("idempotency-key", "CANARY-IDEMPOTENCY-KEY-2");
    let second = alice.send(remembered).await.expect(201).text("token");
    for token in [&token, &second] {
        for path in [format!("/api/links/{token}"), format!("/api/links/{token}/metadata")] {
            alice.client.get(&path).await.expect(200);
        }
        alice.client.get(&format!("/api/links/{token}x")).await.expect(404);
        alice
            .client
            .send(alice.client.request(Method::DELETE, &format!("/api/links/{token}")))
            .await
            .expect(405);
    }
    alice.share(&file_id, "bob", "read").await;
    bob.content(&file_id).await;
    bob.get("/api/shares/incoming").await.expect(200);
    // Wrong in one way each, so that refusals are logged, too.
    let broken = [("encrypted_filename", "CANARY!not base64"), ("encrypted_data_key", &*key())];
    alice.send(alice.form(form(&broken, "canary-filename.html", content))).await.expect(400);
    alice.post("/api/files", &json!({ "encrypted_filename": filename, "CANARY-field": 1 })).await.expect(400);
    alice.get("/api/files?cursor=CANARY").await.expect(400);

    assert!(!server.log_text().contains("panicked"));
    let log = server.log_text().into_bytes();
    assert!(log.len() > 1_000, "the log was written");
    assert_eq!(server.terminate(), Some(0));
    let hash = |token: &str| data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
    let mut secrets: Vec<Vec<u8>> = [&filename, &data_key, &token, &second, &alice.token, &metadata]
        .iter()
        .map(|secret| secret.as_bytes().to_vec())
        .collect();
    secrets.extend([b"CANARY".to_vec(), b"canary".to_vec(), hash(&token), hash(&second)]);
    secrets.push(text(&filename).into_bytes());
    for secret in &secrets {
        assert!(!contains(&log, secret), "in the log: {}", String::from_utf8_lossy(secret));
    }
    // Nor do the tokens lie in the store, in any form that opens something.
    let stored = stored::bytes(&home.path().join("data"), home.database()).await;
    assert!(contains(&stored, content), "the store was read");
    for token in [&token, &second] {
        assert!(
            !contains(&stored, token.as_bytes()) && !contains(&stored, &hash(token)),
            "a token is stored"
        );
    }
}
