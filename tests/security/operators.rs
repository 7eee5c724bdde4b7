//! D12: what a database would take for an operator is refused where it is no text, and is plain data where it is.

use crate::support::file_client::{key, metadata, name, new_file};
use crate::support::person::encode;
use crate::support::{FileClient, Person, Reply, SignedIn, TestServer, stored};
use data_encoding::BASE64;
use reqwest::Method;
use serde_json::{Value, json};

/// Texts that mean something to a database, or to those who build its questions out of pieces.
const HOSTILE: &[&str] = &[
    r#"{"$gt":""}"#,
    r#"{"$ne":null}"#,
    "$where",
    "$set",
    "$__proto__.x",
    "this.otp || true",
    "users.$[].status",
    "'; DROP TABLE users; --",
];

fn operators() -> [Value; 7] {
    [
        json!({ "$gt": "" }),
        json!({ "$ne": null }),
        json!({ "$where": "1" }),
        json!({ "$set": { "status": "disabled" } }),
        json!({ "a.b": 1 }),
        json!({ "nul\0": "\0" }),
        json!(["a", { "$regex": ".*" }]),
    ]
}

/// A call with a body in which nothing is wrong.
struct Call {
    method: Method,
    path: String,
    is_signed: bool,
    body: Value,
}

fn call(method: Method, path: &str, is_signed: bool, body: Value) -> Call {
    Call { method, path: path.to_owned(), is_signed, body }
}

fn without(mut body: Value, names: &[&str]) -> Value {
    for name in names {
        body.as_object_mut().unwrap().remove(*name);
    }
    body
}

/// Someone with a file, and someone to share it with.
struct Scene {
    server: TestServer,
    alice: FileClient,
    session: SignedIn,
    file_id: String,
}

impl Scene {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let (person, session) = server.sign_up("alice").await;
        let alice = FileClient { client: server.client(), token: session.access_token.clone(), person };
        server.sign_up("bob").await;
        let file_id = alice.store(b"content").await;
        Self { server, alice, session, file_id }
    }

    /// Every call that takes JSON, with every field it knows.
    async fn calls(&self) -> Vec<Call> {
        let (file, person) = (format!("/api/files/{}", self.file_id), &self.alice.person);
        let credentials = without(person.register_body(), &["username", "public_key", "signing_key"]);
        let (auth_key, otp) = (encode(&person.auth_key), "000000");
        let mut completion = credentials.clone();
        completion["recovery_token"] = json!("token");
        let digest = encode(&[7; 32]);
        let mut share = self.alice.share_body("bob", "read").await;
        share["expires_at"] = json!("2100-01-01T00:00:00Z");
        vec![
            call(Method::POST, "/api/auth/register", false, Person::new("mallory").register_body()),
            call(Method::POST, "/api/auth/login", false, person.login_body(otp)),
            call(
                Method::POST,
                "/api/auth/refresh",
                false,
                json!({ "refresh_token": self.session.refresh_token }),
            ),
            call(Method::POST, "/api/auth/logout", true, json!({ "scope": "others" })),
            call(Method::POST, "/api/auth/step-up", true, json!({ "auth_key": auth_key, "otp": otp })),
            call(
                Method::POST,
                "/api/auth/recover",
                false,
                json!({ "username": "alice", "recovery_auth_key": auth_key, "otp": otp }),
            ),
            call(Method::POST, "/api/auth/recover/complete", false, completion),
            call(Method::PUT, "/api/user/credentials", true, credentials),
            call(
                Method::PUT,
                "/api/user/recovery-key",
                true,
                json!({ "recovery_auth_key": auth_key, "encrypted_mek": key() }),
            ),
            call(Method::POST, "/api/user/totp/confirm", true, json!({ "otp": otp })),
            call(
                Method::POST,
                "/api/files",
                true,
                json!({ "encrypted_filename": name(), "encrypted_data_key": key(), "size": 7, "sha256": digest }),
            ),
            call(
                Method::PATCH,
                &file,
                true,
                json!({ "encrypted_filename": name(), "encrypted_data_key": key() }),
            ),
            call(
                Method::POST,
                &format!("{file}/versions"),
                true,
                json!({ "size": 7, "sha256": digest, "encrypted_filename": name(), "encrypted_data_key": key() }),
            ),
            call(Method::POST, &format!("{file}/shares"), true, share),
            call(
                Method::POST,
                &format!("{file}/links"),
                true,
                json!({ "expires_at": "2100-01-01T00:00:00Z", "max_downloads": 3 }),
            ),
        ]
    }

    /// Makes a call with this in place of one field.
    async fn send(&self, call: &Call, field: &str, value: &Value) -> Reply {
        let mut body = call.body.clone();
        body[field] = value.clone();
        let client = &self.alice.client;
        let request = client.request(call.method.clone(), &call.path).header("if-match", "\"1\"").json(&body);
        client.send(if call.is_signed { request.bearer_auth(&self.alice.token) } else { request }).await
    }

    async fn stored_bytes(&self) -> Vec<u8> {
        stored::bytes(&self.server.folder().join("data"), self.server.database()).await
    }

    /// Nothing that a client sent became the name of anything.
    async fn assert_names_are_the_servers(&self) {
        let Some(database) = self.server.database() else { return };
        let names = stored::names(database).await;
        assert!(names.contains("users") && names.contains("username"), "the database was read: {names:?}");
        let is_ours = |name: &String| {
            name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte))
        };
        let others: Vec<_> = names.iter().filter(|name| !is_ours(name)).collect();
        assert!(others.is_empty(), "{others:?}");
    }
}

#[tokio::test]
async fn d12_in_every_field_of_every_call_an_operator_is_of_the_wrong_type() {
    let scene = Scene::new().await;
    let mut fields = 0;
    for call in scene.calls().await {
        for field in call.body.as_object().unwrap().keys() {
            for operator in operators() {
                let reply = scene.send(&call, field, &operator).await;
                let told = format!("{} {field} {operator}: {reply:?}", call.path);
                assert_eq!(reply.status, 400, "{told}");
                let is_named = |pointer: &str, code: &str| {
                    pointer.starts_with(&format!("/{field}")) && code != "internal"
                };
                assert!(reply.field_errors().iter().any(|(pointer, code)| is_named(pointer, code)), "{told}");
            }
            fields += 1;
        }
    }
    assert!(fields > 50, "{fields} fields");
    scene.assert_names_are_the_servers().await;
    assert_eq!(scene.alice.content(&scene.file_id).await, b"content");
}

#[tokio::test]
async fn d12_in_every_field_of_every_call_a_hostile_text_is_no_way_in() {
    let scene = Scene::new().await;
    for call in scene.calls().await {
        for field in call.body.as_object().unwrap().keys() {
            for text in HOSTILE {
                let reply = scene.send(&call, field, &json!(text)).await;
                assert!(matches!(reply.status, 400 | 401), "{} {field} {text}: {}", call.path, reply.status);
            }
            let reply = scene.send(&call, field, &json!("nul\0byte")).await;
            assert!(matches!(reply.status, 400 | 401), "{} {field} nul: {}", call.path, reply.status);
        }
    }
    for text in HOSTILE {
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        scene.alice.client.get(&format!("/api/user/{encoded}/salts")).await.expect(400);
        for path in [
            "/api/files?cursor=",
            "/api/files?since=",
            "/api/user/audit?kind=",
            "/api/shares/incoming?cursor=",
        ] {
            scene.alice.get(&format!("{path}{encoded}")).await.expect(400);
        }
        scene.alice.get(&format!("/api/links/{encoded}")).await.expect(404);
    }
    scene.assert_names_are_the_servers().await;
    assert_eq!(scene.alice.content(&scene.file_id).await, b"content");
}

#[tokio::test]
async fn d12_a_hostile_text_where_text_is_free_is_stored_as_it_is() {
    let scene = Scene::new().await;
    let mut bytes: Vec<Vec<u8>> = HOSTILE.iter().map(|text| text.as_bytes().to_vec()).collect();
    bytes.push(b"nul\0byte".to_vec());
    for (index, text) in bytes.iter().enumerate() {
        let filename = encode(text);
        // Keys have a length of at least forty bytes.
        let padded = encode(&text.iter().copied().cycle().take(72).collect::<Vec<_>>());
        let alice = &scene.alice;
        let mut body = new_file(0);
        (body["encrypted_filename"], body["encrypted_data_key"]) = (json!(filename), json!(padded));
        let request = alice.request(Method::POST, "/api/files").json(&body);
        let request = match core::str::from_utf8(text) {
            Ok(text) if !text.contains(['\0', ' ']) => request.header("idempotency-key", text),
            _ => request,
        };
        let file_id = alice.send(request).await.expect(201).text("file_id");
        let stored = alice.get(&format!("/api/files/{file_id}")).await.expect(200);
        assert_eq!(
            (stored.text("encrypted_filename"), stored.text("encrypted_data_key")),
            (filename.clone(), padded.clone())
        );

        let told = metadata().replace(&BASE64.encode(name().as_bytes()), &BASE64.encode(filename.as_bytes()));
        let request = alice
            .tus(Method::POST, "/api/uploads")
            .header("upload-length", 1)
            .header("upload-metadata", told);
        alice.send(request).await.expect(201);

        let mut person = Person::new(&format!("guest{index}"));
        let mut registration = person.register_body();
        (registration["encrypted_mek"], registration["encrypted_private_key"]) =
            (json!(padded), json!(padded));
        let reply = alice.client.post("/api/auth/register", &registration).await.expect(201);
        person.otpauth_uri = reply.text("otpauth_uri");
        let login =
            person.login_with(&alice.client, &person.code_at(scene.server.now_millis())).await.expect(200);
        assert_eq!(
            (login.text("encrypted_mek"), login.text("encrypted_private_key")),
            (padded.clone(), padded)
        );
    }
    let all = scene.stored_bytes().await;
    for text in &bytes {
        assert!(stored::contains(&all, text), "{}", String::from_utf8_lossy(text));
    }
    scene.assert_names_are_the_servers().await;
}

#[tokio::test]
async fn d12_a_hostile_device_name_or_user_name_names_that_device_and_user_alone() {
    let scene = Scene::new().await;
    for text in HOSTILE {
        scene.server.next_step();
        let mut body = scene.alice.person.login_body(&scene.alice.person.code_at(scene.server.now_millis()));
        body["device_name"] = json!(text);
        let login = scene.alice.client.post("/api/auth/login", &body).await.expect(200);
        let sessions =
            scene.alice.client.get_as(&login.text("access_token"), "/api/auth/sessions").await.expect(200);
        let named = sessions.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["device_name"] == *text)
            .count();
        assert_eq!(named, 1, "{text}: {:?}", sessions.json());
    }
    let all = scene.stored_bytes().await;
    for text in HOSTILE {
        assert!(stored::contains(&all, text.as_bytes()), "{text}");
    }
    let (_, dotted) = scene.server.sign_up("a.b").await;
    let profile = scene.alice.client.profile(&dotted.access_token).await.expect(200);
    assert_eq!(profile.text("username"), "a.b");
    for name in ["a", "a_b", "axb"] {
        let person = Person { username: name.to_owned(), ..scene.alice.person.clone() };
        let reply = person.login_with(&scene.alice.client, "000000").await;
        assert!(matches!(reply.status, 400 | 401), "{name}");
    }
    scene.assert_names_are_the_servers().await;
}
