//! What a node writes about itself: the last question it asked of its own feed.

use super::FORMAT;
use super::values::integer;
use crate::errors::Failure;
use mongodb::bson::{Document, Uuid, doc};
use serde::{Deserialize, Serialize};

/// The number of the question.
pub(crate) const QUESTION: &str = "question";

/// One node, from its start to its end.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    /// The same twice says that the node is not there any more, or does not reach the database.
    question: i64,
}

pub(crate) fn by_id(node: Uuid) -> Document {
    doc! { "_id": node }
}

/// Asks a question, at the time of the database.
pub(crate) fn ask(question: u64) -> Result<Document, Failure> {
    Ok(doc! {
        "$set": { "v": FORMAT, QUESTION: integer(question)? },
        "$currentDate": { "asked_at": true },
    })
}
