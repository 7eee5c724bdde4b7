//! Every query of the store has an index: all calls are made once, what the driver sends is caught, and the server is
//! asked for its plans.
//!
//! Updates and deletes are explained as the search they begin with, since not every server plans these themselves. The
//! server for tests takes an index only when it covers the whole filter, where MongoDB looks at the other fields after
//! it; so a filter is explained once more by the part of it that an index covers.

mod accounts;
mod files;
mod moving;

use crate::connection::client_options;
use crate::test_server::server_uri;
use crate::{MongoOptions, MongoStore};
use accounts::{call_account_changes, call_audit, call_sessions, call_users};
use core::time::Duration;
use epic_domain::secret::SecretText;
use files::{call_files, call_grants, call_removals, call_uploads};
use futures_util::TryStreamExt;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use moving::call_moving;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A deadline that a busy machine keeps.
const PATIENT: Duration = Duration::from_secs(30);

type Commands = Arc<Mutex<Vec<Document>>>;

async fn recording_store(database: &str) -> (MongoStore, Commands) {
    let commands = Commands::default();
    let options = MongoOptions {
        deadline: PATIENT,
        ..MongoOptions::new(SecretText::new(server_uri().to_owned()), database.to_owned())
    };
    let mut client = client_options(&options).await.unwrap();
    let (recorded, name) = (Arc::clone(&commands), database.to_owned());
    client.command_event_handler = Some(EventHandler::callback(move |event| match event {
        CommandEvent::Started(started) if started.db == name => recorded.lock().push(started.command),
        _ => {}
    }));
    (MongoStore::connect(&options, client).await.unwrap(), commands)
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

/// The search by those fields of its filter that an index begins with, for each index that begins with any.
async fn covered_parts(database: &Database, search: &Document) -> Vec<Document> {
    let collection = database.collection::<Document>(search.get_str("find").unwrap());
    let filter = search.get_document("filter").unwrap();
    let indexes: Vec<_> = collection.list_indexes().await.unwrap().try_collect().await.unwrap();
    let covered =
        indexes.iter().map(|index| index.keys.keys().take_while(|field| filter.contains_key(field)));
    let parts = covered.map(|covered| {
        let covered: Vec<_> = covered.collect();
        let kept = filter.clone().into_iter().filter(|(field, _)| covered.contains(&field));
        let mut part = search.clone();
        part.insert("filter", kept.collect::<Document>());
        part
    });
    parts.filter(|part| !part.get_document("filter").unwrap().is_empty()).collect()
}

async fn is_planned_by_part(database: &Database, search: &Document) -> bool {
    for part in covered_parts(database, search).await {
        if is_planned(database, &part).await {
            return true;
        }
    }
    false
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
    call_uploads(&store).await;
    call_files(&store).await;
    call_grants(&store).await;
    call_removals(&store).await;
    call_moving(&store).await;

    let raw = mongodb::Client::with_uri_str(server_uri()).await.unwrap().database(&database);
    let shapes = shapes(&commands.lock());
    assert!(shapes.len() >= 70, "the commands were caught: {:#?}", shapes.keys());
    let mut without_an_index = BTreeMap::new();
    for (shape, search) in shapes {
        if !is_planned(&raw, &search).await && !is_planned_by_part(&raw, &search).await {
            without_an_index.insert(shape, search);
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
