//! A share: a file's data key, wrapped for another person.

use super::EncryptedDataKey;
use crate::Timestamp;
use crate::audit::named_variants;
use crate::id::{FileId, ShareId, UserId};

named_variants! {
    /// What a share allows.
    Permission {
        /// To see and fetch the file.
        Read = "read",
        /// To write new contents, too, under the data key that the share holds.
        Write = "write",
    }
}

/// A share of a file with one person. A person has at most one share of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The share.
    pub id: ShareId,
    /// The file.
    pub file_id: FileId,
    /// Whose file it is.
    pub owner: UserId,
    /// With whom it is shared.
    pub recipient: UserId,
    /// The recipient's key pair that the data key was wrapped for.
    pub recipient_key_id: [u8; 16],
    /// The data key, wrapped for the recipient.
    pub encrypted_data_key: EncryptedDataKey,
    /// What it allows.
    pub permission: Permission,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was made, or last replaced.
    pub created_at: Timestamp,
}

impl Share {
    /// The most shares a file may have.
    pub const PER_FILE_MAX: u32 = 1_000;

    /// Whether it still holds at `now`.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}
