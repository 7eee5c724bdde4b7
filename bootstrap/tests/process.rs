//! What the process `epic-server` promises to whoever runs it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it likes")]

#[path = "support/running.rs"]
mod running;

use running::{Running, epic_server, outcome_of, text};
use std::fs;
use std::path::Path;
use std::process::Output;

fn outcome(data_dir: &Path, arguments: &[&str]) -> Output {
    outcome_of(epic_server(data_dir, arguments))
}

#[test]
fn a_first_start_says_where_everything_is_and_a_signal_ends_it_in_order() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = Running::start(epic_server(&data, &[]));
    let lines = &server.lines;
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0], format!("data in {}", data.display()));
    assert_eq!(lines[1], format!("keys in {}", data.join("keys").display()));
    assert!(lines[2].starts_with("listening on http://127.0.0.1:"), "{lines:?}");
    assert!(data.join("epic.db").exists());

    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopped"), "{log}");
}

#[test]
fn the_demonstration_passes_and_the_audit_log_holds_afterwards() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut command = epic_server(&data, &[]);
    command.env("EPIC_ARGON2", "64,1,1").env("EPIC_INSECURE_ARGON2", "true").env("EPIC_LOG_FORMAT", "json");
    let server = Running::start(command);
    let demo = outcome(&data, &["demo", "--url", server.url(), "--password", "canary-password"]);
    assert!(demo.status.success(), "{}{}", text(&demo.stdout), text(&demo.stderr));
    assert!(text(&demo.stdout).contains("Everything was as it should be."));
    assert!(!text(&demo.stdout).contains("canary-password"));

    let verified = outcome(&data, &["audit", "verify"]);
    assert!(!verified.status.success());
    assert!(text(&verified.stderr).contains("stop the server first"), "{}", text(&verified.stderr));

    let (code, log) = server.stop();
    assert_eq!(code, Some(0), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
    assert!(log.contains("refresh"), "{log}");
    let verified = outcome(&data, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    assert!(text(&verified.stdout).contains("the audit log holds: "), "{}", text(&verified.stdout));
    assert!(text(&verified.stdout).contains("checked; "), "{}", text(&verified.stdout));
}

#[test]
fn h03_an_audit_log_that_began_anew_does_not_fit_the_heads_that_were_carried_away() {
    let home = tempfile::tempdir().unwrap();
    let (data, carried_away) = (home.path().join("data"), home.path().join("carried-away.jsonl"));
    let serve_and_use = || {
        let mut command = epic_server(&data, &[]);
        command.env("EPIC_ARGON2", "64,1,1").env("EPIC_INSECURE_ARGON2", "true");
        let server = Running::start(command);
        let demo = outcome(&data, &["demo", "--url", server.url()]);
        assert!(demo.status.success(), "{}{}", text(&demo.stdout), text(&demo.stderr));
        assert_eq!(server.stop().0, Some(0));
    };
    let verify = || outcome(&data, &["audit", "verify", "--heads", carried_away.to_str().unwrap()]);
    serve_and_use();
    fs::copy(data.join("audit-heads.jsonl"), &carried_away).unwrap();
    let verified = verify();
    assert!(verified.status.success(), "{}", text(&verified.stderr));

    for name in ["epic.db", "epic.db-wal", "epic.db-shm", "audit-heads.jsonl"] {
        drop(fs::remove_file(data.join(name)));
    }
    serve_and_use();
    assert!(outcome(&data, &["audit", "verify"]).status.success(), "by itself it is whole");
    let refused = verify();
    let message = text(&refused.stderr);
    assert!(!refused.status.success() && message.contains("does not fit a signed head"), "{message}");
    assert!(message.contains("carried-away.jsonl"), "{message}");
}

#[test]
fn tokens_of_either_algorithm_pass_the_demonstration_and_a_change_makes_the_other_keys() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    for (algorithm, file) in [("hs256", "token-keys"), ("eddsa", "token-signing-keys-ed25519")] {
        assert!(!data.join("keys").join(file).exists());
        let mut command = epic_server(&data, &[]);
        command.env("EPIC_ARGON2", "64,1,1").env("EPIC_INSECURE_ARGON2", "true");
        command.env("EPIC_TOKEN_ALGORITHM", algorithm);
        let server = Running::start(command);
        let demo = outcome(&data, &["demo", "--url", server.url()]);
        assert!(demo.status.success(), "{algorithm}: {}{}", text(&demo.stdout), text(&demo.stderr));
        assert_eq!(server.stop().0, Some(0));
        assert!(data.join("keys").join(file).exists());
    }
}

#[test]
fn i09_a_second_server_on_the_same_data_refuses_and_the_first_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let first = Running::start(epic_server(&data, &[]));
    let second = outcome(&data, &[]);
    assert!(!second.status.success());
    assert!(text(&second.stderr).contains("in use"), "{}", text(&second.stderr));
    assert_eq!(first.stop().0, Some(0));
}

#[test]
fn a08_a_weak_token_key_ends_the_start_without_being_shown() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    // base64url of "secret"
    for keys in ["", "k1:", "k1:c2VjcmV0", "secret"] {
        let refused = epic_server(&data, &[]).env("EPIC_TOKEN_KEYS", keys).output().unwrap();
        let message = text(&refused.stderr);
        assert!(!refused.status.success() && message.contains("EPIC_TOKEN_KEYS"), "{message}");
        assert!(!message.contains("c2VjcmV0") && !message.contains("secret"), "{message}");
    }
    assert!(!data.exists(), "nothing was made");
}

#[test]
fn h10_an_exposed_key_file_ends_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    assert_eq!(Running::start(epic_server(&data, &[])).stop().0, Some(0));
    fs::set_permissions(data.join("keys/pepper"), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = outcome(&data, &[]);
    let message = text(&refused.stderr);
    assert!(
        !refused.status.success() && message.contains("pepper") && message.contains("chmod 600"),
        "{message}"
    );
}

#[test]
fn a_missing_pepper_ends_the_start_and_nothing_takes_its_place() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    assert_eq!(Running::start(epic_server(&data, &[])).stop().0, Some(0));
    fs::remove_file(data.join("keys/pepper")).unwrap();
    let refused = outcome(&data, &[]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("restore it"));
    assert!(!data.join("keys/pepper").exists());
}

#[test]
fn config_check_shows_what_holds_or_all_that_is_wrong() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    fs::write(home.path().join("epic-server.toml"), "quota = \"1GiB\"\nlog = \"warn\"\n").unwrap();
    let mut command = epic_server(&data, &["config", "check", "--log", "error"]);
    let shown = command.env("EPIC_LISEN", "x").output().unwrap();
    assert!(shown.status.success());
    let lines = text(&shown.stdout);
    assert!(lines.contains("quota = \"1GiB\"  # file"), "{lines}");
    assert!(lines.contains("listen = \"127.0.0.1:0\"  # environment"), "{lines}");
    assert!(lines.contains("log = \"error\"  # flag"), "{lines}");
    assert!(text(&shown.stderr).contains("EPIC_LISEN"));

    fs::write(home.path().join("epic-server.toml"), "quta = 1\nargon2 = \"1,1,1\"\n").unwrap();
    let refused = epic_server(&data, &["config", "check", "--listen", "x"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let message = text(&refused.stderr);
    for part in ["quta", "argon2", "--listen"] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!data.exists(), "nothing was made");
}

#[test]
fn other_stores_and_blobs_are_refused_without_their_credentials() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let mut command = epic_server(&data, &[]);
    command.env("EPIC_STORE", "postgres://user:hunter2@db").env("EPIC_BLOBS", "s3://bucket?secret=hunter2");
    let message = text(&command.output().unwrap().stderr);
    assert!(message.contains("EPIC_STORE") && message.contains("EPIC_BLOBS"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn a_demonstration_without_a_server_says_so() {
    let home = tempfile::tempdir().unwrap();
    let refused = outcome(&home.path().join("data"), &["demo", "--url", "http://127.0.0.1:1"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("no EPIC server answers"), "{}", text(&refused.stderr));
}
