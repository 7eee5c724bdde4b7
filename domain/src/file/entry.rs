//! A file: its newest content, what is said of it, and where it is in its life.

use super::{
    Content, ContentNumber, EncryptedDataKey, EncryptedFilename, FileAccess, Ownership, Received, Upload,
};
use crate::Timestamp;
use crate::id::{FileId, UserId};
use crate::user::Version;

/// Counts the changes of all files of an account: a client that has seen all changes up to one asks for those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// Before every change.
    pub const NONE: Self = Self(0);

    /// The revision with this number.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The file.
    pub id: FileId,
    /// Whose it is: who pays for its bytes and decides who may see it.
    pub owner: UserId,
    /// Its name.
    pub encrypted_filename: EncryptedFilename,
    /// Its newest content.
    pub content: Content,
    /// Counts its changes.
    pub version: Version,
    /// The owner's revision at which it last changed.
    pub revision: Revision,
    /// When its first content became whole.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was put into the trash, if it is there.
    pub trashed_at: Option<Timestamp>,
}

impl File {
    /// The new file that an upload has become, as its owner's change `revision`. `None` when the upload is for a file that is
    /// there.
    #[must_use]
    pub fn begun_by(upload: &Upload, received: &Received, revision: Revision) -> Option<Self> {
        let (encrypted_filename, encrypted_data_key) = upload.target.of_new_file()?;
        Some(Self {
            id: upload.file_id,
            owner: upload.owner,
            encrypted_filename: encrypted_filename.clone(),
            content: upload.content(received, ContentNumber::FIRST, encrypted_data_key.clone()),
            version: Version::FIRST,
            revision,
            created_at: received.at,
            updated_at: received.at,
            trashed_at: None,
        })
    }

    /// The file with what an upload for it has brought; the content before becomes an earlier one. `None` when it is another
    /// file or lies in the trash.
    #[must_use]
    pub fn written_by(&self, upload: &Upload, received: &Received, revision: Revision) -> Option<Self> {
        let is_meant = upload.file_id == self.id && upload.owner == self.owner;
        if !is_meant || self.is_trashed() {
            return None;
        }
        let target = &upload.target;
        let filename = target.encrypted_filename().unwrap_or(&self.encrypted_filename);
        let data_key = target.encrypted_data_key().unwrap_or(&self.content.encrypted_data_key);
        let written = Self {
            encrypted_filename: filename.clone(),
            content: upload.content(received, self.content.number.next(), data_key.clone()),
            ..self.clone()
        };
        Some(written.changed(revision, received.at))
    }

    /// The file with other things said of it; what is `None` stays. Nothing is said of a file in the trash.
    #[must_use]
    pub fn edited(
        self,
        encrypted_filename: Option<EncryptedFilename>,
        encrypted_data_key: Option<EncryptedDataKey>,
    ) -> Option<Self> {
        if self.is_trashed() {
            return None;
        }
        let encrypted_filename = encrypted_filename.unwrap_or(self.encrypted_filename);
        let encrypted_data_key = encrypted_data_key.unwrap_or(self.content.encrypted_data_key);
        let content = Content { encrypted_data_key, ..self.content };
        Some(Self { encrypted_filename, content, ..self })
    }

    /// The file in the trash, unless it is there.
    #[must_use]
    pub fn trashed(self, now: Timestamp) -> Option<Self> {
        (!self.is_trashed()).then_some(Self { trashed_at: Some(now), ..self })
    }

    /// The file out of the trash, unless it is not in it.
    #[must_use]
    pub fn restored(self) -> Option<Self> {
        self.is_trashed().then_some(Self { trashed_at: None, ..self })
    }

    /// The file after a change that is its owner's `revision`, made at `now`.
    #[must_use]
    pub fn changed(self, revision: Revision, now: Timestamp) -> Self {
        Self { version: self.version.next(), revision, updated_at: now, ..self }
    }

    /// Whether it lies in the trash.
    #[must_use]
    pub const fn is_trashed(&self) -> bool {
        self.trashed_at.is_some()
    }

    /// Proof that the file is `user_id`'s, if it is.
    #[must_use]
    pub fn owned_by(&self, user_id: UserId) -> Option<Ownership> {
        Ownership::prove(self, user_id)
    }

    /// The owner's access to the file, for its owner. It goes on in the trash, so that owners can see what they restore.
    #[must_use]
    pub fn access_of_owner(&self, user_id: UserId) -> Option<FileAccess> {
        FileAccess::of_owner(self, user_id)
    }
}

/// What became of a file since a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// It is there, perhaps in the trash, in this state.
    Present(Box<File>),
    /// It was removed for good.
    Removed {
        /// The file.
        file_id: FileId,
        /// The revision of its removal.
        revision: Revision,
        /// When it was removed.
        at: Timestamp,
    },
}

impl FileChange {
    /// The revision of this change.
    #[must_use]
    pub fn revision(&self) -> Revision {
        match self {
            Self::Present(file) => file.revision,
            Self::Removed { revision, .. } => *revision,
        }
    }
}
