//! D11–D13, D02, D16: whatever is sent, the answer names the mistake and nothing breaks.

use crate::support::person::encode;
use crate::support::{Person, TestServer, raw};
use serde_json::{Value, json};

#[tokio::test]
async fn every_wrong_field_of_a_registration_is_named_at_once() {
    let server = TestServer::start().await;
    let body = json!({
        "username": "-bad",
        "auth_salt": encode(&[1; 15]),
        "enc_salt": 7,
        "kdf": { "algorithm": "md5", "memory_kib": 1024, "iterations": "3", "lanes": 1 },
        "auth_key": encode(&[1; 31]),
        "encrypted_mek": encode(&[1; 39]),
        "public_key": encode(&[0; 32]),
        "signing_key": "not base64!",
        "extra": true,
    });
    let reply = server.client().post("/api/auth/register", &body).await.expect(400);
    assert_eq!(reply.problem(), "invalid_fields");
    let mut errors = reply.field_errors();
    errors.sort();
    let expected = [
        ("/auth_key", "invalid_length"),
        ("/auth_salt", "invalid_length"),
        ("/enc_salt", "invalid_type"),
        ("/encrypted_mek", "invalid_length"),
        ("/encrypted_private_key", "required"),
        ("/extra", "unknown_field"),
        ("/kdf/algorithm", "unknown_algorithm"),
        ("/kdf/iterations", "invalid_type"),
        ("/kdf/lanes", "unknown_field"),
        ("/kdf/parallelism", "required"),
        ("/public_key", "low_order_point"),
        ("/signing_key", "invalid_base64url"),
        ("/username", "invalid_characters"),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect();
    assert_eq!(errors, expected);
}

#[tokio::test]
async fn kdf_parameters_below_the_floor_or_above_the_ceiling_are_refused() {
    let server = TestServer::start().await;
    let cases = [
        (19_455, 2, 1, "kdf_too_weak"),
        (19_456, 1, 1, "kdf_too_weak"),
        (19_456, 2, 0, "kdf_too_weak"),
        (u32::MAX, 2, 1, "kdf_too_strong"),
        (19_456, 1_000, 1, "kdf_too_strong"),
    ];
    for (memory_kib, iterations, parallelism, code) in cases {
        let mut body = Person::new("alice").register_body();
        body["kdf"] = json!({ "algorithm": "argon2id", "memory_kib": memory_kib, "iterations": iterations, "parallelism": parallelism });
        let reply = server.client().post("/api/auth/register", &body).await.expect(400);
        assert_eq!(reply.field_errors(), [("/kdf/memory_kib".to_owned(), code.to_owned())]);
    }
}

#[tokio::test]
async fn the_two_salts_must_differ() {
    let server = TestServer::start().await;
    let mut body = Person::new("alice").register_body();
    body["enc_salt"] = body["auth_salt"].clone();
    let reply = server.client().post("/api/auth/register", &body).await.expect(400);
    assert_eq!(reply.field_errors(), [("/enc_salt".to_owned(), "salts_equal".to_owned())]);
}

#[tokio::test]
async fn a_member_that_stands_twice_is_refused_whichever_would_count() {
    let server = TestServer::start().await;
    let client = server.client();
    let once = Person::new("alice").login_body("000000").to_string();
    let twice = once.replacen('{', r#"{"otp":"111111","#, 1);
    let reply = client.post_raw("/api/auth/login", twice).await.expect(400);
    assert_eq!(reply.field_errors(), [("/otp".to_owned(), "duplicate_field".to_owned())]);
    let nested = Person::new("alice").register_body().to_string().replacen(
        r#""kdf":{"#,
        r#""kdf":{"iterations":9,"#,
        1,
    );
    let reply = client.post_raw("/api/auth/register", nested).await.expect(400);
    assert_eq!(reply.field_errors(), [("/kdf/iterations".to_owned(), "duplicate_field".to_owned())]);
}

#[tokio::test]
async fn d02_names_that_look_alike_are_one_account_or_none() {
    let server = TestServer::start().await;
    let client = server.client();
    let (person, _) = server.sign_up("alice").await;
    server.next_step();
    let mut shouting = person.clone();
    shouting.username = "ALICE".to_owned();
    shouting.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
    Person::new("ALICE").register(&client).await.expect(409);
    let strange = [
        "alice ",
        " alice",
        "ali\u{200B}ce",
        "ａｌｉｃｅ",
        "\u{212A}elvin",
        "mu\u{17F}ic",
        "ali\u{0301}ce",
        "\u{0430}lice",
        "ᴮᴵᴳᴮᴵᴿᴰ",
        "al",
        "-alice",
        ".alice",
        &"a".repeat(33),
        "",
        "alice\0",
        "alice\n",
        "a/b",
        "alice@example",
    ];
    for name in strange {
        let reply = Person::new(name).register(&client).await.expect(400);
        assert_eq!(reply.field_errors()[0].0, "/username", "{name:?}");
    }
}

#[tokio::test]
async fn d11_a_field_that_is_not_asked_for_is_refused() {
    let server = TestServer::start().await;
    let client = server.client();
    let (_, session) = server.sign_up("alice").await;
    let extras = [
        "role",
        "is_admin",
        "quota",
        "_id",
        "user_id",
        "totp_secret",
        "created_at",
        "session_id",
        "confirmed",
    ];
    for extra in extras {
        let with_extra = |mut body: Value| {
            body[extra] = json!("x");
            body
        };
        let bodies = [
            ("/api/auth/register", with_extra(Person::new("mallory").register_body())),
            ("/api/auth/login", with_extra(Person::new("alice").login_body("000000"))),
            ("/api/auth/refresh", with_extra(json!({ "refresh_token": session.refresh_token }))),
        ];
        for (path, body) in bodies {
            let reply = client.post(path, &body).await.expect(400);
            assert!(
                reply.field_errors().contains(&(format!("/{extra}"), "unknown_field".to_owned())),
                "{path} {extra}"
            );
        }
        let reply = client
            .post_as(&session.access_token, "/api/auth/logout", &json!({ extra: "x" }))
            .await
            .expect(400);
        assert_eq!(reply.field_errors()[0].1, "unknown_field");
    }
    client.profile(&session.access_token).await.expect(200);
    client.refresh(&session.refresh_token).await.expect(200);
}

#[tokio::test]
async fn d12_operators_are_refused_as_objects_and_plain_data_as_text() {
    let server = TestServer::start().await;
    let client = server.client();
    server.sign_up("alice").await;
    let operators = [
        json!({ "$ne": null }),
        json!({ "$gt": "" }),
        json!({ "$regex": ".*" }),
        json!({ "$where": "1" }),
        json!(["a", "b"]),
    ];
    for operator in &operators {
        for field in ["username", "auth_key", "otp", "device_name"] {
            let mut body = Person::new("alice").login_body("000000");
            body[field] = operator.clone();
            let reply = client.post("/api/auth/login", &body).await.expect(400);
            assert_eq!(reply.field_errors(), [(format!("/{field}"), "invalid_type".to_owned())]);
        }
        let text_fields = Person::new("mallory").register_body();
        for field in text_fields.as_object().unwrap().keys() {
            let mut body = text_fields.clone();
            body[field] = operator.clone();
            client.post("/api/auth/register", &body).await.expect(400);
        }
        client.post("/api/auth/refresh", &json!({ "refresh_token": operator })).await.expect(400);
    }
    let strings = [
        "true, $where: '1 == 1'",
        ", $where: '1 == 1'",
        "$where: '1 == 1'",
        "', $where: '1 == 1'",
        "1, $where: '1 == 1'",
        "{ $ne: 1 }",
        "', $or: [ {}, { 'a':'a",
        "' } ], $comment:'successful MongoDB injection'",
        "db.injection.insert({success:1});",
        "|| 1==1",
        "' && this.password.match(/.*/)//+%00",
        "'%20%26%26%20this.passwordzz.match(/.*/)//+%00",
        "{$gt: ''}",
        "[$ne]=1",
        "';sleep(5000);",
        "';it=new%20Date();do{pt=new%20Date();}while(pt-it<5000);",
        "' OR 1=1 --",
        "alice'; DROP TABLE users; --",
    ];
    for text in strings {
        let mut body = Person::new("alice").login_body("000000");
        body["username"] = json!(text);
        client.post("/api/auth/login", &body).await.expect(400);
    }
    client.get("/api/user/alice/salts?a[$ne]=1&username[$regex]=.*").await.expect(200);
}

#[tokio::test]
async fn d13_only_the_exact_key_in_its_canonical_spelling_passes() {
    let server = TestServer::start().await;
    let client = server.client();
    let (person, _) = server.sign_up("alice").await;
    for length in (0..=64).filter(|length| *length != 32) {
        let mut body = person.login_body("000000");
        body["auth_key"] = json!(encode(&vec![7; length]));
        let reply = client.post("/api/auth/login", &body).await.expect(400);
        assert_eq!(
            reply.field_errors(),
            [("/auth_key".to_owned(), "invalid_length".to_owned())],
            "{length} bytes"
        );
    }
    for bit in 0..256 {
        let mut other = person.clone();
        other.auth_key[bit / 8] ^= 1 << (bit % 8);
        let reply = other.login_with(&client, "000000").await;
        assert_eq!(reply.status, 401, "bit {bit}");
    }
    let reasons = server.audit_reasons().await;
    assert_eq!(reasons.iter().filter(|reason| *reason == "wrong_key").count(), 256);
    let canonical = encode(&person.auth_key);
    let hex: String = person.auth_key.iter().map(|byte| format!("{byte:02x}")).collect();
    let spellings = [
        format!("{canonical}="),
        format!(" {canonical}"),
        format!("{canonical}\n"),
        format!("{canonical}AA"),
        canonical.replace(['-', '_'], "+"),
        hex.clone(),
        hex.to_uppercase(),
    ];
    for spelling in spellings.into_iter().filter(|spelling| *spelling != canonical) {
        let mut body = person.login_body("000000");
        body["auth_key"] = json!(spelling);
        client.post("/api/auth/login", &body).await.expect(400);
    }
}

#[tokio::test]
async fn d16_names_in_paths_are_decoded_once_and_then_judged() {
    let server = TestServer::start().await;
    let client = server.client();
    for (segment, status) in [
        ("alice", 200),
        ("%61lice", 200),
        ("login", 200),
        ("profile", 200),
        ("me0", 200),
        ("a%2fb", 400),
        ("%00abc", 400),
        ("%C0%AE%C0%AE", 400),
        ("%2561lice", 400),
        ("..%2f..", 400),
        ("ab", 400),
        (&"a".repeat(10_000), 400),
        ("%F0%9F%98%80abc", 400),
    ] {
        let reply = client.get(&format!("/api/user/{segment}/salts")).await;
        assert_eq!(reply.status, status, "{}", &segment[..segment.len().min(40)]);
    }
    // Clients resolve these before they send; written to the socket as they are, they are names like any other.
    for segment in [".", "..", "%2e%2e"] {
        let reply =
            raw(&server, format!("GET /api/user/{segment}/salts HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
                .await;
        assert!(reply.starts_with("HTTP/1.1 400 "), "{segment}: {reply}");
    }
    client.get("/api/user//salts").await.expect(404);
    client.get("/api/user/a/b/salts").await.expect(404);
}

#[tokio::test]
async fn d15_naughty_strings_break_nothing() {
    let server = TestServer::start().await;
    let client = server.client();
    let strings: Vec<String> = match std::env::var("EPIC_VECTORS") {
        Ok(folder) => {
            let text = std::fs::read_to_string(format!("{folder}/blns/blns.json")).unwrap();
            serde_json::from_str(&text).unwrap()
        }
        Err(_) => {
            assert!(std::env::var("CI").is_err(), "EPIC_VECTORS must name the folder of test vectors");
            vec!["\u{202E}abc".into(), "<script>".into(), "\0".into(), "%s%n".into(), "﷽".into()]
        }
    };
    for text in &strings {
        for path in ["/api/auth/login", "/api/auth/register"] {
            let mut body = Person::new("x").register_body();
            body["username"] = json!(text);
            let reply = client.post(path, &body).await;
            assert!(matches!(reply.status, 201 | 400 | 409), "{} for {text:?}", reply.status);
        }
        let mut body = Person::new("alice").login_body("000000");
        body["device_name"] = json!(text);
        let reply = client.post("/api/auth/login", &body).await;
        assert!(matches!(reply.status, 400 | 401), "{} for {text:?}", reply.status);
    }
    client.get("/healthz").await.expect(200);
}
