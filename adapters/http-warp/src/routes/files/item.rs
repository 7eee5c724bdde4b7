//! A file as replies show it.

use crate::encoding::{base64url, rfc3339};
use epic_domain::file::{Content, EncryptedDataKey, File, Permission, Share};
use epic_inbound::SeenFile;
use serde::Serialize;

/// A file, as its owner or someone with a share of it sees it.
#[derive(Serialize)]
pub(super) struct FileItem {
    file_id: String,
    owner_id: String,
    encrypted_filename: String,
    encrypted_data_key: String,
    size: u64,
    sha256: String,
    content_number: u32,
    version: u64,
    /// Counts the changes of all files of the owner, whom alone it concerns.
    revision: Option<u64>,
    created_at: String,
    updated_at: String,
    trashed_at: Option<String>,
    permission: &'static str,
}

impl FileItem {
    /// As its owner sees it.
    pub(super) fn own(file: &File) -> Self {
        Self {
            revision: Some(file.revision.get()),
            trashed_at: file.trashed_at.map(rfc3339),
            ..Self::common(file, &file.content.encrypted_data_key, "owner")
        }
    }

    /// As someone sees it who may.
    pub(super) fn seen(seen: &SeenFile) -> Self {
        let file = seen.access.file();
        match &seen.share {
            None => Self::own(file),
            Some(share) => Self::shared(file, share),
        }
    }

    fn shared(file: &File, share: &Share) -> Self {
        Self::common(file, &share.encrypted_data_key, Permission::as_str(share.permission))
    }

    fn common(file: &File, encrypted_data_key: &EncryptedDataKey, permission: &'static str) -> Self {
        let content = &file.content;
        Self {
            file_id: file.id.to_string(),
            owner_id: file.owner.to_string(),
            encrypted_filename: base64url(file.encrypted_filename.as_bytes()),
            encrypted_data_key: base64url(encrypted_data_key.as_bytes()),
            size: content.size_bytes,
            sha256: base64url(content.digest.as_bytes()),
            content_number: content.number.get(),
            version: file.version.number(),
            revision: None,
            created_at: rfc3339(file.created_at),
            updated_at: rfc3339(file.updated_at),
            trashed_at: None,
            permission,
        }
    }
}

/// An earlier content of a file, as its owner sees it.
#[derive(Serialize)]
pub(super) struct VersionItem {
    content_number: u32,
    size: u64,
    sha256: String,
    encrypted_data_key: String,
    written_by: String,
    written_at: String,
}

impl From<&Content> for VersionItem {
    fn from(content: &Content) -> Self {
        Self {
            content_number: content.number.get(),
            size: content.size_bytes,
            sha256: base64url(content.digest.as_bytes()),
            encrypted_data_key: base64url(content.encrypted_data_key.as_bytes()),
            written_by: content.written_by.to_string(),
            written_at: rfc3339(content.written_at),
        }
    }
}
