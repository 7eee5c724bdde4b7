//! Begin an upload: set its room aside and give it a name.

use crate::authenticate::Authenticated;
use crate::finish_upload::{FinishUpload, Finished, Sender};
use crate::sight::Sight;
use crate::{Answer, Fault, Minting, Recorder};
use epic_domain::Timestamp;
use epic_domain::file::{
    ContentDigest, ContentHasher, Earlier, EncryptedDataKey, EncryptedFilename, Fence, FilePolicy,
    IdempotencyKey, Once, OverQuota, Progress, RequestFingerprint, Target, Upload, UploadSize,
};
use epic_domain::id::{FileId, UploadId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, Subject};
use epic_domain::user::Version;
use epic_outbound::blobs::Blobs;
use epic_outbound::clock::Clock;
use epic_outbound::files::{Files, Usages};
use epic_outbound::limiter::Limiter;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BeginRight, Beginning, Uploads};
use epic_outbound::users::Users;
use std::sync::Arc;

/// A file to be uploaded.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Its name.
    pub encrypted_filename: EncryptedFilename,
    /// The data key, wrapped for the owner.
    pub encrypted_data_key: EncryptedDataKey,
    /// How many bytes it has, or may have at most.
    pub size: UploadSize,
    /// Their SHA-256, if the client tells it.
    pub expected_digest: Option<ContentDigest>,
}

/// A new content of a file, to be uploaded.
#[derive(Debug, Clone)]
pub struct NewContent {
    /// The file.
    pub file_id: FileId,
    /// The version the file must have.
    pub expected: Version,
    /// A new name, if it gets one. Its owner alone may give it one.
    pub encrypted_filename: Option<EncryptedFilename>,
    /// The new data key, wrapped for the owner, who alone may set it; without one the content is under the present key.
    pub encrypted_data_key: Option<EncryptedDataKey>,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Their SHA-256, if the client tells it.
    pub expected_digest: Option<ContentDigest>,
}

/// An upload that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BegunUpload {
    /// The file it becomes, or becomes a content of.
    pub file_id: FileId,
    /// The upload.
    pub upload_id: UploadId,
    /// When it is given up unless it goes on.
    pub expires_at: Timestamp,
}

/// Why an upload does not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginRefused {
    /// The account has begun enough uploads.
    #[error("too many uploads")]
    Limited(Denial),
    /// The content is larger than any may be.
    #[error("the content is too large")]
    TooLarge {
        /// The most bytes a content may have.
        bytes_max: u64,
    },
    /// The owner's quota has no room for it.
    #[error(transparent)]
    OverQuota(#[from] OverQuota),
    /// There is no such file, or none that the caller may see.
    #[error("no such file")]
    NotFound,
    /// The caller may see the file and not do this with it.
    #[error("the share does not allow that")]
    NotAllowed,
    /// The file has changed since the caller looked.
    #[error("the file has moved on")]
    Stale,
    /// The idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The content has no bytes, and that is not the SHA-256 of none.
    #[error("the content is not the one that was announced")]
    DigestMismatch,
    /// The server could not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that beginning an upload needs.
#[derive(Clone)]
pub struct BeginUploadPorts {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Usages.
    pub usages: Arc<dyn Usages>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Uploads.
    pub uploads: Arc<dyn Uploads>,
    /// Bytes.
    pub blobs: Arc<dyn Blobs>,
    /// Accounts, for the quotas of those who own the files written to.
    pub users: Arc<dyn Users>,
    /// The limiter.
    pub limiter: Arc<dyn Limiter>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Begins uploads.
#[derive(Clone)]
pub struct BeginUpload {
    ports: BeginUploadPorts,
    sight: Sight,
    finish: FinishUpload,
    minting: Minting,
    policy: FilePolicy,
}

/// An upload about to begin, with what decides whether it may.
pub(crate) struct Draft {
    pub(crate) upload: Upload,
    pub(crate) right: BeginRight,
    pub(crate) quota_bytes: u64,
}

impl BeginUpload {
    /// Begins uploads under `policy`.
    #[must_use]
    pub fn new(ports: BeginUploadPorts, minting: Minting, recorder: Recorder, policy: FilePolicy) -> Self {
        let finish = FinishUpload {
            uploads: Arc::clone(&ports.uploads),
            blobs: Arc::clone(&ports.blobs),
            usages: Arc::clone(&ports.usages),
            clock: Arc::clone(&ports.clock),
            recorder,
        };
        let sight = Sight::new(Arc::clone(&ports.files), Arc::clone(&ports.shares), Arc::clone(&ports.clock));
        Self { ports, sight, finish, minting, policy }
    }

    pub(crate) const fn ports(&self) -> &BeginUploadPorts {
        &self.ports
    }

    pub(crate) const fn finish(&self) -> &FinishUpload {
        &self.finish
    }

    /// The most bytes a content may have.
    #[must_use]
    pub const fn content_bytes_max(&self) -> u64 {
        self.policy.content_bytes_max
    }

    /// Begins the upload of a new file of the caller's. A request that comes again with its key gets the answer it had.
    pub async fn begin_file(
        &self,
        caller: &Authenticated,
        new_file: NewFile,
        key: Option<&IdempotencyKey>,
        origin: IpPrefix,
    ) -> Answer<BegunUpload, BeginRefused> {
        if let Err(refused) = self.check_size(new_file.size.reserved_bytes()) {
            return Answer { standing: caller.standing(), result: Err(refused) };
        }
        let draft = self.draft_of_file(caller, new_file).map_err(BeginRefused::from);
        match draft.and_then(check_empty) {
            Ok(draft) => self.begin_limited(draft, "begin_file", key, sender(caller, origin)).await,
            Err(refused) => Answer { standing: caller.standing(), result: Err(refused) },
        }
    }

    /// Begins the upload of a new content of a file that the caller may write.
    pub async fn begin_content(
        &self,
        caller: &Authenticated,
        new_content: NewContent,
        key: Option<&IdempotencyKey>,
        origin: IpPrefix,
    ) -> Answer<BegunUpload, BeginRefused> {
        match self.draft_of_content(caller, new_content, key.is_some()).await {
            Ok(draft) => self.begin_limited(draft, "begin_content", key, sender(caller, origin)).await,
            Err(refused) => Answer { standing: caller.standing(), result: Err(refused) },
        }
    }

    /// The draft of a new file.
    pub(crate) fn draft_of_file(&self, caller: &Authenticated, new_file: NewFile) -> Result<Draft, Fault> {
        let user = caller.user();
        let NewFile { encrypted_filename, encrypted_data_key, size, expected_digest } = new_file;
        let target = Target::NewFile { encrypted_filename, encrypted_data_key };
        let file_id = self.minting.file_id()?;
        let upload = self.upload(user.id, (file_id, user.id), target, size, expected_digest)?;
        Ok(Draft { upload, right: BeginRight::NewFile, quota_bytes: user.quota.limit_bytes })
    }

    async fn draft_of_content(
        &self,
        caller: &Authenticated,
        new_content: NewContent,
        has_key: bool,
    ) -> Result<Draft, BeginRefused> {
        let user_id = caller.user().id;
        let NewContent {
            file_id,
            expected,
            encrypted_filename,
            encrypted_data_key,
            size_bytes,
            expected_digest,
        } = new_content;
        let seen = self.sight.seen(user_id, file_id).await?.ok_or(BeginRefused::NotFound)?;
        let is_owner = seen.share.is_none();
        if !is_owner && (encrypted_filename.is_some() || encrypted_data_key.is_some()) {
            return Err(BeginRefused::NotAllowed);
        }
        let file = seen.access.file();
        let access = match seen.access.to_write() {
            Some(access) => access,
            None if is_owner => return Err(BeginRefused::Stale),
            None => return Err(BeginRefused::NotAllowed),
        };
        // With a key the store decides: a request that comes again finds the file as it made it.
        if file.version != expected && !has_key {
            return Err(BeginRefused::Stale);
        }
        self.check_size(size_bytes)?;
        let quota_bytes = self.quota_of(access.owner()).await?;
        let target = Target::NewContent { encrypted_filename, encrypted_data_key };
        let size = UploadSize::Exactly(size_bytes);
        let upload = self.upload(user_id, (file_id, access.owner()), target, size, expected_digest)?;
        check_empty(Draft { upload, right: BeginRight::NewContent { access, expected }, quota_bytes })
    }

    async fn quota_of(&self, owner: UserId) -> Result<u64, Fault> {
        let owner = self.ports.users.find_by_id(owner).await?;
        // An owner who is gone has no room; the store refuses the upload, too.
        Ok(owner.map_or(0, |owner| owner.quota.limit_bytes))
    }

    pub(crate) const fn check_size(&self, size_bytes: u64) -> Result<(), BeginRefused> {
        if size_bytes > self.policy.content_bytes_max {
            return Err(BeginRefused::TooLarge { bytes_max: self.policy.content_bytes_max });
        }
        Ok(())
    }

    fn upload(
        &self,
        uploader: UserId,
        (file_id, owner): (FileId, UserId),
        target: Target,
        size: UploadSize,
        expected_digest: Option<ContentDigest>,
    ) -> Result<Upload, Fault> {
        let now = self.ports.clock.now();
        Ok(Upload {
            id: self.minting.upload_id()?,
            uploader,
            file_id,
            owner,
            target,
            blob_id: self.minting.blob_id()?,
            size,
            expected_digest,
            progress: Progress::none(),
            fence: Fence::NONE,
            created_at: now,
            expires_at: self.policy.upload_expires_at(now),
        })
    }

    /// Counts the upload against its account and begins it.
    async fn begin_limited(
        &self,
        draft: Draft,
        call: &str,
        key: Option<&IdempotencyKey>,
        sender: Sender,
    ) -> Answer<BegunUpload, BeginRefused> {
        let attempt = Attempt::new(Action::Upload, Subject::Account(draft.upload.uploader));
        let standing = match self.admit(&attempt) {
            Ok(standing) => standing,
            Err(denial) => return Answer { standing: None, result: Err(BeginRefused::Limited(denial)) },
        };
        let begun = BegunUpload {
            file_id: draft.upload.file_id,
            upload_id: draft.upload.id,
            expires_at: draft.upload.expires_at,
        };
        let once = key.map(|key| once(key, &draft, call, &begun));
        let result = match self.begin(&draft, once.as_ref()).await {
            Ok(None) => self.finish_if_empty(&draft.upload, sender).await.map(|()| begun),
            // Nothing was begun, so nothing counts.
            Ok(Some(earlier)) => {
                self.ports.limiter.give_back(&[attempt], self.ports.clock.monotonic());
                self.begun_earlier(&draft.upload, &earlier, sender).await
            }
            Err(refused) => Err(refused),
        };
        Answer { standing, result }
    }

    /// The upload that an earlier request began. If it is empty, its end may have been cut off.
    async fn begun_earlier(
        &self,
        drafted: &Upload,
        outcome: &[u8],
        sender: Sender,
    ) -> Result<BegunUpload, BeginRefused> {
        let begun = read_outcome(outcome).ok_or(BeginRefused::KeyReused)?;
        if drafted.is_whole() {
            let found = self.ports.uploads.find(begun.upload_id, drafted.uploader).await;
            if let Some(upload) = found.map_err(Fault::from)? {
                self.finish_if_empty(&upload, sender).await?;
            }
        }
        Ok(begun)
    }

    pub(crate) fn admit(
        &self,
        attempt: &Attempt,
    ) -> Result<Option<epic_domain::rate_limit::Standing>, Denial> {
        let decision = self.ports.limiter.check(core::slice::from_ref(attempt), self.ports.clock.monotonic());
        match decision {
            Decision::Denied(denial) => Err(denial),
            Decision::Allowed(standing) => Ok(standing),
        }
    }

    /// An upload of no bytes is whole when it begins, and no piece will come.
    async fn finish_if_empty(&self, upload: &Upload, sender: Sender) -> Result<(), BeginRefused> {
        if !upload.is_whole() {
            return Ok(());
        }
        match self.finish.finish_remembered(upload, &upload.progress, Some(sender)).await? {
            // Whoever has taken it over finishes it.
            Finished::File(_) | Finished::Earlier(_) | Finished::Fenced => Ok(()),
            Finished::DigestMismatch => Err(BeginRefused::DigestMismatch),
            Finished::Stale => Err(BeginRefused::Stale),
        }
    }

    /// Begins the upload; what an earlier request came to, if there was one with this key.
    pub(crate) async fn begin(
        &self,
        draft: &Draft,
        once: Option<&Once>,
    ) -> Result<Option<Box<[u8]>>, BeginRefused> {
        let Draft { upload, right, quota_bytes } = draft;
        let beginning = self.ports.uploads.begin(upload, right, *quota_bytes, once).await;
        self.ports.usages.changed(upload.owner);
        match beginning.map_err(Fault::from)? {
            Beginning::Begun => Ok(None),
            Beginning::OverQuota(over) => Err(over.into()),
            Beginning::Stale => Err(BeginRefused::Stale),
            Beginning::Earlier(Earlier::Same(outcome)) => Ok(Some(outcome)),
            Beginning::Earlier(Earlier::Other) => Err(BeginRefused::KeyReused),
        }
    }
}

pub(crate) fn sender(caller: &Authenticated, origin: IpPrefix) -> Sender {
    Sender { session_id: caller.claims().session_id, origin }
}

/// The digest of a content of no bytes is known before it begins.
fn check_empty(draft: Draft) -> Result<Draft, BeginRefused> {
    let Upload { expected_digest, .. } = &draft.upload;
    let is_other = expected_digest.is_some_and(|expected| expected != ContentHasher::new().finish());
    if draft.upload.is_whole() && is_other { Err(BeginRefused::DigestMismatch) } else { Ok(draft) }
}

fn once(key: &IdempotencyKey, draft: &Draft, call: &str, begun: &BegunUpload) -> Once {
    Once::new(key, fingerprint(call, draft), write_outcome(begun), draft.upload.created_at)
}

fn fingerprint(call: &str, draft: &Draft) -> RequestFingerprint {
    let upload = &draft.upload;
    let file: &[u8] = match &draft.right {
        BeginRight::NewFile => &[],
        BeginRight::NewContent { .. } => upload.file_id.as_bytes(),
    };
    RequestFingerprint::of(
        call,
        &[
            file,
            upload.target.encrypted_filename().map_or(&[], EncryptedFilename::as_bytes),
            upload.target.encrypted_data_key().map_or(&[], EncryptedDataKey::as_bytes),
            &upload.size.reserved_bytes().to_be_bytes(),
            upload.expected_digest.as_ref().map_or(&[], |digest| digest.as_bytes().as_slice()),
        ],
    )
}

fn write_outcome(begun: &BegunUpload) -> Box<[u8]> {
    let mut outcome = Vec::with_capacity(40);
    outcome.extend_from_slice(begun.file_id.as_bytes());
    outcome.extend_from_slice(begun.upload_id.as_bytes());
    outcome.extend_from_slice(&begun.expires_at.as_millis().to_be_bytes());
    outcome.into()
}

fn read_outcome(outcome: &[u8]) -> Option<BegunUpload> {
    let (file_id, rest) = outcome.split_first_chunk::<16>()?;
    let (upload_id, rest) = rest.split_first_chunk::<16>()?;
    let expires_at = u64::from_be_bytes(rest.try_into().ok()?);
    Some(BegunUpload {
        file_id: FileId::from_bytes(*file_id),
        upload_id: UploadId::from_bytes(*upload_id),
        expires_at: Timestamp::from_millis(expires_at),
    })
}
