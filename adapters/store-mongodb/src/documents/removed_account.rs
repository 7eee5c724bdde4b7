//! Accounts that are gone but have left something behind, and what that is.

use super::FORMAT;
use epic_domain::id::UserId;
use mongodb::bson::{Bson, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

/// An account that is not cleared away yet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RemovedAccountDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    /// Counts the pieces that were cleared away, so that each writes the document.
    pieces: i64,
}

impl RemovedAccountDocument {
    pub(crate) fn id(&self) -> UserId {
        UserId::from_bytes(self.id.bytes())
    }
}

fn uuid(account: UserId) -> Uuid {
    Uuid::from_bytes(*account.as_bytes())
}

pub(crate) fn by_id(account: UserId) -> Document {
    doc! { "_id": uuid(account) }
}

/// All that are left.
pub(crate) fn all() -> Document {
    doc! { "_id": { "$gte": Uuid::from_bytes([0; 16]) } }
}

/// Remembers an account that has gone.
pub(crate) fn remember() -> Document {
    doc! { "$setOnInsert": { "v": FORMAT, "pieces": 0_i64 } }
}

/// Takes the next piece.
pub(crate) fn take_piece() -> Document {
    doc! { "$inc": { "pieces": 1_i64 } }
}

/// What belongs to an account that stands under `field`: as its owner, its recipient, who sends it.
pub(crate) fn whose(field: &str, account: UserId) -> Document {
    doc! { field: uuid(account) }
}

/// What hangs from files with these ids.
pub(crate) fn of_files(files: Vec<Bson>) -> Document {
    doc! { "file_id": { "$in": files } }
}

/// The documents with these ids.
pub(crate) fn among(ids: Vec<Bson>) -> Document {
    doc! { "_id": { "$in": ids } }
}
