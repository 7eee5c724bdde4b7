//! The one document that says what format the database has.

use super::FORMAT;
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
