//! Files. One document is the file while it is there and its removal from then on, so that all changes of an owner's files
//! are read by one index.

use super::content::ContentDocument;
use super::values::{binary, date, integer, number, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::file::{EncryptedFilename, File, FileChange, Revision};
use epic_domain::id::{FileId, UserId};
use epic_domain::user::Version;
use mongodb::bson::{Binary, DateTime, Uuid};
use serde::{Deserialize, Serialize};

/// A file: there when it has `live`, removed for good when it has `removed_at`, never both.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    v: i32,
    owner: Uuid,
    revision: i64,
    /// The time of its owner's latest change when it changed. Unlike the times of changes, it rises with the revision.
    ordered_at: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_at: Option<DateTime>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LiveDocument {
    encrypted_filename: Binary,
    content: ContentDocument,
    version: i64,
    created_at: DateTime,
    updated_at: DateTime,
    is_trashed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    trashed_at: Option<DateTime>,
}

impl FileDocument {
    /// A file whose change came at `ordered_at` in its owner's order.
    pub(crate) fn encode(file: &File, ordered_at: Timestamp) -> Result<Self, Failure> {
        let live = LiveDocument {
            encrypted_filename: binary(file.encrypted_filename.as_bytes()),
            content: ContentDocument::encode(&file.content)?,
            version: integer(file.version.number())?,
            created_at: date(file.created_at),
            updated_at: date(file.updated_at),
            is_trashed: file.is_trashed(),
            trashed_at: file.trashed_at.map(date),
        };
        Self::of(file, file.revision, ordered_at, Some(live), None)
    }

    /// What is left of a file that was removed for good, as its owner's change `revision`.
    pub(crate) fn encode_removal(
        file: &File,
        revision: Revision,
        removed_at: Timestamp,
        ordered_at: Timestamp,
    ) -> Result<Self, Failure> {
        Self::of(file, revision, ordered_at, None, Some(date(removed_at)))
    }

    fn of(
        file: &File,
        revision: Revision,
        ordered_at: Timestamp,
        live: Option<LiveDocument>,
        removed_at: Option<DateTime>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            id: Uuid::from_bytes(*file.id.as_bytes()),
            v: FORMAT,
            owner: Uuid::from_bytes(*file.owner.as_bytes()),
            revision: integer(revision.get())?,
            ordered_at: date(ordered_at),
            live,
            removed_at,
        })
    }

    /// The file, unless it was removed.
    pub(crate) fn decode(self) -> Result<Option<File>, Failure> {
        Ok(match self.decode_change()? {
            FileChange::Present(file) => Some(*file),
            FileChange::Removed { .. } => None,
        })
    }

    /// The last change of the file.
    pub(crate) fn decode_change(self) -> Result<FileChange, Failure> {
        check_format(self.v)?;
        let id = FileId::from_bytes(self.id.bytes());
        let owner = UserId::from_bytes(self.owner.bytes());
        let revision = Revision::from_number(number(self.revision)?);
        match (self.live, self.removed_at) {
            (Some(live), None) => Ok(FileChange::Present(Box::new(live.decode(id, owner, revision)?))),
            (None, Some(at)) => Ok(FileChange::Removed { file_id: id, revision, at: time(at)? }),
            _ => Err(Failure::Damaged("file")),
        }
    }
}

impl LiveDocument {
    fn decode(self, id: FileId, owner: UserId, revision: Revision) -> Result<File, Failure> {
        if self.is_trashed != self.trashed_at.is_some() {
            return Err(Failure::Damaged("trash time"));
        }
        Ok(File {
            id,
            owner,
            encrypted_filename: parsed("name", EncryptedFilename::parse(&self.encrypted_filename.bytes))?,
            content: self.content.decode()?,
            version: Version::from_number(number(self.version)?),
            revision,
            created_at: time(self.created_at)?,
            updated_at: time(self.updated_at)?,
            trashed_at: self.trashed_at.map(time).transpose()?,
        })
    }
}
