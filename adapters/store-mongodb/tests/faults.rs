//! A server that crashes loses nothing it has acknowledged, and one that is down holds nobody up.

use crate::support::own_server::OwnServer;
use core::time::Duration;
use epic_domain::audit::{Anchor, verify};
use epic_domain::user::Version;
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{OpeningOutcome, Sessions};
use epic_outbound::users::{Insertion, Users};
use epic_store_mongodb::{MongoOptions, MongoStore, OpenError};
use epic_tests::builders::{T0, event, opening, seconds_after_t0, session, session_id, user, user_id};
use mongodb::Client;
use mongodb::bson::{Bson, doc};

fn options(server: &OwnServer) -> MongoOptions {
    MongoOptions { deadline: Duration::from_secs(2), ..crate::support::options(&server.uri(), "epic") }
}

/// What a writer has been told is stored: seeds of accounts with a session, of ended sessions, of events.
#[derive(Default)]
struct Acknowledged {
    opened: Vec<u64>,
    ended: Vec<u64>,
    appended: Vec<u64>,
}

/// Writes until something is not acknowledged, from a seed on.
async fn write(store: MongoStore, first_seed: u64) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    for seed in first_seed.. {
        if write_one(&store, seed, &mut acknowledged).await.is_err() {
            break;
        }
    }
    acknowledged
}

async fn write_one(store: &MongoStore, seed: u64, acknowledged: &mut Acknowledged) -> Result<(), StoreError> {
    store.insert_if_absent(&user(seed).build(), T0).await?;
    let outcome = store.open(&opening(&session(seed, user_id(seed)).build(), Version::FIRST)).await?;
    assert_eq!(outcome, OpeningOutcome::Opened { ended: Vec::new() });
    acknowledged.opened.push(seed);
    if seed.is_multiple_of(2) {
        assert!(store.end(session_id(seed), seconds_after_t0(60)).await?);
        acknowledged.ended.push(seed);
    }
    store.append(&[event(seed)]).await?;
    acknowledged.appended.push(seed);
    Ok(())
}

async fn all_is_there(store: &MongoStore, acknowledged: &Acknowledged) {
    let revoked = store.live_revocations(T0).await.unwrap();
    for seed in &acknowledged.opened {
        assert!(store.find_by_id(user_id(*seed)).await.unwrap().is_some(), "account {seed}");
        let is_live = store.find(session_id(*seed)).await.unwrap().is_some();
        let is_revoked = revoked.iter().any(|ended| ended.session_id == session_id(*seed));
        assert!(is_live != is_revoked, "session {seed} is one of both");
        assert!(is_revoked || !acknowledged.ended.contains(seed), "session {seed} has ended");
    }
    let anchor = store.anchor().await.unwrap();
    let links = Audit::read(store, 0, u32::MAX).await.unwrap();
    anchor.matches(verify(Anchor::empty(), links.iter().cloned()).unwrap()).unwrap();
    for seed in &acknowledged.appended {
        assert!(links.iter().any(|link| link.event == event(*seed)), "event {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_crash_is_there_after_it() {
    let mut server = OwnServer::started(&[]);
    let store = MongoStore::open(options(&server)).await.unwrap();
    let mut kept = Vec::new();
    for round in 0..4_u64 {
        let writers: Vec<_> = (0..4)
            .map(|writer| tokio::spawn(write(store.clone(), round * 100_000 + writer * 10_000)))
            .collect();
        tokio::time::sleep(Duration::from_millis(600)).await;
        server.kill();
        for writer in writers {
            kept.push(writer.await.unwrap());
        }
        server.start();
        recovered(&store).await;
        for acknowledged in &kept {
            all_is_there(&store, acknowledged).await;
        }
    }
    let appended: usize = kept.iter().map(|acknowledged| acknowledged.appended.len()).sum();
    let ended: usize = kept.iter().map(|acknowledged| acknowledged.ended.len()).sum();
    assert!(appended > 20 && ended > 10, "there was a load: {appended} events, {ended} ends");
}

/// Waits until the store answers again, without opening it anew.
async fn recovered(store: &MongoStore) {
    for _ in 0..20 {
        if store.ping().await.is_ok() {
            return;
        }
    }
    panic!("the store does not recover");
}

#[tokio::test]
async fn a_store_whose_server_is_down_is_unavailable_in_time_and_recovers() {
    let mut server = OwnServer::started(&[]);
    let store = MongoStore::open(options(&server)).await.unwrap();
    store.insert_if_absent(&user(1).build(), T0).await.unwrap();
    server.kill();
    let (account, events) = (user(2).build(), [event(1)]);
    let (read, write, append, ping) = tokio::time::timeout(Duration::from_secs(30), async {
        tokio::join!(
            store.find_by_id(user_id(1)),
            store.insert_if_absent(&account, T0),
            store.append(&events),
            store.ping(),
        )
    })
    .await
    .unwrap();
    assert!(matches!(read, Err(StoreError::Unavailable(_))));
    assert!(matches!(write, Err(StoreError::Unavailable(_))));
    assert!(matches!(append, Err(StoreError::Unavailable(_))));
    assert!(matches!(ping, Err(StoreError::Unavailable(_))));

    server.start();
    recovered(&store).await;
    assert!(store.find_by_id(user_id(1)).await.unwrap().is_some());
    assert_eq!(store.insert_if_absent(&user(2).build(), T0).await.unwrap(), Insertion::Inserted);
    assert_eq!(store.anchor().await.unwrap(), Anchor::empty());
}

/// It takes connections and never answers: the deadline is what ends the call.
#[tokio::test]
async fn a_server_that_hangs_holds_nobody_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("mongodb://{}/", listener.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    let options =
        MongoOptions { deadline: Duration::from_millis(500), ..crate::support::options(&uri, "epic") };
    let opened = tokio::time::timeout(Duration::from_secs(20), MongoStore::open(options)).await.unwrap();
    assert!(matches!(opened, Err(OpenError::Unavailable(_))));
    silent.abort();
}

#[tokio::test]
async fn a_server_without_transactions_is_refused() {
    let server = OwnServer::started(&["--standalone"]);
    let opened = MongoStore::open(options(&server)).await;
    assert!(matches!(opened, Err(OpenError::NoTransactions)));
}

/// Commands that a call of the store may send.
const COMMANDS: [&str; 6] = ["insert", "update", "find", "findAndModify", "delete", "commitTransaction"];

/// What a server answers that is no primary any more, has changed its state, or is going down; `None` closes the connection.
const FAILOVERS: [Option<i32>; 4] = [Some(10_107), Some(11_602), Some(91), None];

/// Lets the server fail a command in this way, so often.
async fn fail(server: &OwnServer, command: &str, code: Option<i32>, mode: impl Into<Bson>) {
    let mut data = doc! { "failCommands": [command], "errorLabels": ["RetryableWriteError"] };
    match code {
        Some(code) => data.insert("errorCode", code),
        None => data.insert("closeConnection", true),
    };
    let admin = Client::with_uri_str(server.uri()).await.unwrap().database("admin");
    let point = doc! { "configureFailPoint": "failCommand", "mode": mode.into(), "data": data };
    admin.run_command(point).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i03_a_failover_at_any_command_loses_nothing_that_was_acknowledged() {
    let server = OwnServer::started(&["--enable-test-commands"]);
    let store = MongoStore::open(options(&server)).await.unwrap();
    let (mut acknowledged, mut seed, mut failed) = (Acknowledged::default(), 0, 0);
    for command in COMMANDS {
        for code in FAILOVERS {
            // Once the driver may try again; twice it may not.
            for times in 1..=if code == FAILOVERS[0] { 2 } else { 1 } {
                seed += 2;
                fail(&server, command, code, doc! { "times": times }).await;
                let written = write_one(&store, seed, &mut acknowledged).await;
                assert!(
                    matches!(written, Ok(()) | Err(StoreError::Unavailable(_))),
                    "{command}, {code:?}: {written:?}"
                );
                failed += usize::from(written.is_err());
                fail(&server, command, code, "off").await;
            }
        }
    }
    assert!(failed > 0 && acknowledged.appended.len() > COMMANDS.len(), "{failed} failed");
    all_is_there(&store, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i03_a_server_that_is_no_primary_for_long_is_unavailable_until_it_is_one_again() {
    let server = OwnServer::started(&["--enable-test-commands"]);
    let store = MongoStore::open(options(&server)).await.unwrap();
    fail(&server, "insert", Some(10_107), "alwaysOn").await;
    let refused = store.insert_if_absent(&user(1).build(), T0).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    fail(&server, "insert", Some(10_107), "off").await;
    recovered(&store).await;
    assert_eq!(store.insert_if_absent(&user(1).build(), T0).await.unwrap(), Insertion::Inserted);
}
