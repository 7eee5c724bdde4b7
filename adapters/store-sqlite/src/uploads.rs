//! The port of uploads under way.

use crate::SqliteStore;
use crate::completion::complete;
use crate::requests::{self, forget};
use crate::upload_changes::{abandon, abandon_expired, advance, begin, find_of, take_over};
use crate::upload_row::whole;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Fence, Once, Progress, Upload};
use epic_domain::id::{UploadId, UserId};
use epic_outbound::StoreError;
use epic_outbound::uploads::{BeginRight, Beginning, Completion, CompletionOutcome, Uploads};

#[async_trait]
impl Uploads for SqliteStore {
    async fn begin<'a>(
        &self,
        upload: &Upload,
        right: &BeginRight,
        quota_bytes: u64,
        once: Option<&'a Once>,
    ) -> Result<Beginning, StoreError> {
        let (upload, right, once) = (upload.clone(), *right, once.cloned());
        self.write(move |connection| begin(connection, &upload, &right, quota_bytes, once.as_ref())).await
    }

    async fn find(&self, upload_id: UploadId, uploader: UserId) -> Result<Option<Upload>, StoreError> {
        self.read(move |connection| find_of(connection, upload_id, uploader)).await
    }

    async fn take_over(
        &self,
        upload_id: UploadId,
        uploader: UserId,
        now: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        self.write(move |connection| take_over(connection, upload_id, uploader, now)).await
    }

    async fn advance(
        &self,
        upload_id: UploadId,
        fence: Fence,
        progress: &Progress,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let progress = progress.clone();
        self.write(move |connection| advance(connection, upload_id, fence, progress, expires_at)).await
    }

    async fn complete(&self, completion: &Completion) -> Result<CompletionOutcome, StoreError> {
        let completion = completion.clone();
        self.write(move |connection| complete(connection, &completion)).await
    }

    async fn abandon(&self, upload_id: UploadId, uploader: UserId) -> Result<bool, StoreError> {
        self.write(move |connection| abandon(connection, upload_id, uploader)).await
    }

    async fn abandon_expired(&self, now: Timestamp, limit: u32) -> Result<Vec<UserId>, StoreError> {
        self.write(move |connection| abandon_expired(connection, now, limit)).await
    }

    async fn whole(&self, limit: u32) -> Result<Vec<Upload>, StoreError> {
        self.read(move |connection| whole(connection, limit)).await
    }

    async fn find_request(
        &self,
        owner: UserId,
        key_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Once>, StoreError> {
        let key_digest = *key_digest;
        self.read(move |connection| requests::find(connection, owner, &key_digest, now)).await
    }

    async fn forget_requests(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.write(move |connection| forget(connection, now, limit)).await
    }
}
