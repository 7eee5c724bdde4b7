//! What opens as a store, what does not, and what is not served.

use crate::support::FreshDatabase;
use core::time::Duration;
use epic_domain::user::Version;
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{OpeningOutcome, Sessions};
use epic_outbound::users::Users;
use epic_store_mongodb::{MongoOptions, MongoStore, OpenError};
use epic_tests::builders::{T0, event, opening, session, session_id, signed_head, user, user_id};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::UpdateModifications;

/// A store with an account, its session, a revocation, an event and a signed head.
async fn filled(database: &FreshDatabase) -> MongoStore {
    let store = database.store().await;
    store.insert_if_absent(&user(1).build(), T0).await.unwrap();
    for seed in [1, 2] {
        store.open(&opening(&session(seed, user_id(1)).build(), Version::FIRST)).await.unwrap();
    }
    store.end(session_id(2), epic_domain::Timestamp::MAX).await.unwrap();
    store.append(&[event(1)]).await.unwrap();
    store.keep_signed_head(&signed_head(1)).await.unwrap();
    store
}

async fn damage(database: &FreshDatabase, collection: &str, change: impl Into<UpdateModifications>) {
    let collection = database.raw().await.collection::<Document>(collection);
    let changed = collection.update_many(doc! {}, change).await.unwrap();
    assert!(changed.modified_count > 0);
}

fn is_corrupt<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Corrupt(_)))
}

#[tokio::test]
async fn a_store_opens_twice_on_what_it_has_written() {
    let database = FreshDatabase::new();
    let first = filled(&database).await;
    let second = database.store().await;
    assert_eq!(second.find_by_id(user_id(1)).await.unwrap(), first.find_by_id(user_id(1)).await.unwrap());
    second.append(&[event(2)]).await.unwrap();
    first.append(&[event(3)]).await.unwrap();
    assert_eq!(second.anchor().await.unwrap().length, 3);
}

/// As when the driver asks again after the answer to a commit was lost, and the database has forgotten that it has done this
/// before.
#[tokio::test]
async fn a_sign_in_that_finds_itself_done_is_done_and_another_under_its_id_is_none() {
    let database = FreshDatabase::new();
    let store = filled(&database).await;
    let again = opening(&session(1, user_id(1)).build(), Version::FIRST);
    assert_eq!(store.open(&again).await.unwrap(), OpeningOutcome::Opened { ended: Vec::new() });
    let mut other = opening(&session(3, user_id(1)).build(), Version::FIRST);
    other.session.id = session_id(1);
    assert!(matches!(store.open(&other).await, Err(StoreError::Unavailable(_))));
    assert_eq!(store.find(session_id(1)).await.unwrap(), Some(again.session));
}

#[tokio::test]
async fn a_closed_store_has_finished_its_calls_and_takes_no_more() {
    let database = FreshDatabase::new();
    let store = database.store().await;
    let calls: Vec<_> = (0..32)
        .map(|seed| {
            let store = store.clone();
            tokio::spawn(async move { store.insert_if_absent(&user(seed).build(), T0).await })
        })
        .collect();
    tokio::task::yield_now().await;
    store.close().await;
    let reader = database.store().await;
    for (seed, call) in (0..32).zip(calls) {
        let was_stored = call.await.unwrap().is_ok();
        let found = reader.find_by_id(user_id(seed)).await.unwrap();
        assert_eq!(found.is_some(), was_stored, "{seed}");
    }
    assert!(matches!(store.find_by_id(user_id(1)).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
    store.close().await;
}

#[tokio::test]
async fn a_database_of_a_newer_server_is_refused() {
    let database = FreshDatabase::new();
    filled(&database).await;
    damage(&database, "format", doc! { "$set": { "v": 99 } }).await;
    let opened = MongoStore::open(database.options()).await;
    assert!(matches!(opened, Err(OpenError::TooNew { found: 99, known: 1 })));
}

#[tokio::test]
async fn a_uri_that_does_not_parse_is_refused() {
    let options = MongoOptions { ..crate::support::options("http://localhost", "epic") };
    assert!(matches!(MongoStore::open(options).await, Err(OpenError::InvalidUri)));
}

#[tokio::test]
async fn an_account_that_does_not_parse_is_never_served() {
    for change in [
        doc! { "$set": { "v": 2 } },
        doc! { "$set": { "status": "pending" } },
        doc! { "$set": { "status": 7 } },
        doc! { "$set": { "credentials.auth_key_hash": "plain" } },
        doc! { "$set": { "version": -1_i64 } },
        doc! { "$set": { "username": "$" } },
        doc! { "$unset": { "keys": "" } },
        doc! { "$set": { "enrolment.consecutive_failures": 1_i64 << 40 } },
    ] {
        let database = FreshDatabase::new();
        let store = filled(&database).await;
        damage(&database, "users", change.clone()).await;
        assert!(is_corrupt(&store.find_by_id(user_id(1)).await), "{change}");
        assert!(is_corrupt(&store.record_code_failure(user_id(1)).await), "{change}");
    }
}

#[tokio::test]
async fn sessions_and_links_that_do_not_parse_are_never_served() {
    let database = FreshDatabase::new();
    let store = filled(&database).await;
    damage(&database, "sessions", doc! { "$set": { "v": 2, "revoked_until": "soon" } }).await;
    damage(&database, "audit", doc! { "$set": { "kind": "unheard_of" } }).await;
    damage(&database, "audit_heads", doc! { "$set": { "signature": "short" } }).await;
    assert!(is_corrupt(&store.find(session_id(1)).await));
    assert!(is_corrupt(&Sessions::list(&store, user_id(1), None, 10, T0).await));
    assert!(is_corrupt(&Audit::read(&store, 0, 10).await));
    assert!(is_corrupt(&Audit::list(&store, user_id(1), None, None, 10).await));
    assert!(is_corrupt(&store.signed_heads(0, 10).await));
}

#[tokio::test]
async fn an_audit_log_whose_anchor_is_gone_takes_no_events() {
    let database = FreshDatabase::new();
    filled(&database).await;
    database.raw().await.collection::<Document>("audit_anchor").delete_many(doc! {}).await.unwrap();
    let store = database.store().await;
    assert!(is_corrupt(&store.append(&[event(2)]).await), "opening makes no new one");
    assert!(is_corrupt(&store.anchor().await));
    assert_eq!(Audit::read(&store, 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_error_names_no_stored_value() {
    let database = FreshDatabase::new();
    let store = filled(&database).await;
    let same_id_other_name = user(1).named("mallory").build();
    let error = store.insert_if_absent(&same_id_other_name, T0).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("mallory") && !text.contains(&user_id(1).to_string()), "{text}");
}

#[tokio::test]
async fn names_are_unique_and_what_expires_has_a_lifetime() {
    let database = FreshDatabase::new();
    // The span may be another one at the next start.
    for hours in [1, 2] {
        let expired_kept_for = Duration::from_secs(hours * 3_600);
        MongoStore::open(MongoOptions { expired_kept_for, ..database.options() }).await.unwrap();
    }
    let raw = database.raw().await;
    let unique = |index: &Document| index.get_bool("unique").unwrap_or(false);
    let lifetime = |index: &Document| match index.get("expireAfterSeconds") {
        Some(Bson::Int32(seconds)) => i64::from(*seconds) == 7_200,
        Some(Bson::Int64(seconds)) => *seconds == 7_200,
        _ => false,
    };
    for (collection, uniques, lifetimes) in [
        ("users", 1, 1),
        ("sessions", 0, 2),
        ("audit", 1, 0),
        ("requests", 0, 1),
        // What these hold is accounted for: nothing but the store removes any of it.
        ("files", 2, 0),
        ("contents", 1, 0),
        ("uploads", 1, 0),
        ("shares", 1, 0),
        ("links", 1, 0),
        ("doomed_blobs", 0, 0),
        ("removed_accounts", 0, 0),
    ] {
        let reply = raw.run_command(doc! { "listIndexes": collection }).await.unwrap();
        let batch = reply.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
        let indexes: Vec<&Document> = batch.iter().map(|index| index.as_document().unwrap()).collect();
        assert_eq!(indexes.iter().filter(|index| unique(index)).count(), uniques, "{collection}");
        assert_eq!(indexes.iter().filter(|index| lifetime(index)).count(), lifetimes, "{collection}");
        let any_lifetime = indexes.iter().filter(|index| index.contains_key("expireAfterSeconds"));
        assert_eq!(any_lifetime.count(), lifetimes, "{collection}");
    }
}
