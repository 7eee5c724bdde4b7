//! The port of uploads under way.

use crate::MongoStore;
use crate::completion::complete;
use crate::documents::upload_queries::sent_by;
use crate::requests::{self, forget};
use crate::upload_beginning::{Wish, begin};
use crate::upload_changes::{abandon, abandon_expired, advance, find, take_over, whole};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Fence, Once, Progress, Upload};
use epic_domain::id::{UploadId, UserId};
use epic_outbound::StoreError;
use epic_outbound::uploads::{BeginRight, Beginning, Completion, CompletionOutcome, Uploads};

#[async_trait]
impl Uploads for MongoStore {
    async fn begin<'a>(
        &self,
        upload: &Upload,
        right: &BeginRight,
        quota_bytes: u64,
        once: Option<&'a Once>,
    ) -> Result<Beginning, StoreError> {
        let wish = Wish { upload: upload.clone(), right: *right, quota_bytes, once: once.cloned() };
        self.call(move |shared| async move { begin(&shared, wish).await }).await
    }

    async fn find(&self, upload_id: UploadId, uploader: UserId) -> Result<Option<Upload>, StoreError> {
        self.call(move |shared| async move { find(&shared, sent_by(upload_id, uploader)).await }).await
    }

    async fn take_over(
        &self,
        upload_id: UploadId,
        uploader: UserId,
        now: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        self.call(move |shared| async move { take_over(&shared, upload_id, uploader, now).await }).await
    }

    async fn advance(
        &self,
        upload_id: UploadId,
        fence: Fence,
        progress: &Progress,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let progress = progress.clone();
        self.call(
            move |shared| async move { advance(&shared, upload_id, fence, &progress, expires_at).await },
        )
        .await
    }

    async fn complete(&self, completion: &Completion) -> Result<CompletionOutcome, StoreError> {
        let completion = completion.clone();
        self.call(move |shared| async move { complete(&shared, completion).await }).await
    }

    async fn abandon(&self, upload_id: UploadId, uploader: UserId) -> Result<bool, StoreError> {
        self.call(move |shared| async move { abandon(&shared, upload_id, uploader).await }).await
    }

    async fn abandon_expired(&self, now: Timestamp, limit: u32) -> Result<Vec<UserId>, StoreError> {
        self.call(move |shared| async move { abandon_expired(&shared, now, limit).await }).await
    }

    async fn whole(&self, limit: u32) -> Result<Vec<Upload>, StoreError> {
        self.call(move |shared| async move { whole(&shared, limit).await }).await
    }

    async fn find_request(
        &self,
        account: UserId,
        key_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Once>, StoreError> {
        let key_digest = *key_digest;
        self.call(move |shared| async move { requests::find(&shared, account, &key_digest, now).await }).await
    }

    async fn forget_requests(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.call(move |shared| async move { forget(&shared, now, limit).await }).await
    }
}
