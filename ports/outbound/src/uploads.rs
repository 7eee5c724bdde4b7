//! Where it is kept which uploads are under way, and which blobs are not needed any more.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{
    Earlier, Fence, File, Once, OverQuota, Progress, Received, StageState, Upload, WriteAccess,
};
use epic_domain::id::{BlobId, UploadId, UserId};
use epic_domain::user::Version;

/// By what right an upload is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeginRight {
    /// Everyone may have files: it becomes a new one of the uploader.
    NewFile,
    /// It becomes a new content of a file that has this version and is not in the trash.
    NewContent {
        /// Proof that the uploader may write it.
        access: WriteAccess,
        /// The version it must have when the upload begins.
        expected: Version,
    },
}

/// What became of an upload about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// It was stored, durably, and its bytes are set aside from the owner's quota.
    Begun,
    /// The owner's quota has no room for it; nothing was stored.
    OverQuota(OverQuota),
    /// The file has moved on, lies in the trash or is gone, or the account is gone; nothing was stored.
    Stale,
    /// An earlier request had the same idempotency key; nothing was stored.
    Earlier(Earlier),
}

/// A content that has become whole in the blob store.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The upload.
    pub upload_id: UploadId,
    /// The fence its holder has.
    pub fence: Fence,
    /// What has come, at the present.
    pub received: Received,
    /// The request that is to take effect once, when the whole upload was one request.
    pub once: Option<Once>,
}

/// What became of an upload that was whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CompletionOutcome {
    /// The file has it now, durably, and the upload is gone.
    Completed(Box<File>),
    /// The upload is gone, or someone else has taken it over; nothing changed.
    Fenced,
    /// The file it was for is gone or in the trash. The upload is gone too and its blob doomed.
    Stale,
    /// An earlier request had the same idempotency key. The upload is gone and its blob doomed.
    Earlier(Earlier),
}

/// A blob that no file and no upload has any more, and is to be removed from the blob store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoomedBlob {
    /// The blob.
    pub blob_id: BlobId,
    /// What the blob store knows of it, if it was never whole: what the upload's progress held. Empty for a content.
    pub stage: StageState,
}

/// Uploads under way.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Stores a new upload and sets its bytes aside, unless they are more than `quota_bytes` leave, all in one step. Of racing
    /// calls exactly as many pass as the quota allows. The key of `once` is the uploader's, and is judged first, at the time
    /// at which the upload was made.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was stored.
    async fn begin<'a>(
        &self,
        upload: &Upload,
        right: &BeginRight,
        quota_bytes: u64,
        once: Option<&'a Once>,
    ) -> Result<Beginning, StoreError>;

    /// The uploader's upload with this id, whatever its age.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find(&self, upload_id: UploadId, uploader: UserId) -> Result<Option<Upload>, StoreError>;

    /// Takes the uploader's upload over, if it is live at `now`: from now on its fence is the next, and whoever held it
    /// before changes nothing any more.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take_over(
        &self,
        upload_id: UploadId,
        uploader: UserId,
        now: Timestamp,
    ) -> Result<Option<Upload>, StoreError>;

    /// Notes how far an upload has come, if its fence is still this. False when it is not, or the upload is gone.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn advance(
        &self,
        upload_id: UploadId,
        fence: Fence,
        progress: &Progress,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Makes a whole upload a file, or a content of one: the file appears or changes, what was set aside becomes used, the
    /// content before becomes an earlier one, and the upload is gone, all in one step. Whether it is a request that was met before
    /// is judged first, for the uploader and as of when it was received.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn complete(&self, completion: &Completion) -> Result<CompletionOutcome, StoreError>;

    /// Gives the uploader's upload up: what was set aside is free and its blob doomed. False when there is none.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn abandon(&self, upload_id: UploadId, uploader: UserId) -> Result<bool, StoreError>;

    /// Gives at most `limit` uploads up that are not live at `now`; returns whose they were, one owner an upload.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn abandon_expired(&self, now: Timestamp, limit: u32) -> Result<Vec<UserId>, StoreError>;

    /// At most `limit` uploads that are whole and not a file yet: those whose last step was cut off.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn whole(&self, limit: u32) -> Result<Vec<Upload>, StoreError>;

    /// What came of the account's request with this idempotency key, unless it is forgotten at `now`. Uploads that were
    /// completed with a [`Once`] are found by it too.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find_request(
        &self,
        account: UserId,
        key_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Once>, StoreError>;

    /// Forgets at most `limit` requests with idempotency keys whose time is over at `now`; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_requests(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;
}

/// Which blobs are needed.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait BlobLedger: Send + Sync {
    /// At most `limit` blobs that are to be removed from the blob store, those doomed first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn doomed(&self, limit: u32) -> Result<Vec<DoomedBlob>, StoreError>;

    /// Strikes blobs off that list: they are gone from the blob store.
    ///
    /// # Errors
    /// [`StoreError`]; none was struck off.
    async fn removed(&self, blobs: &[BlobId]) -> Result<(), StoreError>;

    /// Those of `blobs` that no content, no upload and no entry of the list of doomed ones speaks of.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn unknown(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError>;
}
