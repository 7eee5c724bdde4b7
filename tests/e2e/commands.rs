//! The binary's own commands and its start.

use crate::support::process::{binary, command};
use crate::support::{Client, Home, Person, ServerProcess};
use mongodb::bson::{DateTime, Document, doc};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

#[test]
fn without_any_setting_the_server_says_where_its_data_and_keys_are() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), &[]);
    let mode = |path: &str| fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    for entry in fs::read_dir(home.path().join("data/keys")).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
    assert_eq!(server.terminate(), Some(0), "SIGTERM ends it in order");
}

#[test]
fn i09_a_second_process_on_the_same_data_is_refused_and_the_first_is_unharmed() {
    let home = Home::new();
    let first = ServerProcess::start(home.path(), &[]);
    let second = command(home.path()).env("EPIC_LISTEN", "127.0.0.1:0").output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("in use") || said.contains("another process"), "{said}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(first.client().get("/readyz")).expect(200);
    first.kill();
    // The lock went with the process.
    let third = ServerProcess::start(home.path(), &[]);
    runtime.block_on(third.client().get("/readyz")).expect(200);
}

#[test]
fn a08_a_weak_signing_key_is_refused_by_rule_and_never_shown() {
    let encode = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    let keys = [
        String::new(),
        encode(&[7; 31]),
        encode(&[b'a'; 32]),
        encode(b"secret"),
        encode(b"your-256-bit-secretyour-256-bit-secret"),
        encode(b"abababababababababababababababab"),
        encode(&(0..32).collect::<Vec<u8>>()),
    ];
    for key in keys {
        let home = Home::new();
        let output = command(home.path())
            .env("EPIC_LISTEN", "127.0.0.1:0")
            .env("EPIC_TOKEN_KEYS", format!("k1:{key}"))
            .output()
            .unwrap();
        assert!(!output.status.success(), "started with {key:?}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.to_lowercase().contains("token_keys"), "names the setting: {said}");
        assert!(key.len() < 8 || !said.contains(&key), "shows the key: {said}");
    }
}

#[test]
fn the_configuration_can_be_checked_without_starting() {
    let home = Home::new();
    let good = command(home.path()).args(["config", "check"]).output().unwrap();
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let bad = command(home.path())
        .args(["config", "check"])
        .env("EPIC_LIMIT_LOGIN", "many")
        .env("EPIC_ACCESS_TTL", "soon")
        .output()
        .unwrap();
    assert_eq!(bad.status.code(), Some(1));
    let said = String::from_utf8_lossy(&[bad.stdout, bad.stderr].concat()).to_lowercase();
    assert!(said.contains("limit_login") && said.contains("access_ttl"), "every error at once: {said}");
}

#[test]
fn the_demo_walks_through_the_five_flows_against_a_running_server() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), &[]);
    let demo = command(home.path()).args(["demo", "--url", &server.base]).output().unwrap();
    let said = String::from_utf8_lossy(&demo.stdout).into_owned();
    assert!(demo.status.success(), "{said}\n{}", String::from_utf8_lossy(&demo.stderr));
    assert!(said.contains('█') || said.contains('▀'), "the QR code is shown: {said}");
}

/// An example beside the binary in the target folder.
fn example(name: &str) -> std::process::Command {
    let path = binary().parent().unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is missing: cargo build --examples", path.display());
    std::process::Command::new(path)
}

#[test]
fn the_core_works_without_http_as_the_example_shows() {
    let output = example("core_without_http").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].starts_with("attempt 1: signed in"), "{said}");
    assert!(lines[5].starts_with("attempt 6: wait "), "{said}");
    let source = include_str!("../../bootstrap/examples/core_without_http.rs");
    assert!(source.lines().count() < 60, "short enough to be read at once");
}

#[test]
fn the_current_user_filter_guards_somebody_elses_route_as_the_example_shows() {
    let home = Home::new();
    let mut command = example("current_user_filter");
    command.env("EPIC_DATA_DIR", home.path().join("data")).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let api = lines.next().unwrap().strip_prefix("API on ").unwrap().to_owned();
    let notes =
        lines.next().unwrap().strip_prefix("notes on ").unwrap().trim_end_matches("/notes").to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = Client::new(&api);
        let mut person = Person::new("alice");
        person.register(&client).await.expect(201);
        let now = u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
        let login = person.login_with(&client, &person.code_at(now)).await.expect(200);
        let guarded = Client::new(&notes);
        let reply = guarded.get_as(&login.text("access_token"), "/notes").await.expect(200);
        assert_eq!(reply.body, b"the notes of alice\n");
        assert_eq!(guarded.get("/notes").await.expect(401).json()["code"], "missing_token");
        client.logout(&login.text("access_token")).await.expect(204);
        guarded.get_as(&login.text("access_token"), "/notes").await.expect(401);
    });
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Moves an event by a millisecond, past the server.
fn change_third_event(home: &Home) {
    if let Some(database) = home.database() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let audit = database.raw().await.collection::<Document>("audit");
            let third = audit.find_one(doc! { "_id": 3_i64 }).await.unwrap().unwrap();
            let moved = third.get_datetime("at").unwrap().timestamp_millis() + 1;
            let change = doc! { "$set": { "at": DateTime::from_millis(moved) } };
            audit.update_one(doc! { "_id": 3_i64 }, change).await.unwrap();
        });
        return;
    }
    let changed = std::process::Command::new("python3")
        .args(["-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('update audit set at_ms = at_ms + 1 where sequence = 3'); c.commit()"])
        .arg(home.path().join("data/epic.db"))
        .status();
    assert!(changed.unwrap().success());
}

#[test]
fn the_audit_log_verifies_and_a_changed_record_is_named() {
    let home = Home::new();
    let server = ServerProcess::start(home.path(), &[]);
    let demo = command(home.path()).args(["demo", "--url", &server.base]).output().unwrap();
    assert!(demo.status.success());
    assert_eq!(server.terminate(), Some(0));
    let verify = || command(home.path()).args(["audit", "verify"]).output().unwrap();
    let whole = verify();
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    change_third_event(&home);
    let broken = verify();
    assert!(!broken.status.success());
    let said = [broken.stdout, broken.stderr].concat();
    assert!(String::from_utf8_lossy(&said).contains("event 3"), "{}", String::from_utf8_lossy(&said));
}
