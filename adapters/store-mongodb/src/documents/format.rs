//! The one document that says what format the database has.

use super::FORMAT;
use mongodb::bson::{Document, doc};
use serde::{Deserialize, Serialize};

const ID: &str = "epic";

/// The format of the database.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FormatDocument {
    #[serde(rename = "_id")]
    id: String,
    pub(crate) v: i32,
}

impl FormatDocument {
    pub(crate) fn current() -> Self {
        Self { id: ID.to_owned(), v: FORMAT }
    }
}

/// The one document.
pub(crate) fn the_format() -> Document {
    doc! { "_id": ID }
}
