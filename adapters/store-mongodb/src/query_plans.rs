//! Every query of the store has an index: all calls are made once, what the driver sends is caught, and the server is
//! asked for its plans.
//!
//! Updates and deletes are explained as the search they begin with, since not every server plans these themselves. The
//! server for tests takes an index only when it covers the whole filter, where MongoDB looks at the other fields after
//! it; so a filter is explained once more by the part of it that an index covers.

use crate::connection::client_options;
use crate::test_server::server_uri;
use crate::{MongoOptions, MongoStore};
use epic_domain::audit::EventKind;
use epic_domain::secret::SecretText;
use epic_domain::user::{OtpStep, Version};
use epic_outbound::audit::Audit;
use epic_outbound::sessions::{EndScope, Opening, Rotation, Sessions};
use epic_outbound::users::{CredentialChange, Ending, TotpChange, Users};
use epic_tests::builders::{
    T0, auth_key_hash, event, grant, opening, proposed_totp, recovery_code_digest, recovery_key,
    seconds_after_t0, session, session_id, signed_head, user, user_id, username,
};
use futures_util::TryStreamExt;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

type Commands = Arc<Mutex<Vec<Document>>>;

async fn recording_store(database: &str) -> (MongoStore, Commands) {
    let commands = Commands::default();
    let options = MongoOptions::new(SecretText::new(server_uri().to_owned()), database.to_owned());
    let mut client = client_options(&options).await.unwrap();
    let (recorded, name) = (Arc::clone(&commands), database.to_owned());
    client.command_event_handler = Some(EventHandler::callback(move |event| match event {
        CommandEvent::Started(started) if started.db == name => recorded.lock().push(started.command),
        _ => {}
    }));
    (MongoStore::connect(&options, client).await.unwrap(), commands)
}

async fn call_users(store: &MongoStore) {
    let account = user(1).pending_until(seconds_after_t0(100)).build();
    let (id, codes) = (account.id, [recovery_code_digest(1)]);
    store.insert_if_absent(&account, T0).await.unwrap();
    store.insert_if_absent(&user(2).named("user-1").build(), seconds_after_t0(100)).await.unwrap();
    store.insert_if_absent(&user(3).named("user-1").build(), T0).await.unwrap();
    store.insert_if_absent(&account.clone(), T0).await.unwrap();
    store
        .insert_if_absent(&user(1).pending_until(seconds_after_t0(100)).named("another").build(), T0)
        .await
        .unwrap();
    store.find_by_username(&username("another")).await.unwrap();
    let renewed = user(1).pending_until(seconds_after_t0(100)).named("another").build();
    store.replace_pending(&renewed, Version::FIRST, T0).await.unwrap();
    store.consume_otp_step(id, OtpStep::from_number(5), &codes, T0).await.unwrap();
    store.consume_otp_step(id, OtpStep::from_number(6), &[], T0).await.unwrap();
    store.consume_recovery_code(id, &codes[0], T0).await.unwrap();
    store.record_code_failure(id).await.unwrap();
    store.replace_hash(id, &auth_key_hash(1), &auth_key_hash(2)).await.unwrap();
    store.replace_recovery_codes(id, &codes).await.unwrap();
    store.propose_totp(id, &proposed_totp(7)).await.unwrap();
    store.set_recovery_key(id, Version::FIRST, &recovery_key(9), T0).await.unwrap();
    store.remove_expired_pending(T0, 10).await.unwrap();
    let late = user(4).pending_until(T0).build();
    store.insert_if_absent(&late, T0).await.unwrap();
    store.remove_expired_pending(T0, 10).await.unwrap();
}

async fn call_sessions(store: &MongoStore) {
    store.insert_if_absent(&user(5).build(), T0).await.unwrap();
    let first = session(1, user_id(5)).build();
    let room_for_one = |seed| {
        let session = session(seed, user_id(5)).build();
        Opening { sessions_max: 1, ..opening(&session, Version::FIRST) }
    };
    store.open(&room_for_one(1)).await.unwrap();
    let now = seconds_after_t0(60);
    let rotation = Rotation {
        session_id: first.id,
        presented: first.current.refresh_id,
        next: grant(100, now),
        reuse_grace: core::time::Duration::ZERO,
        now,
        revoked_until: T0,
    };
    store.rotate(&rotation).await.unwrap();
    store.rotate(&rotation).await.unwrap();
    store.open(&room_for_one(2)).await.unwrap();
    store.open(&room_for_one(3)).await.unwrap();
    store.touch(&[(session_id(3), now)]).await.unwrap();
    Sessions::list(store, user_id(5), None, 10, T0).await.unwrap();
    Sessions::list(store, user_id(5), Some(session_id(1)), 10, T0).await.unwrap();
    store.end_owned(user_id(5), session_id(3), T0).await.unwrap();
    store.end(session_id(2), T0).await.unwrap();
    store.end_many(user_id(5), EndScope::AllExcept(session_id(1)), T0).await.unwrap();
    store.live_revocations(T0).await.unwrap();
    store.open(&room_for_one(4)).await.unwrap();
    store.remove_expired(epic_domain::Timestamp::MAX, 10).await.unwrap();
}

async fn call_account_changes(store: &MongoStore) {
    let after = user(6).build();
    store.open(&opening(&session(9, user_id(5)).build(), Version::FIRST)).await.unwrap();
    let ending = Ending { keep: None, revoked_until: T0, now: T0 };
    let change = CredentialChange {
        user_id: user_id(5),
        expected: Version::FIRST,
        credentials: after.credentials,
        encrypted_mek: after.keys.encrypted_mek,
        encrypted_private_key: after.keys.encrypted_private_key,
        ending,
    };
    store.change_credentials(&change).await.unwrap();
    let (sealed_secret, step) = (proposed_totp(7).sealed_secret, OtpStep::from_number(7));
    store.confirm_totp(&TotpChange { user_id: user_id(5), sealed_secret, step, ending }).await.unwrap();
    store.remove(user_id(5), T0).await.unwrap();
}

async fn call_audit(store: &MongoStore) {
    store.append(&[event(1), event(2)]).await.unwrap();
    store.append(&[event(3)]).await.unwrap();
    store.anchor().await.unwrap();
    Audit::read(store, 0, 10).await.unwrap();
    Audit::list(store, user_id(1), None, Some(9), 10).await.unwrap();
    Audit::list(store, user_id(1), Some(EventKind::Login), None, 10).await.unwrap();
    store.keep_signed_head(&signed_head(1)).await.unwrap();
    store.signed_heads(0, 10).await.unwrap();
}

/// The searches that a command begins with: collection and filter, and what else decides about the plan.
fn searches(command: &Document) -> Vec<Document> {
    let each = |name: &str, list: &str| match (command.get_str(name), command.get_array(list)) {
        (Ok(collection), Ok(parts)) => {
            parts.iter().map(|part| search(collection, part.as_document().unwrap(), "q")).collect()
        }
        _ => Vec::new(),
    };
    let one = |name: &str, filter: &str| match command.get_str(name) {
        Ok(collection) => vec![search(collection, command, filter)],
        _ => Vec::new(),
    };
    [
        each("update", "updates"),
        each("delete", "deletes"),
        one("find", "filter"),
        one("findAndModify", "query"),
    ]
    .concat()
}

fn search(collection: &str, part: &Document, filter: &str) -> Document {
    let mut search = doc! { "find": collection, "filter": part.get_document(filter).unwrap().clone() };
    for option in ["sort", "hint"] {
        if let Some(value) = part.get(option) {
            search.insert(option, value.clone());
        }
    }
    search
}

/// The names of a plan's stages.
fn stages(plan: &Document) -> Vec<String> {
    let mut found = vec![plan.get_str("stage").unwrap_or_default().to_owned()];
    let inputs = plan.get_array("inputStages").into_iter().flatten().filter_map(|input| input.as_document());
    for input in plan.get_document("inputStage").into_iter().chain(inputs) {
        found.extend(stages(input));
    }
    found
}

async fn winning_plan(database: &Database, search: &Document) -> Vec<String> {
    let explained =
        database.run_command(doc! { "explain": search.clone(), "verbosity": "queryPlanner" }).await.unwrap();
    let plan = explained.get_document("queryPlanner").unwrap().get_document("winningPlan").unwrap();
    stages(plan.get_document("queryPlan").unwrap_or(plan))
}

async fn is_planned(database: &Database, search: &Document) -> bool {
    let stages = winning_plan(database, search).await;
    stages.iter().any(|stage| stage.contains("IXSCAN") || stage.contains("IDHACK"))
        && !stages.contains(&"COLLSCAN".to_owned())
}

/// The search by the fields of its filter that some index begins with.
async fn covered_part(database: &Database, search: &Document) -> Document {
    let collection = database.collection::<Document>(search.get_str("find").unwrap());
    let filter = search.get_document("filter").unwrap();
    let indexes: Vec<_> = collection.list_indexes().await.unwrap().try_collect().await.unwrap();
    let covered = indexes
        .iter()
        .map(|index| index.keys.keys().take_while(|field| filter.contains_key(field)).collect::<Vec<_>>())
        .max_by_key(Vec::len)
        .unwrap_or_default();
    let mut part = search.clone();
    let kept = filter.clone().into_iter().filter(|(field, _)| covered.contains(&field));
    part.insert("filter", kept.collect::<Document>());
    part
}

/// One search of each shape: the same collection, fields and order.
fn shapes(commands: &[Document]) -> BTreeMap<String, Document> {
    let shape = |search: &Document| {
        let filter = search.get_document("filter").unwrap();
        let fields: Vec<_> =
            filter.iter().map(|(field, value)| format!("{field}: {:?}", value.element_type())).collect();
        format!("{} {fields:?} {:?}", search.get_str("find").unwrap(), search.get("sort"))
    };
    commands.iter().flat_map(searches).map(|search| (shape(&search), search)).collect()
}

#[tokio::test]
async fn no_query_walks_through_a_whole_collection() {
    let database = format!("epic_plans_{}", std::process::id());
    let (store, commands) = recording_store(&database).await;
    call_users(&store).await;
    call_sessions(&store).await;
    call_account_changes(&store).await;
    call_audit(&store).await;

    let raw = mongodb::Client::with_uri_str(server_uri()).await.unwrap().database(&database);
    let shapes = shapes(&commands.lock());
    assert!(shapes.len() >= 30, "the commands were caught: {:#?}", shapes.keys());
    let mut without_an_index = BTreeMap::new();
    for (shape, search) in shapes {
        let by_index = covered_part(&raw, &search).await;
        if !is_planned(&raw, &search).await && !is_planned(&raw, &by_index).await {
            without_an_index.insert(shape, by_index);
        }
    }
    assert!(without_an_index.is_empty(), "{without_an_index:#?}");
    let without_an_index = doc! { "find": "audit", "filter": { "head": 1 } };
    assert!(
        winning_plan(&raw, &without_an_index).await.contains(&"COLLSCAN".to_owned()),
        "plans are told apart"
    );
    raw.drop().await.unwrap();
}
