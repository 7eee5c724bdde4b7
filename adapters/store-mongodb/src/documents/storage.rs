//! How much an account stores and which change of its files was the last, in the account's document.

use super::values::{date, integer, number, parsed, time};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::file::{Revision, Usage};
use epic_domain::id::UserId;
use epic_domain::moving::StoredUsage;
use mongodb::bson::{DateTime, Document, Uuid, doc, serialize_to_bson};
use serde::{Deserialize, Serialize};

/// It is not there before the account's first upload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StorageDocument {
    used_bytes: i64,
    reserved_bytes: i64,
    revision: i64,
    latest: DateTime,
}

/// What is read of an account to know what it stores.
#[derive(Debug, Deserialize)]
pub(crate) struct StoringDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    storage: Option<StorageDocument>,
}

impl StoringDocument {
    /// The fields that are read.
    pub(crate) fn projection() -> Document {
        doc! { "storage": 1 }
    }

    /// All of it, of an account that stores something.
    pub(crate) fn decode_stored(&self) -> Result<StoredUsage, Failure> {
        let (usage, revision, latest) = self.decode()?.ok_or(Failure::Damaged("storage"))?;
        Ok(StoredUsage { owner: UserId::from_bytes(self.id.bytes()), usage, revision, latest })
    }

    /// What the account stores, the revision of its files and the time of the latest change of them, if there is anything.
    pub(crate) fn decode(&self) -> Result<Option<(Usage, Revision, Timestamp)>, Failure> {
        self.storage.as_ref().map(StorageDocument::decode).transpose()
    }
}

impl StorageDocument {
    fn decode(&self) -> Result<(Usage, Revision, Timestamp), Failure> {
        let usage =
            Usage { used_bytes: number(self.used_bytes)?, reserved_bytes: number(self.reserved_bytes)? };
        Ok((usage, Revision::from_number(number(self.revision)?), time(self.latest)?))
    }
}

/// Writes what an account stores. The claim of the account has counted the document's revision already.
pub(crate) fn set(usage: Usage, revision: Revision, latest: Timestamp) -> Result<Document, Failure> {
    let storage = StorageDocument {
        used_bytes: integer(usage.used_bytes)?,
        reserved_bytes: integer(usage.reserved_bytes)?,
        revision: integer(revision.get())?,
        latest: date(latest),
    };
    Ok(doc! { "$set": { "storage": parsed("storage", serialize_to_bson(&storage))? } })
}
