//! Contents: the newest one of a file stands in the file's document, each earlier one has a document of its own.

use super::values::{binary, bytes, date, integer, number, parsed, small_number, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentDigest, ContentNumber, EncryptedDataKey, File};
use epic_domain::id::{BlobId, FileId, UserId};
use epic_domain::moving::EarlierContent;
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

/// A content.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContentDocument {
    number: i64,
    blob_id: Uuid,
    size_bytes: i64,
    digest: Binary,
    encrypted_data_key: Binary,
    written_by: Uuid,
    written_at: DateTime,
}

/// An earlier content of a file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EarlierContentDocument {
    /// Its blob: no two contents share one.
    #[serde(rename = "_id")]
    blob_id: Uuid,
    v: i32,
    file_id: Uuid,
    owner: Uuid,
    superseded_at: DateTime,
    content: ContentDocument,
}

impl ContentDocument {
    pub(crate) fn encode(content: &Content) -> Result<Self, Failure> {
        Ok(Self {
            number: content.number.get().into(),
            blob_id: uuid(content.blob_id),
            size_bytes: integer(content.size_bytes)?,
            digest: binary(content.digest.as_bytes()),
            encrypted_data_key: binary(content.encrypted_data_key.as_bytes()),
            written_by: Uuid::from_bytes(*content.written_by.as_bytes()),
            written_at: date(content.written_at),
        })
    }

    pub(crate) fn decode(self) -> Result<Content, Failure> {
        Ok(Content {
            number: ContentNumber::from_number(small_number(self.number)?),
            blob_id: BlobId::from_bytes(self.blob_id.bytes()),
            size_bytes: number(self.size_bytes)?,
            digest: ContentDigest::from_bytes(bytes(&self.digest, "digest")?),
            encrypted_data_key: parsed("data key", EncryptedDataKey::parse(&self.encrypted_data_key.bytes))?,
            written_by: UserId::from_bytes(self.written_by.bytes()),
            written_at: time(self.written_at)?,
        })
    }
}

impl EarlierContentDocument {
    /// The content that a file had before, until `superseded_at`.
    pub(crate) fn encode(former: &File, superseded_at: Timestamp) -> Result<Self, Failure> {
        Self::of(former.id, former.owner, &former.content, superseded_at)
    }

    /// An earlier content of a file as it moves in; whose file it is stands in the file.
    pub(crate) fn encode_stored(earlier: &EarlierContent, owner: UserId) -> Result<Self, Failure> {
        Self::of(earlier.file_id, owner, &earlier.content, earlier.superseded_at)
    }

    fn of(
        file_id: FileId,
        owner: UserId,
        content: &Content,
        superseded_at: Timestamp,
    ) -> Result<Self, Failure> {
        Ok(Self {
            blob_id: uuid(content.blob_id),
            v: FORMAT,
            file_id: Uuid::from_bytes(*file_id.as_bytes()),
            owner: Uuid::from_bytes(*owner.as_bytes()),
            superseded_at: date(superseded_at),
            content: ContentDocument::encode(content)?,
        })
    }

    /// The content, its file, and when a newer one took its place.
    pub(crate) fn decode_stored(self) -> Result<EarlierContent, Failure> {
        let file_id = FileId::from_bytes(self.file_id.bytes());
        let superseded_at = time(self.superseded_at)?;
        Ok(EarlierContent { file_id, content: self.decode()?, superseded_at })
    }

    /// Who owns the file.
    pub(crate) fn owner(&self) -> UserId {
        UserId::from_bytes(self.owner.bytes())
    }

    pub(crate) fn decode(self) -> Result<Content, Failure> {
        check_format(self.v)?;
        if self.content.blob_id == self.blob_id {
            self.content.decode()
        } else {
            Err(Failure::Damaged("content"))
        }
    }
}

fn uuid(blob_id: BlobId) -> Uuid {
    Uuid::from_bytes(*blob_id.as_bytes())
}

/// The earlier contents of a file.
pub(crate) fn of_file(file_id: FileId) -> Document {
    doc! { "file_id": Uuid::from_bytes(*file_id.as_bytes()) }
}

/// One earlier content of a file.
pub(crate) fn numbered(file_id: FileId, number: ContentNumber) -> Document {
    let mut filter = of_file(file_id);
    filter.insert("content.number", i64::from(number.get()));
    filter
}

/// One earlier content of a file of `owner`.
pub(crate) fn owned(file_id: FileId, owner: UserId, number: ContentNumber) -> Document {
    let mut filter = numbered(file_id, number);
    filter.insert("owner", Uuid::from_bytes(*owner.as_bytes()));
    filter
}

/// The earlier contents of a file before a number.
pub(crate) fn before(file_id: FileId, before: Option<ContentNumber>) -> Document {
    let mut filter = of_file(file_id);
    if let Some(before) = before {
        filter.insert("content.number", doc! { "$lt": i64::from(before.get()) });
    }
    filter
}

/// The newest first.
pub(crate) fn newest_first() -> Document {
    doc! { "content.number": -1 }
}

/// Contents that were superseded at `until` or before.
pub(crate) fn superseded(until: Timestamp) -> Document {
    doc! { "superseded_at": { "$lte": date(until) } }
}

/// The contents in these blobs.
pub(crate) fn among(blobs: &[BlobId]) -> Document {
    let blobs: Vec<Uuid> = blobs.iter().copied().map(uuid).collect();
    doc! { "_id": { "$in": blobs } }
}
