//! The one document that says with which keys the database is used. It stands beside its format.

use super::values::{binary, bytes};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use mongodb::bson::{Binary, Document, doc};
use serde::{Deserialize, Serialize};

const ID: &str = "keys";

/// The mark of the keys.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeyMarkDocument {
    #[serde(rename = "_id")]
    id: String,
    v: i32,
    mark: Binary,
}

impl KeyMarkDocument {
    pub(crate) fn encode(mark: [u8; 32]) -> Self {
        Self { id: ID.to_owned(), v: FORMAT, mark: binary(&mark) }
    }

    pub(crate) fn decode(&self) -> Result<[u8; 32], Failure> {
        check_format(self.v)?;
        bytes(&self.mark, "key mark")
    }
}

/// The one document.
pub(crate) fn the_mark() -> Document {
    doc! { "_id": ID }
}
