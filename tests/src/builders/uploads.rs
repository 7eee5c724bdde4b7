//! Sample uploads.

use super::{
    T0, blob_id, content_digest, encrypted_data_key, encrypted_filename, file_id, seeded_bytes, split_mix,
    user_id,
};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::file::{
    ContentDigest, ContentHasher, EncryptedDataKey, EncryptedFilename, Fence, File, Progress, Received,
    StageState, Target, Upload, UploadSize,
};
use epic_domain::id::{UploadId, UserId};
use epic_outbound::uploads::Completion;

/// The upload id of a seed.
#[must_use]
pub fn upload_id(seed: u64) -> UploadId {
    UploadId::from_randomness(seeded_bytes(seed))
}

/// What a blob store would like to know again, of a seed.
#[must_use]
pub fn stage_state(seed: u64) -> StageState {
    StageState::from_bytes(seeded_bytes::<24>(seed).into())
}

/// How far an upload has come that has brought `offset_bytes` zeros, with the stage of a seed.
///
/// # Panics
/// When that is more than memory holds.
#[must_use]
pub fn progress(seed: u64, offset_bytes: u64) -> Progress {
    let mut hasher = ContentHasher::new();
    hasher.update(&vec![0; usize::try_from(offset_bytes).unwrap()]);
    Progress { offset_bytes, hash_state: hasher.state(), stage: stage_state(seed) }
}

/// An upload under construction.
#[derive(Debug, Clone)]
pub struct UploadBuilder(Upload);

/// An upload of exactly 1000 bytes by the account of `owner_seed`, of which none has come, begun at [`T0`] and kept for a
/// day. It becomes the [`file`](super::file) of the same seed.
#[must_use]
pub fn upload(seed: u64, owner_seed: u64) -> UploadBuilder {
    let owner = user_id(owner_seed);
    UploadBuilder(Upload {
        id: upload_id(seed),
        uploader: owner,
        file_id: file_id(seed),
        owner,
        target: Target::NewFile {
            encrypted_filename: encrypted_filename(seed),
            encrypted_data_key: encrypted_data_key(seed),
        },
        blob_id: blob_id(seed),
        size: UploadSize::Exactly(1_000),
        expected_digest: Some(content_digest(seed)),
        progress: Progress::none(),
        fence: Fence::NONE,
        created_at: T0,
        expires_at: T0.saturating_add(Duration::from_secs(24 * 60 * 60)),
    })
}

impl UploadBuilder {
    /// It becomes a new content of this file, under its name and its data key.
    #[must_use]
    pub fn onto(mut self, file: &File) -> Self {
        self.0.file_id = file.id;
        self.0.owner = file.owner;
        self.0.target = Target::NewContent { encrypted_filename: None, encrypted_data_key: None };
        self
    }

    /// Sent by someone else than the owner.
    #[must_use]
    pub const fn sent_by(mut self, uploader: UserId) -> Self {
        self.0.uploader = uploader;
        self
    }

    /// Another size.
    #[must_use]
    pub const fn size(mut self, size: UploadSize) -> Self {
        self.0.size = size;
        self
    }

    /// Given up at another time.
    #[must_use]
    pub const fn expires_at(mut self, expires_at: Timestamp) -> Self {
        self.0.expires_at = expires_at;
        self
    }

    /// Any other change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Upload)) -> Self {
        change(&mut self.0);
        self
    }

    /// The upload.
    #[must_use]
    pub fn build(self) -> Upload {
        self.0
    }
}

/// An upload has become whole at `now`: all the bytes that were set aside, with the digest that was announced, or else that
/// of seed 0.
#[must_use]
pub fn completion(upload: &Upload, now: Timestamp) -> Completion {
    Completion {
        upload_id: upload.id,
        fence: upload.fence,
        received: Received {
            size_bytes: upload.size.reserved_bytes(),
            digest: upload.expected_digest.unwrap_or_else(|| content_digest(0)),
            at: now,
        },
        once: None,
    }
}

/// An upload of the account of `owner_seed` in which every field is as long, large and present as it can be: 2⁴⁰ bytes,
/// and 50 kB that the blob store wants to know again.
#[must_use]
pub fn maximal_upload(seed: u64, owner_seed: u64) -> Upload {
    upload(seed, owner_seed)
        .size(UploadSize::AtMost(1 << 40))
        .with(|upload| {
            upload.target = Target::NewFile {
                encrypted_filename: EncryptedFilename::parse(&[0xFF; EncryptedFilename::BYTES_MAX]).unwrap(),
                encrypted_data_key: EncryptedDataKey::parse(&[b'\''; EncryptedDataKey::BYTES_MAX]).unwrap(),
            };
            upload.expected_digest = Some(ContentDigest::from_bytes([0xFF; 32]));
            upload.progress = Progress {
                offset_bytes: (1 << 40) - 1,
                hash_state: progress(seed, 1_000).hash_state,
                stage: StageState::from_bytes(
                    (0..50_000_u64).map(|at| split_mix(at).to_be_bytes()[0]).collect(),
                ),
            };
            upload.fence = Fence::from_number(u64::MAX / 2);
            upload.created_at = Timestamp::MAX;
            upload.expires_at = Timestamp::MAX;
        })
        .build()
}

/// An upload of the account of `owner_seed` in which every field is as short, small and absent as it can be.
#[must_use]
pub fn minimal_upload(seed: u64, owner_seed: u64) -> Upload {
    upload(seed, owner_seed)
        .size(UploadSize::Exactly(0))
        .with(|upload| {
            upload.target = Target::NewFile {
                encrypted_filename: EncryptedFilename::parse(&[0]).unwrap(),
                encrypted_data_key: EncryptedDataKey::parse(&[0]).unwrap(),
            };
            upload.expected_digest = None;
            upload.created_at = Timestamp::MIN;
            upload.expires_at = Timestamp::MIN;
        })
        .build()
}
