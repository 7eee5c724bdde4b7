//! What a store holds, seen past the store.

use super::mongodb::NamedDatabase;
use mongodb::bson::{Bson, Document, RawDocumentBuf};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Everything in a data folder but the keys, and in the database beside it, as bytes.
pub(crate) async fn bytes(data_dir: &Path, database: Option<&NamedDatabase>) -> Vec<u8> {
    let mut bytes = file_bytes(data_dir);
    if let Some(database) = database {
        let database = database.raw().await;
        for name in database.list_collection_names().await.unwrap() {
            let mut cursor =
                database.collection::<RawDocumentBuf>(&name).find(Document::new()).await.unwrap();
            while cursor.advance().await.unwrap() {
                bytes.extend(cursor.current().as_bytes());
            }
        }
    }
    bytes
}

fn file_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            if entry.file_name() != "keys" {
                bytes.extend(file_bytes(&entry.path()));
            }
        } else {
            bytes.extend(fs::read(entry.path()).unwrap());
        }
    }
    bytes
}

/// Whether a text or a secret is anywhere in what is stored.
pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The names of all collections and, at any depth, of all fields of a database.
pub(crate) async fn names(database: &NamedDatabase) -> BTreeSet<String> {
    let database = database.raw().await;
    let collections = database.list_collection_names().await.unwrap();
    let mut names = BTreeSet::new();
    for name in &collections {
        let mut cursor = database.collection::<Document>(name).find(Document::new()).await.unwrap();
        while cursor.advance().await.unwrap() {
            collect(&Bson::Document(cursor.deserialize_current().unwrap()), &mut names);
        }
    }
    names.extend(collections);
    names
}

fn collect(value: &Bson, names: &mut BTreeSet<String>) {
    match value {
        Bson::Document(document) => {
            for (name, value) in document {
                names.insert(name.clone());
                collect(value, names);
            }
        }
        Bson::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}
