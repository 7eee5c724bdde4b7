//! E: the limits of the design, as clients meet them.

use crate::support::{Client, Person, Reply, TestServer};
use reqwest::Method;
use std::net::Ipv4Addr;
use std::time::Duration;

/// A server with the design's limits.
async fn limited() -> TestServer {
    TestServer::start_with(|options| options.with_default_limits()).await
}

fn seconds(reply: &Reply, name: &str) -> u64 {
    reply.header(name).unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

async fn fail_login(client: &Client, person: &Person) -> Reply {
    person.login_with(client, "000000").await
}

#[tokio::test]
async fn e01_the_sixth_login_in_five_minutes_is_refused_and_told_when_it_passes() {
    let server = limited().await;
    let client = server.client();
    let nobody = Person::new("nobody");
    for attempt in 1..=5 {
        let reply = fail_login(&client, &nobody).await.expect(401);
        assert_eq!(reply.header("ratelimit-policy"), Some("\"login\";q=5;w=300"));
        let remaining = 5 - attempt;
        let reset = 300 - (attempt - 1) * 10;
        assert_eq!(reply.header("ratelimit").unwrap(), format!("\"login\";r={remaining};t={reset}"));
        server.advance(Duration::from_secs(10));
    }
    server.advance(Duration::from_millis(500));
    let reply = fail_login(&client, &nobody).await.expect(429);
    assert_eq!(reply.problem(), "rate_limited");
    assert_eq!(reply.json()["retry_after_seconds"], 250);
    assert_eq!(seconds(&reply, "retry-after"), 250);
    assert_eq!(reply.header("ratelimit"), Some("\"login\";r=0;t=250"));
    assert!(reply.text("detail").ends_with("Try again in 4 min 10 s."), "{}", reply.text("detail"));

    server.advance(Duration::from_millis(249_499));
    fail_login(&client, &nobody).await.expect(429);
    server.advance(Duration::from_millis(1));
    fail_login(&client, &nobody).await.expect(401);
    fail_login(&client, &nobody).await.expect(429);
}

#[tokio::test]
async fn e01_the_fourth_registration_in_an_hour_is_refused() {
    let server = limited().await;
    let client = server.client();
    for name in ["anna", "bert", "carl"] {
        Person::new(name).register(&client).await.expect(201);
    }
    let reply = Person::new("dora").register(&client).await.expect(429);
    assert_eq!(seconds(&reply, "retry-after"), 3_600);
    assert_eq!(reply.header("ratelimit-policy"), Some("\"register\";q=3;w=3600"));
    server.advance(Duration::from_secs(3_600));
    Person::new("dora").register(&client).await.expect(201);
}

#[tokio::test]
async fn e01_the_hundred_and_first_call_of_an_account_in_an_hour_is_refused() {
    let server = limited().await;
    let (_, session) = server.sign_up("alice").await;
    let client = server.client();
    for call in 1..=100 {
        let reply = client.profile(&session.access_token).await.expect(200);
        assert_eq!(reply.header("ratelimit").unwrap(), format!("\"api\";r={};t=3600", 100 - call));
    }
    let reply = client.profile(&session.access_token).await.expect(429);
    assert_eq!(seconds(&reply, "retry-after"), 3_600);
    // The account is limited, whatever address it calls from; other accounts are not.
    let elsewhere = Client::from_address(&server.base, Ipv4Addr::new(127, 0, 0, 9));
    elsewhere.profile(&session.access_token).await.expect(429);
}

#[tokio::test]
async fn e01_calls_without_an_account_count_against_their_address() {
    let server = limited().await;
    let client = server.client();
    for call in 0..100 {
        let reply = match call % 4 {
            0 => client.get("/api/user/somebody/salts").await.expect(200),
            1 => client.refresh("nonsense").await.expect(401),
            2 => client.get("/api/user/profile").await.expect(401),
            _ => client.profile("nonsense").await.expect(401),
        };
        assert_eq!(reply.header("ratelimit").unwrap(), format!("\"api\";r={};t=3600", 99 - call));
    }
    client.get("/api/user/somebody/salts").await.expect(429);
    client.refresh("nonsense").await.expect(429);
    client.get("/api/user/profile").await.expect(429);
    client.profile("nonsense").await.expect(429);
    client.get("/healthz").await.expect(200);
    let elsewhere = Client::from_address(&server.base, Ipv4Addr::new(127, 0, 0, 9));
    elsewhere.get("/api/user/somebody/salts").await.expect(200);
}

#[tokio::test]
async fn e02_no_header_of_an_untrusted_peer_gives_it_another_bucket() {
    let server = limited().await;
    let client = server.client();
    let nobody = Person::new("nobody");
    let headers = ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip"];
    for (attempt, name) in headers.iter().cycle().take(10).enumerate() {
        let forged = if *name == "forwarded" {
            format!("for=203.0.113.{attempt}")
        } else {
            format!("203.0.113.{attempt}")
        };
        let request = client
            .request(Method::POST, "/api/auth/login")
            .header(*name, forged)
            .json(&nobody.login_body("000000"));
        let reply = client.send(request).await;
        assert_eq!(reply.status, if attempt < 5 { 401 } else { 429 }, "attempt {attempt} with {name}");
    }
}

#[tokio::test]
async fn e03_behind_a_trusted_proxy_each_client_has_its_own_bucket_and_none_can_forge_another() {
    let server = TestServer::start_with(|options| {
        options.with_default_limits();
        options.trusted_proxies = "127.0.0.2".into();
    })
    .await;
    let proxy = Client::from_address(&server.base, Ipv4Addr::new(127, 0, 0, 2));
    let nobody = Person::new("nobody");
    let attempt = async |forwarded: String| {
        let request = proxy
            .request(Method::POST, "/api/auth/login")
            .header("x-forwarded-for", forwarded)
            .json(&nobody.login_body("000000"));
        proxy.send(request).await.status
    };
    // An attacker writes the victim's address on the left; the proxy puts the real one on the right.
    for _ in 0..5 {
        assert_eq!(attempt("203.0.113.7, 198.51.100.66".into()).await, 401);
    }
    assert_eq!(attempt("203.0.113.7, 198.51.100.66".into()).await, 429);
    assert_eq!(attempt("1.1.1.1, 198.51.100.66:9999".into()).await, 429, "the port does not matter");
    assert_eq!(attempt("203.0.113.7".into()).await, 401, "the victim is not locked out");
    // Whatever cannot be read counts against the proxy itself.
    for bad in ["unknown", "203.0.113.7, ", "203.0.113.7, nonsense", "", "203.0.113.7, 999.1.1.1"] {
        assert_eq!(attempt(bad.into()).await, 401, "{bad:?}");
    }
    assert_eq!(attempt("unknown".into()).await, 429);
}

#[tokio::test]
async fn d03_a_name_has_one_bucket_in_every_spelling() {
    let server = limited().await;
    let client = server.client();
    for name in ["alice", "Alice", "ALICE", "aLiCe", "alicE"] {
        fail_login(&client, &Person::new(name)).await.expect(401);
    }
    fail_login(&client, &Person::new("alice")).await.expect(429);
    fail_login(&client, &Person::new("ALICE")).await.expect(429);
}

#[tokio::test]
async fn d09_a_429_tells_nothing_of_who_exists() {
    let server = limited().await;
    let (mut known, _) = server.sign_up("known").await;
    server.advance(Duration::from_secs(3_600));
    known.auth_key = [0; 32];
    let clients = [(8, known), (9, Person::new("nobody"))];
    let mut seen = Vec::new();
    for (host, person) in &clients {
        let client = Client::from_address(&server.base, Ipv4Addr::new(127, 0, 0, *host));
        let mut replies = Vec::new();
        for _ in 0..7 {
            let reply = fail_login(&client, person).await;
            let mut headers: Vec<_> = reply
                .headers
                .iter()
                .filter(|(name, _)| *name != "date" && *name != "x-request-id")
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                .collect();
            headers.sort();
            replies.push((reply.status, headers));
        }
        seen.push(replies);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(
        seen[0].iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        [401, 401, 401, 401, 401, 429, 429]
    );
}

#[tokio::test]
async fn d20_malformed_attempts_lock_nobody_out() {
    let server = limited().await;
    let (person, _) = server.sign_up("alice").await;
    server.advance(Duration::from_secs(3_600));
    let client = server.client();
    for round in 0..500 {
        let mut body = person.login_body("12345");
        if round % 2 == 0 {
            body = person.login_body("000000");
            body["auth_key"] = serde_json::json!("AAAA");
        }
        client.post("/api/auth/login", &body).await.expect(400);
    }
    person.login_with(&client, &person.code_at(server.now_millis())).await.expect(200);
}

#[tokio::test]
async fn e13_no_sliding_window_holds_more_than_the_limit() {
    let server = limited().await;
    let client = server.client();
    let nobody = Person::new("nobody");
    server.advance(Duration::from_secs(299));
    for _ in 0..5 {
        fail_login(&client, &nobody).await.expect(401);
    }
    server.advance(Duration::from_secs(2));
    for _ in 0..5 {
        fail_login(&client, &nobody).await.expect(429);
    }
    server.advance(Duration::from_secs(298));
    for _ in 0..5 {
        fail_login(&client, &nobody).await.expect(401);
    }
}

#[tokio::test]
async fn e09_a_step_of_the_wall_clock_neither_frees_nor_locks_anyone() {
    let server = limited().await;
    let client = server.client();
    let nobody = Person::new("nobody");
    for _ in 0..5 {
        fail_login(&client, &nobody).await.expect(401);
    }
    for hours in [24, -48, 24] {
        server.step_wall_clock(hours);
        let reply = fail_login(&client, &nobody).await.expect(429);
        assert_eq!(seconds(&reply, "retry-after"), 300);
    }
    server.advance(Duration::from_secs(300));
    fail_login(&client, &nobody).await.expect(401);
}

#[tokio::test]
async fn e12_no_other_spelling_of_a_path_is_an_uncounted_login() {
    let server = limited().await;
    let client = server.client();
    let nobody = Person::new("nobody");
    for _ in 0..5 {
        fail_login(&client, &nobody).await.expect(401);
    }
    let aliases = [
        "//api/auth/login",
        "/api/auth/login/",
        "/api/auth/LOGIN",
        "/api/auth/%6cogin",
        "/api/auth/login;a=b",
        "/api/auth/login?x=1",
        "/api//auth/login",
    ];
    for path in aliases {
        let reply = client.post(path, &nobody.login_body("000000")).await;
        assert!(matches!(reply.status, 404 | 405 | 429), "{path}: {}", reply.status);
    }
    let request = client.request(Method::HEAD, "/api/auth/login");
    client.send(request).await.expect(405);
}

#[tokio::test]
async fn a_limit_that_is_switched_off_is_not_counted() {
    let server = TestServer::start_with(|options| options.limit_login = "off".into()).await;
    let client = server.client();
    let nobody = Person::new("nobody");
    for _ in 0..20 {
        let reply = fail_login(&client, &nobody).await.expect(401);
        assert_eq!(reply.header("ratelimit"), None);
    }
}
