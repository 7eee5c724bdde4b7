//! The ports of uploads and of the blobs that are needed, on the store in memory.

use super::MemoryStore;
use super::memory_store::State;
use super::shelf::Superseded;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Fence, File, Once, Progress, Target, Upload};
use epic_domain::id::{BlobId, UploadId, UserId};
use epic_outbound::StoreError;
use epic_outbound::uploads::{
    BeginRight, Beginning, BlobLedger, Completion, CompletionOutcome, DoomedBlob, Uploads,
};

impl State {
    fn begin(
        &mut self,
        upload: &Upload,
        right: &BeginRight,
        quota_bytes: u64,
        once: Option<&Once>,
    ) -> Beginning {
        if let Some(earlier) = self.shelf.judge(upload.uploader, once, upload.created_at) {
            return Beginning::Earlier(earlier);
        }
        if !self.holds(upload, right) {
            return Beginning::Stale;
        }
        match self.shelf.usage(upload.owner).reserve(upload.size.reserved_bytes(), quota_bytes) {
            Err(over) => Beginning::OverQuota(over),
            Ok(usage) => {
                self.shelf.usages.insert(upload.owner, usage);
                self.shelf.uploads.insert(upload.id, upload.clone());
                self.shelf.remember(upload.uploader, once);
                Beginning::Begun
            }
        }
    }

    fn holds(&self, upload: &Upload, right: &BeginRight) -> bool {
        self.users.contains_key(&upload.uploader)
            && match right {
                BeginRight::NewFile => true,
                BeginRight::NewContent { access, expected } => {
                    self.shelf.file_in_use(access.file_id()).is_some_and(|file| file.version == *expected)
                }
            }
    }

    fn complete(&mut self, completion: &Completion) -> CompletionOutcome {
        let Completion { upload_id, fence, once, received } = completion;
        let upload = self.shelf.uploads.get(upload_id).filter(|upload| upload.fence == *fence).cloned();
        let Some(upload) = upload else { return CompletionOutcome::Fenced };
        if let Some(earlier) = self.shelf.judge(upload.uploader, once.as_ref(), received.at) {
            self.shelf.give_up(upload);
            return CompletionOutcome::Earlier(earlier);
        }
        let former = match upload.target {
            Target::NewFile { .. } => None,
            Target::NewContent { .. } => self.shelf.files.get(&upload.file_id).cloned(),
        };
        let revision = self.shelf.revision(upload.owner).next();
        let written = match &former {
            None => File::begun_by(&upload, received, revision),
            Some(former) => former.written_by(&upload, received, revision),
        };
        let Some(file) = written else {
            self.shelf.give_up(upload);
            return CompletionOutcome::Stale;
        };
        self.shelf.remember(upload.uploader, once.as_ref());
        self.shelf.uploads.remove(upload_id);
        let reserved_bytes = upload.size.reserved_bytes();
        self.shelf.account_for(upload.owner, |usage| usage.settle(reserved_bytes, received.size_bytes));
        self.shelf.revisions.insert(upload.owner, revision);
        self.shelf.files.insert(file.id, file.clone());
        if let Some(former) = former {
            let key = (former.id, former.content.number);
            self.shelf.versions.insert(key, Superseded { content: former.content, at: received.at });
        }
        CompletionOutcome::Completed(Box::new(file))
    }
}

#[async_trait]
impl Uploads for MemoryStore {
    async fn begin<'a>(
        &self,
        upload: &Upload,
        right: &BeginRight,
        quota_bytes: u64,
        once: Option<&'a Once>,
    ) -> Result<Beginning, StoreError> {
        self.step(|state| state.begin(upload, right, quota_bytes, once))
    }

    async fn find(&self, upload_id: UploadId, uploader: UserId) -> Result<Option<Upload>, StoreError> {
        self.step(|state| state.shelf.upload_of(upload_id, uploader).cloned())
    }

    async fn take_over(
        &self,
        upload_id: UploadId,
        uploader: UserId,
        now: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        self.step(|state| {
            let upload =
                state.shelf.upload_of(upload_id, uploader).filter(|upload| upload.is_live_at(now))?;
            upload.fence = upload.fence.next();
            Some(upload.clone())
        })
    }

    async fn advance(
        &self,
        upload_id: UploadId,
        fence: Fence,
        progress: &Progress,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step(|state| match state.shelf.uploads.get_mut(&upload_id) {
            Some(upload) if upload.fence == fence => {
                upload.progress = progress.clone();
                upload.expires_at = expires_at;
                true
            }
            _ => false,
        })
    }

    async fn complete(&self, completion: &Completion) -> Result<CompletionOutcome, StoreError> {
        self.step(|state| state.complete(completion))
    }

    async fn abandon(&self, upload_id: UploadId, uploader: UserId) -> Result<bool, StoreError> {
        self.step(|state| {
            let upload = state.shelf.upload_of(upload_id, uploader).cloned();
            upload.map(|upload| state.shelf.give_up(upload)).is_some()
        })
    }

    async fn abandon_expired(&self, now: Timestamp, limit: u32) -> Result<Vec<UserId>, StoreError> {
        self.step(|state| {
            let uploads = state.shelf.uploads.values();
            let expired = uploads.filter(|upload| !upload.is_live_at(now)).zip(0..limit);
            let expired: Vec<_> = expired.map(|(upload, _)| upload.clone()).collect();
            let owners = expired.iter().map(|upload| upload.owner).collect();
            for upload in expired {
                state.shelf.give_up(upload);
            }
            owners
        })
    }

    async fn whole(&self, limit: u32) -> Result<Vec<Upload>, StoreError> {
        self.step(|state| {
            let whole = state.shelf.uploads.values().filter(|upload| upload.is_whole());
            whole.zip(0..limit).map(|(upload, _)| upload.clone()).collect()
        })
    }

    async fn find_request(
        &self,
        account: UserId,
        key_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Once>, StoreError> {
        self.step(|state| {
            let kept = state.shelf.requests.get(&(account, *key_digest));
            kept.filter(|once| now < once.expires_at).cloned()
        })
    }

    async fn forget_requests(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.step(|state| {
            let requests = state.shelf.requests.iter();
            let over = requests.filter(|(_, once)| now >= once.expires_at).zip(0..limit);
            let keys: Vec<_> = over.map(|((key, _), _)| *key).collect();
            for key in &keys {
                state.shelf.requests.remove(key);
            }
            u32::try_from(keys.len()).unwrap()
        })
    }
}

#[async_trait]
impl BlobLedger for MemoryStore {
    async fn doomed(&self, limit: u32) -> Result<Vec<DoomedBlob>, StoreError> {
        self.step(|state| state.shelf.doomed.iter().zip(0..limit).map(|(doomed, _)| doomed.clone()).collect())
    }

    async fn removed(&self, blobs: &[BlobId]) -> Result<(), StoreError> {
        self.step(|state| state.shelf.doomed.retain(|doomed| !blobs.contains(&doomed.blob_id)))
    }

    async fn unknown(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
        self.step(|state| {
            let shelf = &state.shelf;
            let is_known = |blob_id: BlobId| {
                shelf.files.values().any(|file| file.content.blob_id == blob_id)
                    || shelf.versions.values().any(|version| version.content.blob_id == blob_id)
                    || shelf.uploads.values().any(|upload| upload.blob_id == blob_id)
                    || shelf.doomed.iter().any(|doomed| doomed.blob_id == blob_id)
            };
            blobs.iter().copied().filter(|blob_id| !is_known(*blob_id)).collect()
        })
    }
}
