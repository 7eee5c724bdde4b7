//! An upload: a content on its way, which can break off and go on.

use super::{Content, ContentDigest, ContentHasher, ContentNumber, EncryptedDataKey, EncryptedFilename};
use crate::id::{BlobId, FileId, UploadId, UserId};
use crate::{Invalid, Timestamp};
use core::fmt;

/// What a blob store wants to know again of a content that it holds in part. Opaque to everyone else.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct StageState(Box<[u8]>);

impl StageState {
    /// The state with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: Box<[u8]>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for StageState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StageState({} bytes)", self.0.len())
    }
}

/// How far an upload has come: all of it durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are stored.
    pub offset_bytes: u64,
    /// The hash over them, put away.
    pub hash_state: Box<[u8]>,
    /// What the blob store wants to know again.
    pub stage: StageState,
}

impl Progress {
    /// Nothing has come yet.
    #[must_use]
    pub fn none() -> Self {
        Self { offset_bytes: 0, hash_state: ContentHasher::new().state(), stage: StageState::default() }
    }

    /// The hash over what is stored.
    ///
    /// # Errors
    /// [`Invalid`] when it was not put away whole.
    pub fn hasher(&self) -> Result<ContentHasher, Invalid> {
        ContentHasher::resume(&self.hash_state)
    }
}

/// What an upload becomes when it is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A new file.
    NewFile {
        /// Its name.
        encrypted_filename: EncryptedFilename,
        /// The data key, wrapped for the owner.
        encrypted_data_key: EncryptedDataKey,
    },
    /// A new content of a file that is there.
    NewContent {
        /// Its new name, if it gets one.
        encrypted_filename: Option<EncryptedFilename>,
        /// The new data key, wrapped for the owner; without one the content is under the key of the one before.
        encrypted_data_key: Option<EncryptedDataKey>,
    },
}

impl Target {
    /// The name and the data key of a new file, if it becomes one.
    #[must_use]
    pub const fn of_new_file(&self) -> Option<(&EncryptedFilename, &EncryptedDataKey)> {
        match self {
            Self::NewFile { encrypted_filename, encrypted_data_key } => {
                Some((encrypted_filename, encrypted_data_key))
            }
            Self::NewContent { .. } => None,
        }
    }

    /// The name that it brings, if it brings one.
    #[must_use]
    pub const fn encrypted_filename(&self) -> Option<&EncryptedFilename> {
        match self {
            Self::NewFile { encrypted_filename, .. } => Some(encrypted_filename),
            Self::NewContent { encrypted_filename, .. } => encrypted_filename.as_ref(),
        }
    }

    /// The data key that it brings, if it brings one.
    #[must_use]
    pub const fn encrypted_data_key(&self) -> Option<&EncryptedDataKey> {
        match self {
            Self::NewFile { encrypted_data_key, .. } => Some(encrypted_data_key),
            Self::NewContent { encrypted_data_key, .. } => encrypted_data_key.as_ref(),
        }
    }
}

/// What has come of an upload, all of it: whole, verified and durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// How many bytes.
    pub size_bytes: u64,
    /// Their SHA-256.
    pub digest: ContentDigest,
    /// When it became whole.
    pub at: Timestamp,
}

/// Counts who took an upload over: what an earlier holder still sends is not taken any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(u64);

impl Fence {
    /// Nobody has written yet.
    pub const NONE: Self = Self(0);

    /// The fence with this number.
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

/// An upload under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The upload.
    pub id: UploadId,
    /// Who sends it. Nobody else can see it.
    pub uploader: UserId,
    /// The file it becomes, or becomes a content of.
    pub file_id: FileId,
    /// Who will own it and pays for its bytes.
    pub owner: UserId,
    /// What it becomes.
    pub target: Target,
    /// Where its bytes go.
    pub blob_id: BlobId,
    /// How many bytes there will be, or may be at most.
    pub size: UploadSize,
    /// The SHA-256 that they must have, if the client has told it.
    pub expected_digest: Option<ContentDigest>,
    /// How far it has come.
    pub progress: Progress,
    /// Who may write to it.
    pub fence: Fence,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it is given up unless it goes on.
    pub expires_at: Timestamp,
}

/// How many bytes an upload brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadSize {
    /// So many.
    Exactly(u64),
    /// So many at most: the sender has not told.
    AtMost(u64),
}

impl UploadSize {
    /// What to set aside, in bytes.
    #[must_use]
    pub const fn reserved_bytes(self) -> u64 {
        match self {
            Self::Exactly(bytes) | Self::AtMost(bytes) => bytes,
        }
    }

    /// Whether a content of `size_bytes` is what was announced.
    #[must_use]
    pub const fn allows(self, size_bytes: u64) -> bool {
        match self {
            Self::Exactly(bytes) => size_bytes == bytes,
            Self::AtMost(bytes) => size_bytes <= bytes,
        }
    }
}

impl Upload {
    /// Whether nothing is missing.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self.size, UploadSize::Exactly(bytes) if bytes == self.progress.offset_bytes)
    }

    /// The content that it has become, under the number and the data key that the file gives it.
    #[must_use]
    pub const fn content(
        &self,
        received: &Received,
        number: ContentNumber,
        encrypted_data_key: EncryptedDataKey,
    ) -> Content {
        Content {
            number,
            blob_id: self.blob_id,
            size_bytes: received.size_bytes,
            digest: received.digest,
            encrypted_data_key,
            written_by: self.uploader,
            written_at: received.at,
        }
    }

    /// Whether it is still kept at `now`. One that is whole waits for nobody.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        now < self.expires_at || self.is_whole()
    }
}
