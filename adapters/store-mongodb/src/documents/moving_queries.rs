//! Which documents follow a key, kind by kind. Without a key all follow; then too a condition leads to the index.

use super::values::integer;
use crate::errors::Failure;
use epic_domain::moving::Key;
use mongodb::bson::{Document, Uuid, doc};

/// Comes before every id, or is it.
const FIRST: Uuid = Uuid::from_bytes([0; 16]);

/// Documents with ids after that of a key.
pub(crate) fn after_id(after: Option<Key>) -> Document {
    match after {
        Some(key) => doc! { "_id": { "$gt": Uuid::from_bytes(*key.id()) } },
        None => doc! { "_id": { "$gte": FIRST } },
    }
}

/// Of those, the ones that have `field`.
pub(crate) fn having(field: &str, after: Option<Key>) -> Document {
    let mut filter = after_id(after);
    filter.insert(field, doc! { "$exists": true });
    filter
}

/// Documents after a key that has an id under one field and a number under another.
pub(crate) fn after_number(id: &str, number: &str, after: Option<Key>) -> Result<Document, Failure> {
    let Some(key) = after else { return Ok(doc! { id: { "$gte": FIRST } }) };
    let uuid = Uuid::from_bytes(*key.id());
    // The first condition bounds the walk through the index.
    let later = [doc! { id: { "$gt": uuid } }, doc! { number: { "$gt": integer(key.number())? } }];
    Ok(doc! { id: { "$gte": uuid }, "$or": later.to_vec() })
}
