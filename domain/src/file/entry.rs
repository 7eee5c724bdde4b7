//! A file: its newest content, what is said of it, and where it is in its life.

use super::{Content, EncryptedFilename, FileAccess, Ownership};
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
