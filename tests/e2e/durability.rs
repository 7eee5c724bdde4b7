//! What was answered is there after a kill -9; what was ended stays ended.

use crate::support::{Home, Person, Reply, ServerProcess, StoreKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const NO_LIMITS: &[(&str, &str)] = &[
    ("EPIC_LIMIT_LOGIN_ACCOUNT", "off"),
    ("EPIC_LIMIT_LOGIN", "off"),
    ("EPIC_LIMIT_REGISTER", "off"),
    ("EPIC_LIMIT_TOTP", "off"),
    ("EPIC_LIMIT_API", "off"),
];

fn start(home: &Home) -> ServerProcess {
    ServerProcess::start(home.path(), NO_LIMITS)
}

fn wall_millis() -> u64 {
    u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

/// Registers and signs in; the code that was used comes along.
async fn sign_up(server: &ServerProcess, name: &str) -> (Person, Reply, String) {
    let client = server.client();
    let mut person = Person::new(name);
    person.register(&client).await.expect(201);
    let code = person.code_at(wall_millis());
    let login = person.login_with(&client, &code).await.expect(200);
    (person, login, code)
}

#[tokio::test]
async fn a_user_registered_right_before_a_kill_can_sign_in_after_it() {
    let home = Home::new();
    for round in 0..StoreKind::rounds(20) {
        let server = start(&home);
        let mut person = Person::new(&format!("user{round}"));
        person.register(&server.client()).await.expect(201);
        server.kill();
        let server = start(&home);
        person.login_with(&server.client(), &person.code_at(wall_millis())).await.expect(200);
    }
}

#[tokio::test]
async fn c08_a_session_and_a_spent_code_survive_a_kill() {
    let home = Home::new();
    for round in 0..StoreKind::rounds(20) {
        let server = start(&home);
        let (person, login, code) = sign_up(&server, &format!("user{round}")).await;
        server.kill();
        let server = start(&home);
        let client = server.client();
        client.profile(&login.text("access_token")).await.expect(200);
        client.refresh(&login.text("refresh_token")).await.expect(200);
        person.login_with(&client, &code).await.expect(401);
    }
}

#[tokio::test]
async fn b07_a_logged_out_session_stays_dead_through_a_kill() {
    let home = Home::new();
    for round in 0..StoreKind::rounds(200) {
        let server = start(&home);
        let (_, login, _) = sign_up(&server, &format!("user{round}")).await;
        server.client().logout(&login.text("access_token")).await.expect(204);
        server.kill();
        let server = start(&home);
        server.client().profile(&login.text("access_token")).await.expect(401);
        server.client().refresh(&login.text("refresh_token")).await.expect(401);
    }
}

#[tokio::test]
async fn a_rotation_answered_before_a_kill_holds_after_it() {
    let home = Home::new();
    for round in 0..10 {
        let server =
            ServerProcess::start(home.path(), &[NO_LIMITS, &[("EPIC_REFRESH_GRACE", "0s")]].concat());
        let (_, login, _) = sign_up(&server, &format!("user{round}")).await;
        let next = server.client().refresh(&login.text("refresh_token")).await.expect(200);
        server.kill();
        let server =
            ServerProcess::start(home.path(), &[NO_LIMITS, &[("EPIC_REFRESH_GRACE", "0s")]].concat());
        let last = server.client().refresh(&next.text("refresh_token")).await.expect(200);
        server.client().refresh(&login.text("refresh_token")).await.expect(401);
        server.client().profile(&last.text("access_token")).await.expect(401);
    }
}

#[tokio::test]
async fn a_change_of_what_guards_an_account_survives_a_kill_and_so_does_its_end_of_other_sessions() {
    let home = Home::new();
    for round in 0..10 {
        let server = start(&home);
        let (person, first, _) = sign_up(&server, &format!("user{round}")).await;
        let client = server.client();
        let codes = first.json()["recovery_codes"].as_array().unwrap().clone();
        let second = person.login_with(&client, codes[0].as_str().unwrap()).await.expect(200);
        let token = second.text("access_token");
        let mut changed = Person::new(&person.username);
        changed.otpauth_uri = person.otpauth_uri.clone();
        let mut body = changed.register_body();
        for name in ["username", "public_key", "signing_key"] {
            body.as_object_mut().unwrap().remove(name);
        }
        let etag = client.profile(&token).await.expect(200).header("etag").unwrap().to_owned();
        client.put_as(&token, "/api/user/credentials", &etag, &body).await.expect(204);
        server.kill();

        let server = start(&home);
        let client = server.client();
        client.profile(&first.text("access_token")).await.expect(401);
        client.refresh(&first.text("refresh_token")).await.expect(401);
        client.profile(&token).await.expect(200);
        person.login_with(&client, codes[1].as_str().unwrap()).await.expect(401);
        changed.login_with(&client, codes[1].as_str().unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn a_deletion_answered_before_a_kill_holds_after_it() {
    let home = Home::new();
    for _ in 0..10 {
        let server = start(&home);
        let (_, login, _) = sign_up(&server, "alice").await;
        server.client().delete_as(&login.text("access_token"), "/api/user").await.expect(202);
        server.kill();
        let server = start(&home);
        server.client().profile(&login.text("access_token")).await.expect(401);
        server.client().refresh(&login.text("refresh_token")).await.expect(401);
        // The next round takes the name again.
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i01_no_acknowledged_registration_is_lost_when_killed_under_load() {
    let home = Home::new();
    let mut acknowledged: Vec<Person> = Vec::new();
    for round in 0..10 {
        let server = start(&home);
        let written = Arc::new(AtomicUsize::new(0));
        let writers: Vec<_> = (0..16)
            .map(|writer| {
                let (client, written) = (server.client(), Arc::clone(&written));
                tokio::spawn(async move {
                    let mut kept = Vec::new();
                    for index in 0..1_000 {
                        let mut person = Person::new(&format!("r{round}w{writer}i{index}"));
                        let request = client.request(reqwest::Method::POST, "/api/auth/register");
                        let Ok(response) = request.json(&person.register_body()).send().await else { break };
                        if response.status() != 201 {
                            continue;
                        }
                        let Ok(body) = response.json::<serde_json::Value>().await else { break };
                        person.otpauth_uri = body["otpauth_uri"].as_str().unwrap().to_owned();
                        kept.push(person);
                        written.fetch_add(1, Ordering::Relaxed);
                    }
                    kept
                })
            })
            .collect();
        while written.load(Ordering::Relaxed) < 12 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(37 * round)).await;
        server.kill();
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }
    }
    assert!(acknowledged.len() > 100, "the load wrote {}", acknowledged.len());
    let server = start(&home);
    for person in &acknowledged {
        let login = person.login_with(&server.client(), &person.code_at(wall_millis())).await;
        assert_eq!(login.status, 200, "{} was acknowledged and is lost", person.username);
    }
}
