//! The process `epic-server` on MongoDB: keys and databases that belong together, and the commands.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it likes")]

#[path = "../../adapters/store-mongodb/tests/support/named_database.rs"]
#[allow(dead_code, reason = "the store's own tests use more of it")]
mod named_database;
#[path = "support/running.rs"]
mod running;
#[path = "../../adapters/store-mongodb/tests/support/server.rs"]
#[allow(dead_code, reason = "the store's own tests use more of it")]
mod server;

use named_database::NamedDatabase;
use running::{Running, epic_server, outcome_of, text};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The command of a node with its data in `data_dir`, on the database.
fn node(database: &NamedDatabase, data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = epic_server(data_dir, arguments);
    command.env("EPIC_STORE", database.uri());
    command
}

fn copy_keys(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-rp").arg(from.join("keys")).arg(to).status().unwrap();
    assert!(copied.success());
}

fn is_ready(server: &Running) -> bool {
    ureq::get(format!("{}/readyz", server.url())).call().unwrap().status() == 200
}

#[test]
fn nodes_with_the_keys_of_the_first_serve_and_others_do_not_start() {
    let (home, database) = (tempfile::tempdir().unwrap(), NamedDatabase::new());
    let [first, second] = ["first", "second"].map(|name| home.path().join(name));
    let server = Running::start(node(&database, &first, &[]));
    assert!(is_ready(&server));
    assert!(server.lines.iter().any(|line| line.contains(database.name())), "{:?}", server.lines);
    assert!(!first.join("epic.db").exists(), "nothing is kept in the data folder but keys");

    let refused = outcome_of(node(&database, &second, &[]));
    assert_eq!(refused.status.code(), Some(1));
    let message = text(&refused.stderr);
    assert!(message.contains("copy it from another node"), "{message}");
    assert!(!second.join("keys/pepper").exists(), "no keys are made for a database in use");

    copy_keys(&first, &second);
    let other = Running::start(node(&database, &second, &[]));
    assert!(is_ready(&other));
    assert_eq!((other.stop().0, server.stop().0), (Some(0), Some(0)));
}

#[test]
fn keys_of_another_database_are_refused() {
    let (home, database, another) =
        (tempfile::tempdir().unwrap(), NamedDatabase::new(), NamedDatabase::new());
    let [first, second] = ["first", "second"].map(|name| home.path().join(name));
    Running::start(node(&database, &first, &[])).stop();
    Running::start(node(&another, &second, &[])).stop();
    let refused = outcome_of(node(&database, &second, &[]));
    assert!(text(&refused.stderr).contains("used with other keys"), "{}", text(&refused.stderr));
    Running::start(node(&database, &first, &[])).stop();
}

#[test]
fn of_two_first_starts_at_one_moment_one_gives_the_keys() {
    for _ in 0..5 {
        let (home, database) = (tempfile::tempdir().unwrap(), NamedDatabase::new());
        let nodes: Vec<_> = ["first", "second"]
            .map(|name| node(&database, &home.path().join(name), &[]))
            .into_iter()
            .map(|command| std::thread::spawn(move || Running::try_start(command)))
            .collect();
        let started: Vec<_> = nodes.into_iter().map(|node| node.join().unwrap()).collect();
        let refusals: Vec<_> = started.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        assert_eq!(refusals.len(), 1, "one node serves: {refusals:?}");
        assert!(refusals[0].contains("keys"), "{refusals:?}");
    }
}

#[test]
fn the_audit_log_is_verified_while_nodes_serve() {
    let (home, database) = (tempfile::tempdir().unwrap(), NamedDatabase::new());
    let data = home.path().join("data");
    let server = Running::start(node(&database, &data, &[]));
    let demo = outcome_of(node(&database, &data, &["demo", "--url", server.url()]));
    assert!(demo.status.success(), "{}", text(&demo.stderr));
    let verified = outcome_of(node(&database, &data, &["audit", "verify"]));
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    assert!(text(&verified.stdout).contains("the audit log holds"), "{}", text(&verified.stdout));
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_server_that_is_not_there_is_named_by_its_database_and_never_by_its_password() {
    let home = tempfile::tempdir().unwrap();
    let mut command = epic_server(&home.path().join("data"), &[]);
    command.env("EPIC_STORE", "mongodb://epic:hunter2@127.0.0.1:1/notes");
    let refused = outcome_of(command);
    let message = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(message.contains("notes") && !message.contains("hunter2"), "{message}");
    assert!(fs::read_dir(home.path()).unwrap().count() == 0, "nothing was made");
}
