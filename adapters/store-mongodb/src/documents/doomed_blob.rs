//! Blobs that nothing needs any more, until they are gone from the blob store.

use super::values::binary;
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::file::StageState;
use epic_domain::id::BlobId;
use epic_domain::moving;
use epic_outbound::uploads::DoomedBlob;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Binary, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

/// A blob that is to be removed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DoomedBlobDocument {
    #[serde(rename = "_id")]
    blob_id: Uuid,
    v: i32,
    /// Its place in the list, drawn by the driver: it rises with each document of one node, and from second to second
    /// among several.
    order: ObjectId,
    /// What the blob store knows of it, if it was never whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Binary>,
}

impl DoomedBlobDocument {
    pub(crate) fn encode(blob_id: BlobId, stage: &StageState) -> Self {
        let bytes = stage.as_bytes();
        Self {
            blob_id: uuid(blob_id),
            v: FORMAT,
            order: ObjectId::new(),
            stage: (!bytes.is_empty()).then(|| binary(bytes)),
        }
    }

    /// A doomed blob as it moves in. Its place takes the place of a time and of what is random: all that are doomed later
    /// follow it.
    pub(crate) fn encode_stored(doomed: &moving::DoomedBlob) -> Self {
        let mut order = [0; 12];
        for (byte, of_place) in order.iter_mut().skip(4).zip(doomed.place.to_be_bytes()) {
            *byte = of_place;
        }
        Self { order: ObjectId::from_bytes(order), ..Self::encode(doomed.blob_id, &doomed.stage) }
    }

    pub(crate) fn decode(self) -> Result<DoomedBlob, Failure> {
        check_format(self.v)?;
        let stage =
            self.stage.map_or_else(StageState::default, |stage| StageState::from_bytes(stage.bytes.into()));
        Ok(DoomedBlob { blob_id: BlobId::from_bytes(self.blob_id.bytes()), stage })
    }
}

fn uuid(blob_id: BlobId) -> Uuid {
    Uuid::from_bytes(*blob_id.as_bytes())
}

/// The whole list.
pub(crate) fn all() -> Document {
    doc! { "order": { "$gt": ObjectId::from_bytes([0; 12]) } }
}

/// Documents in which one of these blobs stands under `field`.
pub(crate) fn speaking_of(field: &str, blobs: &[BlobId]) -> Document {
    let blobs: Vec<Uuid> = blobs.iter().copied().map(uuid).collect();
    doc! { field: { "$in": blobs } }
}
