//! The feed tells a node what another node changed, and says when it is lost.

use crate::support::FreshDatabase;
use crate::support::own_server::OwnServer;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use epic_domain::id::UserId;
use epic_domain::session::Revocation;
use epic_domain::user::{OtpStep, User, Version};
use epic_outbound::StoreError;
use epic_outbound::changes::{ChangeFeed, Changes, StoreChange, Told};
use epic_outbound::sessions::{EndScope, Sessions};
use epic_outbound::users::{Change, CredentialChange, Ending, Users};
use epic_store_mongodb::{MongoOptions, MongoStore};
use epic_tests::builders::{T0, opening, seconds_after_t0, session, session_id, user, user_id};
use mongodb::bson::{Uuid, doc};
use mongodb::{Client, Database};
use std::collections::BTreeSet;

async fn follow(store: &MongoStore) -> Box<dyn ChangeFeed> {
    store.follow().await.unwrap().unwrap()
}

/// Everything that the feed tells of what was there when this was called: until the answer to a question.
async fn told(feed: &mut Box<dyn ChangeFeed>) -> Vec<StoreChange> {
    static QUESTIONS: AtomicU64 = AtomicU64::new(1);
    let question = QUESTIONS.fetch_add(1, Ordering::SeqCst);
    feed.ask(question);
    let mut all = Vec::new();
    for _ in 0..1_000 {
        let Told { changes, answered } = feed.next().await.unwrap();
        all.extend(changes);
        if answered >= Some(question) {
            return all;
        }
    }
    panic!("the question is not answered");
}

fn ended(seed: u64) -> StoreChange {
    StoreChange::Ended(Revocation { session_id: session_id(seed), until: seconds_after_t0(60) })
}

async fn signed_in(store: &MongoStore, account: u64, sessions: impl IntoIterator<Item = u64>) {
    store.insert_if_absent(&user(account).build(), T0).await.unwrap();
    for seed in sessions {
        let opening = opening(&session(seed, user_id(account)).build(), Version::FIRST);
        store.open(&opening).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_that_ends_at_one_node_is_told_to_the_others() {
    let database = FreshDatabase::new();
    let (here, there) = (database.store().await, database.store().await);
    signed_in(&here, 1, 1..=3).await;
    let mut feed = follow(&there).await;
    assert_eq!(told(&mut feed).await, [], "what was before is not told");
    here.end(session_id(1), seconds_after_t0(60)).await.unwrap();
    assert_eq!(told(&mut feed).await, [ended(1)]);
    let rest = here.end_many(user_id(1), EndScope::All, seconds_after_t0(60)).await.unwrap();
    assert_eq!(rest.len(), 2);
    let told: BTreeSet<_> = told(&mut feed).await.iter().map(|change| format!("{change:?}")).collect();
    assert_eq!(told, [2, 3].map(|seed| format!("{:?}", ended(seed))).into());
}

#[tokio::test]
async fn whatever_changes_an_account_is_told_with_the_sessions_that_end_by_it() {
    let database = FreshDatabase::new();
    let (here, there) = (database.store().await, database.store().await);
    signed_in(&here, 1, [1]).await;
    let mut feed = follow(&there).await;
    let account = StoreChange::Account(user_id(1));
    let User { credentials, keys, .. } = user(2).build();
    let change = CredentialChange {
        user_id: user_id(1),
        expected: Version::FIRST,
        credentials,
        encrypted_mek: keys.encrypted_mek,
        encrypted_private_key: keys.encrypted_private_key,
        ending: Ending { keep: None, revoked_until: seconds_after_t0(60), now: T0 },
    };
    assert!(matches!(here.change_credentials(&change).await.unwrap(), Change::Made { .. }));
    let changes = told(&mut feed).await;
    assert!(changes.contains(&account) && changes.contains(&ended(1)), "{changes:?}");
    here.consume_otp_step(user_id(1), OtpStep::from_number(5), &[], T0).await.unwrap();
    assert_eq!(told(&mut feed).await, [account]);
    let disable = doc! { "$set": { "status": "disabled" } };
    update_past_the_store(&database.raw().await, user_id(1), disable).await;
    assert_eq!(told(&mut feed).await, [account], "an operator's change");
    here.remove(user_id(1), seconds_after_t0(60)).await.unwrap();
    assert!(told(&mut feed).await.contains(&account));
}

async fn update_past_the_store(database: &Database, id: UserId, change: mongodb::bson::Document) {
    let users = database.collection::<mongodb::bson::Document>("users");
    let by_id = doc! { "_id": Uuid::from_bytes(*id.as_bytes()) };
    assert_eq!(users.update_one(by_id, change).await.unwrap().matched_count, 1);
}

/// Every upload changes it: nothing that a node keeps in memory.
#[tokio::test]
async fn how_much_an_account_stores_is_not_told() {
    let database = FreshDatabase::new();
    let store = database.store().await;
    signed_in(&store, 1, []).await;
    let mut feed = follow(&store).await;
    let stored = doc! { "$inc": { "storage.used_bytes": 7_i64, "revision": 1_i64 } };
    update_past_the_store(&database.raw().await, user_id(1), stored.clone()).await;
    update_past_the_store(&database.raw().await, user_id(1), stored).await;
    assert_eq!(told(&mut feed).await, []);
    store.touch(&[(session_id(1), T0)]).await.unwrap();
    signed_in(&store, 2, [2]).await;
    let changes = told(&mut feed).await;
    assert!(!changes.iter().any(|change| matches!(change, StoreChange::Ended(_))), "{changes:?}");
}

#[tokio::test]
async fn more_changes_than_an_answer_holds_are_all_told() {
    let database = FreshDatabase::new();
    let store = database.store().await;
    let raw = database.raw().await;
    let users = raw.collection::<mongodb::bson::Document>("users");
    let documents = (0..2_500).map(|number| doc! { "_id": Uuid::from_bytes(*user_id(number).as_bytes()), "username": number.to_string() });
    users.insert_many(documents).await.unwrap();
    let mut feed = follow(&store).await;
    users.update_many(doc! {}, doc! { "$set": { "status": "disabled" } }).await.unwrap();
    let all = told(&mut feed).await;
    let accounts: BTreeSet<_> = all.iter().map(|change| format!("{change:?}")).collect();
    assert_eq!((all.len(), accounts.len()), (2_500, 2_500));
}

#[tokio::test]
async fn the_databases_of_others_are_not_told_of() {
    let (database, another) = (FreshDatabase::new(), FreshDatabase::new());
    let mut feed = follow(&database.store().await).await;
    let store = another.store().await;
    signed_in(&store, 1, [1]).await;
    store.end(session_id(1), seconds_after_t0(60)).await.unwrap();
    assert_eq!(told(&mut feed).await, []);
}

/// A stream that stays with a server which is no primary any more, or waits behind a mongos, tells nothing either.
#[tokio::test]
async fn silence_answers_no_question_and_one_node_does_not_answer_for_another() {
    let database = FreshDatabase::new();
    let (here, there) = (database.store().await, database.store().await);
    let (mut feed, mut other) = (follow(&here).await, follow(&there).await);
    other.ask(1_000_000);
    assert_eq!(told(&mut other).await, []);
    for _ in 0..3 {
        assert_eq!(feed.next().await.unwrap(), Told { changes: Vec::new(), answered: None });
    }
    assert_eq!(told(&mut feed).await, [], "its own are answered");
}

fn options(server: &OwnServer) -> MongoOptions {
    MongoOptions { deadline: Duration::from_secs(2), ..crate::support::options(&server.uri(), "epic") }
}

#[tokio::test]
async fn a_feed_that_is_cut_says_so_and_another_tells_what_follows() {
    let mut server = OwnServer::started(&[]);
    let store = MongoStore::open(options(&server)).await.unwrap();
    signed_in(&store, 1, 1..=2).await;
    let mut feed = follow(&store).await;
    assert_eq!(told(&mut feed).await, []);
    server.kill();
    let lost = tokio::time::timeout(Duration::from_secs(30), feed.next()).await.unwrap();
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert!(matches!(store.follow().await, Err(StoreError::Unavailable(_))));
    server.start();
    let mut feed = loop {
        if let Ok(feed) = store.follow().await {
            break feed.unwrap();
        }
    };
    store.end(session_id(2), seconds_after_t0(60)).await.unwrap();
    assert_eq!(told(&mut feed).await, [ended(2)]);
}

#[tokio::test]
async fn a_server_without_change_streams_has_no_feed() {
    let server = OwnServer::started(&["--enable-test-commands"]);
    let store = MongoStore::open(options(&server)).await.unwrap();
    let admin = Client::with_uri_str(server.uri()).await.unwrap().database("admin");
    let refuse = |code: i32| {
        let data = doc! { "failCommands": ["aggregate"], "errorCode": code };
        admin.run_command(doc! { "configureFailPoint": "failCommand", "mode": { "times": 1 }, "data": data })
    };
    refuse(40_573).await.unwrap();
    assert!(store.follow().await.unwrap().is_none());
    refuse(13).await.unwrap();
    assert!(matches!(store.follow().await, Err(StoreError::Unavailable(_))), "not allowed is not absent");
    assert!(store.follow().await.unwrap().is_some());
}
