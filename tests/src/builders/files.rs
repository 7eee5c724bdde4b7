//! Sample files and contents.

use super::{T0, seeded_bytes, split_mix, user_id};
use epic_domain::Timestamp;
use epic_domain::file::{
    Content, ContentDigest, ContentNumber, EncryptedDataKey, EncryptedFilename, File, Revision,
};
use epic_domain::id::{BlobId, FileId, UserId};
use epic_domain::user::Version;

/// The file id of a seed.
#[must_use]
pub fn file_id(seed: u64) -> FileId {
    FileId::from_randomness(seeded_bytes(seed))
}

/// The blob id of a seed.
#[must_use]
pub fn blob_id(seed: u64) -> BlobId {
    BlobId::from_randomness(seeded_bytes(split_mix(seed)))
}

/// The encrypted filename of a seed.
#[must_use]
pub fn encrypted_filename(seed: u64) -> EncryptedFilename {
    EncryptedFilename::parse(&seeded_bytes::<40>(seed)).unwrap()
}

/// The wrapped data key of a seed.
#[must_use]
pub fn encrypted_data_key(seed: u64) -> EncryptedDataKey {
    EncryptedDataKey::parse(&seeded_bytes::<60>(seed)).unwrap()
}

/// The content digest of a seed.
#[must_use]
pub fn content_digest(seed: u64) -> ContentDigest {
    ContentDigest::from_bytes(seeded_bytes(seed))
}

/// The first content of a file: 1000 bytes under the blob id, the digest and the data key of a seed, written at [`T0`].
#[must_use]
pub fn content(seed: u64, written_by: UserId) -> Content {
    Content {
        number: ContentNumber::FIRST,
        blob_id: blob_id(seed),
        size_bytes: 1_000,
        digest: content_digest(seed),
        encrypted_data_key: encrypted_data_key(seed),
        written_by,
        written_at: T0,
    }
}

/// A file under construction.
#[derive(Debug, Clone)]
pub struct FileBuilder(File);

/// A file of the account of `owner_seed`, with the content of the same seed, uploaded at [`T0`] as the first of its owner.
#[must_use]
pub fn file(seed: u64, owner_seed: u64) -> FileBuilder {
    let owner = user_id(owner_seed);
    FileBuilder(File {
        id: file_id(seed),
        owner,
        encrypted_filename: encrypted_filename(seed),
        content: content(seed, owner),
        version: Version::FIRST,
        revision: Revision::NONE.next(),
        created_at: T0,
        updated_at: T0,
        trashed_at: None,
    })
}

impl FileBuilder {
    /// In the trash since `trashed_at`.
    #[must_use]
    pub const fn trashed_at(mut self, trashed_at: Timestamp) -> Self {
        self.0.trashed_at = Some(trashed_at);
        self
    }

    /// Any other change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut File)) -> Self {
        change(&mut self.0);
        self
    }

    /// The file.
    #[must_use]
    pub fn build(self) -> File {
        self.0
    }
}
