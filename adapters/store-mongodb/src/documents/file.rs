//! Files. One document is the file while it is there and its removal from then on, so that all changes of an owner's files
//! are read by one index.

use super::content::ContentDocument;
use super::values::{binary, date, integer, number, parsed, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::file::{EncryptedFilename, File, FileChange, Revision};
use epic_domain::id::{FileId, UserId};
use epic_domain::moving::{RemovedFile, StoredFile};
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
        Ok(Self {
            id: Uuid::from_bytes(*file.id.as_bytes()),
            v: FORMAT,
            owner: Uuid::from_bytes(*file.owner.as_bytes()),
            revision: integer(file.revision.get())?,
            ordered_at: date(ordered_at),
            live: Some(live),
            removed_at: None,
        })
    }

    /// What is left of a file that was removed for good.
    pub(crate) fn encode_removal(removed: &RemovedFile) -> Result<Self, Failure> {
        Ok(Self {
            id: Uuid::from_bytes(*removed.file_id.as_bytes()),
            v: FORMAT,
            owner: Uuid::from_bytes(*removed.owner.as_bytes()),
            revision: integer(removed.revision.get())?,
            ordered_at: date(removed.ordered_at),
            live: None,
            removed_at: Some(date(removed.at)),
        })
    }

    /// The file, unless it was removed.
    pub(crate) fn decode(self) -> Result<Option<File>, Failure> {
        Ok(match self.decode_change()? {
            FileChange::Present(file) => Some(*file),
            FileChange::Removed { .. } => None,
        })
    }

    /// The file and where its change came in its owner's order; damage when it was removed.
    pub(crate) fn decode_stored(self) -> Result<StoredFile, Failure> {
        let ordered_at = time(self.ordered_at)?;
        let file = self.decode()?.ok_or(Failure::Damaged("file"))?;
        Ok(StoredFile { file, ordered_at })
    }

    /// What is left of the file; damage when it is still there.
    pub(crate) fn decode_removal(self) -> Result<RemovedFile, Failure> {
        let (owner, ordered_at) = (UserId::from_bytes(self.owner.bytes()), time(self.ordered_at)?);
        match self.decode_change()? {
            FileChange::Removed { file_id, revision, at } => {
                Ok(RemovedFile { owner, revision, file_id, at, ordered_at })
            }
            FileChange::Present(_) => Err(Failure::Damaged("file")),
        }
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
