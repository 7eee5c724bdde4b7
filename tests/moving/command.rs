//! The command `epic-server migrate`, and a server on what has moved.

use crate::support::mongodb::NamedDatabase;
use crate::support::process::command;
use crate::support::{FileClient, Person, ServerProcess};
use epic_outbound::audit::Audit;
use epic_outbound::clock::Clock;
use epic_outbound::users::{Insertion, Users};
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_system::SystemClock;
use epic_tests::builders::{event, user};
use futures_util::future::join_all;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const NO_LIMITS: &[(&str, &str)] =
    &[("EPIC_LIMIT_LOGIN", "off"), ("EPIC_LIMIT_TOTP", "off"), ("EPIC_LIMIT_UPLOAD", "off")];

fn start(folder: &Path, store: &str) -> ServerProcess {
    ServerProcess::start(folder, &[NO_LIMITS, &[("EPIC_STORE", store)]].concat())
}

fn migrate(folder: &Path, from: &str, to: &str, uri: &str) -> Command {
    let mut migrate = command(folder);
    migrate.args(["migrate", "--from", from, "--to", to]).env("EPIC_STORE", uri);
    migrate
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command that succeeds says.
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Why a command fails.
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stderr)
}

fn wall_millis() -> u64 {
    u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

async fn signed_in(server: &ServerProcess, person: &Person) -> crate::support::Reply {
    person.login_with(&server.client(), &person.code_at(wall_millis())).await.expect(200)
}

/// Somebody's state as tokens and a file.
struct Life {
    live_refresh: String,
    ended_access: String,
    ended_refresh: String,
    /// Registered, and not signed in yet.
    newcomer: Person,
    owner: Person,
    file_id: String,
    content: Vec<u8>,
}

async fn live(server: &ServerProcess) -> Life {
    let client = server.client();
    let [mut owner, mut other, mut newcomer] = ["owner", "other", "newcomer"].map(Person::new);
    for person in [&mut owner, &mut other, &mut newcomer] {
        person.register(&client).await.expect(201);
    }
    let (login, ended) = (signed_in(server, &owner).await, signed_in(server, &other).await);
    client.logout(&ended.text("access_token")).await.expect(204);
    let content = vec![0xE5; 100_000];
    let files =
        FileClient { client: client.clone(), token: login.text("access_token"), person: owner.clone() };
    let file_id = files.store(&content).await;
    Life {
        live_refresh: login.text("refresh_token"),
        ended_access: ended.text("access_token"),
        ended_refresh: ended.text("refresh_token"),
        newcomer,
        owner,
        file_id,
        content,
    }
}

/// All that was true before holds; the next refresh token is kept.
async fn goes_on(server: &ServerProcess, life: &mut Life) {
    let client = server.client();
    client.profile(&life.ended_access).await.expect(401);
    client.refresh(&life.ended_refresh).await.expect(401);
    let renewed = client.refresh(&life.live_refresh).await.expect(200);
    life.live_refresh = renewed.text("refresh_token");
    let files = FileClient {
        client: client.clone(),
        token: renewed.text("access_token"),
        person: life.owner.clone(),
    };
    let fetched = files.get(&format!("/api/files/{}/content", life.file_id)).await.expect(200);
    assert_eq!(fetched.body, life.content);
}

#[tokio::test]
async fn a_server_goes_on_in_mongodb_and_then_in_sqlite_again() {
    let (home, database) = (tempfile::tempdir().unwrap(), NamedDatabase::new());
    let (folder, uri) = (home.path(), database.uri());
    let server = start(folder, "sqlite");
    let mut life = live(&server).await;
    let busy = refusal(&migrate(folder, "sqlite", "mongodb", &uri).output().unwrap());
    assert!(busy.contains("stop the server first"), "{busy}");
    assert_eq!(server.terminate(), Some(0));

    let there = said(&migrate(folder, "sqlite", "mongodb", &uri).output().unwrap());
    assert!(there.contains("copied 3 accounts") && there.contains("nothing differs"), "{there}");
    let server = start(folder, &uri);
    goes_on(&server, &mut life).await;
    signed_in(&server, &life.newcomer).await;
    for (from, to) in [("mongodb", "sqlite"), ("sqlite", "mongodb")] {
        let served = refusal(&migrate(folder, from, to, &uri).output().unwrap());
        assert!(served.contains("nodes serve from the MongoDB database"), "{served}");
    }
    assert_eq!(server.terminate(), Some(0));
    let verified = command(folder).args(["audit", "verify"]).env("EPIC_STORE", &uri).output().unwrap();
    assert!(said(&verified).contains("the audit log holds"), "{}", text(&verified.stdout));

    let occupied = refusal(&migrate(folder, "mongodb", "sqlite", &uri).output().unwrap());
    assert!(occupied.contains("not empty"), "{occupied}");
    for name in ["epic.db", "epic.db-wal", "epic.db-shm"] {
        drop(fs::remove_file(folder.join("data").join(name)));
    }
    let back = said(&migrate(folder, "mongodb", "sqlite", &uri).output().unwrap());
    assert!(back.contains("copied 3 accounts") && back.contains("nothing differs"), "{back}");
    let server = start(folder, "sqlite");
    goes_on(&server, &mut life).await;
    assert_eq!(server.terminate(), Some(0));
    let verified = command(folder).args(["audit", "verify"]).env("EPIC_STORE", "sqlite").output().unwrap();
    assert!(said(&verified).contains("the audit log holds"), "{}", text(&verified.stdout));
}

#[test]
fn what_cannot_be_moved_is_refused_with_the_reason() {
    let (home, database) = (tempfile::tempdir().unwrap(), NamedDatabase::new());
    let (folder, uri) = (home.path(), database.uri());
    let same = refusal(&migrate(folder, "sqlite", "sqlite", &uri).output().unwrap());
    assert!(same.contains("same kind"), "{same}");
    let nowhere = refusal(&migrate(folder, "sqlite", "mongodb", "sqlite").output().unwrap());
    assert!(nowhere.contains("EPIC_STORE"), "{nowhere}");
    let nothing = refusal(&migrate(folder, "sqlite", "mongodb", &uri).output().unwrap());
    assert!(nothing.contains("there is no database"), "{nothing}");
    let keyless = refusal(&migrate(folder, "mongodb", "sqlite", &uri).output().unwrap());
    assert!(keyless.contains("is missing"), "{keyless}");
}

/// Makes keys and a database, and puts so many accounts and events into it.
async fn filled(folder: &Path, count: u64) {
    assert_eq!(start(folder, "sqlite").terminate(), Some(0));
    let store = SqliteStore::open(&folder.join("data"), StoreOptions::default()).unwrap();
    let now = SystemClock::new().now();
    let users: Vec<_> = (1..=count).map(|seed| user(seed).build()).collect();
    for some in users.chunks(500) {
        let insertions = some.iter().map(|user| store.insert_if_absent(user, now));
        let inserted = join_all(insertions).await;
        assert!(inserted.iter().all(|inserted| matches!(inserted, Ok(Insertion::Inserted))));
    }
    let events: Vec<_> = (1..=count).map(event).collect();
    for some in events.chunks(500) {
        store.append(some).await.unwrap();
    }
    store.close();
}

/// Starts a move and kills it once it says a line that begins so; false when it ended before.
fn killed_at(mut migrate: Command, line_start: &str) -> bool {
    let mut child = migrate.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let reached = lines.any(|line| line.starts_with(line_start));
    child.kill().unwrap();
    let ended_well = child.wait().unwrap().success();
    reached && !ended_well
}

#[tokio::test]
async fn a_move_that_is_killed_goes_on_and_no_server_starts_in_between() {
    const COUNT: u64 = 2_000;
    let (home, database) = (tempfile::tempdir().unwrap(), NamedDatabase::new());
    let (folder, uri) = (home.path(), database.uri());
    filled(folder, COUNT).await;
    for line_start in ["copied 2000 accounts", "copied 2000 events", "compared 2000 accounts"] {
        assert!(killed_at(migrate(folder, "sqlite", "mongodb", &uri), line_start), "{line_start}");
        let refused = command(folder).env("EPIC_STORE", &uri).env("EPIC_LISTEN", "127.0.0.1:0").output();
        let refused = refusal(&refused.unwrap());
        assert!(refused.contains("has not been finished"), "{refused}");
    }
    let moved = said(&migrate(folder, "sqlite", "mongodb", &uri).output().unwrap());
    assert!(moved.contains("nothing differs"), "{moved}");
    assert!(!moved.contains("copied"), "all had been copied before: {moved}");
    let line = moved.lines().find(|line| line.starts_with("accounts")).unwrap();
    let counts: Vec<_> = line.split_whitespace().skip(1).take(2).collect();
    assert_eq!(counts, ["2000", "2000"], "{line}");
    assert_eq!(start(folder, &uri).terminate(), Some(0));
}
