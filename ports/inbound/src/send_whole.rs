//! Send a whole file in one request: it is there when the answer comes, or it never was.

use crate::authenticate::Authenticated;
use crate::begin_upload::{BeginRefused, BeginUpload, Draft, NewFile, sender};
use crate::byte_source::{ByteSource, SourceFault};
use crate::finish_upload::{FinishUpload, Finished};
use crate::{Answer, Fault};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::file::{
    ContentDigest, ContentHasher, Earlier, EncryptedDataKey, EncryptedFilename, File, IdempotencyKey, Once,
    Progress, RequestFingerprint, Upload, UploadSize,
};
use epic_domain::id::FileId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Subject};
use epic_outbound::files::Files;
use epic_outbound::limiter::Limiter;
use std::sync::Arc;

/// How long an upload in one request is kept after its last sign of life. Nothing can go on with it once its request is over:
/// if the server dies under it, what it had set aside is free again after this.
pub const WHOLE_UPLOAD_KEPT: Duration = Duration::from_secs(2 * 60);

/// How often a request shows that it is alive, at least.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// Why a whole file was not taken. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum SendRefused {
    /// It could not even begin.
    #[error(transparent)]
    Begin(BeginRefused),
    /// It broke off.
    #[error(transparent)]
    Broken(SourceFault),
    /// It has more or fewer bytes than it said.
    #[error("the content has another size than announced")]
    WrongSize,
    /// Its bytes do not have the SHA-256 that was told.
    #[error("the content is not the one that was announced")]
    DigestMismatch,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Takes whole files.
#[derive(Clone)]
pub struct SendWhole {
    begin: BeginUpload,
    finish: FinishUpload,
    files: Arc<dyn Files>,
    limiter: Arc<dyn Limiter>,
}

impl SendWhole {
    /// Takes whole files as `begin` begins them.
    #[must_use]
    pub fn new(begin: BeginUpload) -> Self {
        let (ports, finish) = (begin.ports(), begin.finish().clone());
        let (files, limiter) = (Arc::clone(&ports.files), Arc::clone(&ports.limiter));
        Self { begin, finish, files, limiter }
    }

    /// Takes a file. A request that comes again with its key and the same content gets the file that the first one made.
    pub async fn send(
        &self,
        caller: &Authenticated,
        new_file: NewFile,
        source: &mut dyn ByteSource,
        key: Option<&IdempotencyKey>,
        origin: IpPrefix,
    ) -> Answer<File, SendRefused> {
        if let Err(refused) = self.begin.check_size(new_file.size.reserved_bytes()) {
            return Answer { standing: caller.standing(), result: Err(SendRefused::Begin(refused)) };
        }
        let attempt = Attempt::new(Action::Upload, Subject::Account(caller.user().id));
        match self.begin.admit(&attempt) {
            Err(denial) => {
                let refused = SendRefused::Begin(BeginRefused::Limited(denial));
                Answer { standing: None, result: Err(refused) }
            }
            Ok(standing) => {
                let result = self.send_admitted(caller, new_file, source, key, origin).await;
                if matches!(result, Ok((_, Made::Earlier))) {
                    self.limiter.give_back(&[attempt], self.finish.clock.monotonic());
                }
                Answer { standing, result: result.map(|(file, _)| file) }
            }
        }
    }

    async fn send_admitted(
        &self,
        caller: &Authenticated,
        new_file: NewFile,
        source: &mut dyn ByteSource,
        key: Option<&IdempotencyKey>,
        origin: IpPrefix,
    ) -> Result<(File, Made), SendRefused> {
        let size = new_file.size;
        let mut draft = self.begin.draft_of_file(caller, new_file)?;
        if let Some(key) = key {
            let (uploader, key_digest, now) = (draft.upload.uploader, key.digest(), draft.upload.created_at);
            let earlier = self.finish.uploads.find_request(uploader, &key_digest, now).await;
            if let Some(earlier) = earlier.map_err(Fault::from)? {
                return self.compare(caller, &draft.upload, key, &earlier, source).await;
            }
        }
        draft.upload.expires_at = draft.upload.created_at.saturating_add(WHOLE_UPLOAD_KEPT);
        // Whatever its size is: nobody but this request may find it whole and finish it.
        draft.upload.size = UploadSize::AtMost(size.reserved_bytes());
        self.begin.begin(&draft, None).await.map_err(SendRefused::Begin)?;
        // Whatever ends this before the file is there, the upload is given up.
        let Draft { upload, .. } = &draft;
        let progress = match self.take(upload, size, source).await {
            Ok(progress) => progress,
            Err(refused) => {
                self.finish.give_up(upload).await?;
                return Err(refused);
            }
        };
        let once = |digest: &ContentDigest| key.map(|key| once(key, upload, digest, self.finish.clock.now()));
        match self.finish.finish(upload, &progress, once, Some(sender(caller, origin))).await? {
            Finished::File(file) => Ok((*file, Made::Now)),
            Finished::Earlier(Earlier::Same(outcome)) => self.earlier(caller, &outcome).await,
            Finished::Earlier(Earlier::Other) => Err(SendRefused::Begin(BeginRefused::KeyReused)),
            Finished::DigestMismatch => Err(SendRefused::DigestMismatch),
            // Only a sweep after minutes without a sign of life takes an upload away from its request.
            Finished::Fenced | Finished::Stale => Err(SendRefused::Broken(SourceFault::TooSlow)),
        }
    }

    /// Judges a request by an earlier one with its key. Its bytes only show whether it asks for the same: they are not
    /// stored, and need no room.
    async fn compare(
        &self,
        caller: &Authenticated,
        upload: &Upload,
        key: &IdempotencyKey,
        earlier: &Once,
        source: &mut dyn ByteSource,
    ) -> Result<(File, Made), SendRefused> {
        let mut hasher = ContentHasher::new();
        let mut size_bytes = 0_u64;
        while let Some(bytes) = source.next().await.map_err(SendRefused::Broken)? {
            size_bytes = size_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if size_bytes > upload.size.reserved_bytes() {
                return Err(SendRefused::WrongSize);
            }
            hasher.update(&bytes);
        }
        if !upload.size.allows(size_bytes) {
            return Err(SendRefused::WrongSize);
        }
        let digest = hasher.finish();
        if upload.expected_digest.is_some_and(|expected| expected != digest) {
            return Err(SendRefused::DigestMismatch);
        }
        match once(key, upload, &digest, upload.created_at).judge(earlier, upload.created_at) {
            Some(Earlier::Same(outcome)) => self.earlier(caller, &outcome).await,
            Some(Earlier::Other) | None => Err(SendRefused::Begin(BeginRefused::KeyReused)),
        }
    }

    /// The file that an earlier request made. It may have been removed since; then the key is spent.
    async fn earlier(&self, caller: &Authenticated, outcome: &[u8]) -> Result<(File, Made), SendRefused> {
        let file_id = outcome.try_into().ok().map(FileId::from_bytes);
        let file = match file_id {
            Some(file_id) => self.files.find(file_id).await.map_err(Fault::from)?,
            None => None,
        };
        file.filter(|file| file.owner == caller.user().id)
            .map(|file| (file, Made::Earlier))
            .ok_or(SendRefused::Begin(BeginRefused::KeyReused))
    }

    /// Takes every byte, durably but invisibly.
    async fn take(
        &self,
        upload: &Upload,
        size: UploadSize,
        source: &mut dyn ByteSource,
    ) -> Result<Progress, SendRefused> {
        let mut writer =
            self.finish.blobs.write(upload.blob_id, &upload.progress).await.map_err(Fault::from)?;
        let mut hasher = ContentHasher::new();
        let mut offset_bytes = 0_u64;
        let mut shown_alive_at = upload.created_at;
        while let Some(bytes) = source.next().await.map_err(SendRefused::Broken)? {
            offset_bytes = offset_bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            if offset_bytes > size.reserved_bytes() {
                return Err(SendRefused::WrongSize);
            }
            hasher.update(&bytes);
            writer.append(bytes).await.map_err(Fault::from)?;
            shown_alive_at = self.show_alive(upload, shown_alive_at).await?;
        }
        if !size.allows(offset_bytes) {
            return Err(SendRefused::WrongSize);
        }
        let stage = writer.persist().await.map_err(Fault::from)?;
        self.show_alive(upload, shown_alive_at).await?;
        Ok(Progress { offset_bytes, hash_state: hasher.state(), stage })
    }

    /// Puts the upload's end off, if that was not done lately.
    async fn show_alive(&self, upload: &Upload, last: Timestamp) -> Result<Timestamp, SendRefused> {
        let now = self.finish.clock.now();
        if now < last.saturating_add(SIGN_OF_LIFE) {
            return Ok(last);
        }
        let expires_at = now.saturating_add(WHOLE_UPLOAD_KEPT);
        let advanced =
            self.finish.uploads.advance(upload.id, upload.fence, &upload.progress, expires_at).await;
        if advanced.map_err(Fault::from)? { Ok(now) } else { Err(SendRefused::Broken(SourceFault::TooSlow)) }
    }
}

/// Whether a file was made by this request.
enum Made {
    Now,
    Earlier,
}

fn once(key: &IdempotencyKey, upload: &Upload, digest: &ContentDigest, now: Timestamp) -> Once {
    let target = &upload.target;
    let parts = [
        target.encrypted_filename().map_or(&[][..], EncryptedFilename::as_bytes),
        target.encrypted_data_key().map_or(&[][..], EncryptedDataKey::as_bytes),
        digest.as_bytes(),
    ];
    let fingerprint = RequestFingerprint::of("send_whole", &parts);
    Once::new(key, fingerprint, upload.file_id.as_bytes().as_slice(), now)
}
