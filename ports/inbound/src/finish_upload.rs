//! The last step of an upload: its bytes are checked, made readable, and become a file.

use crate::recorder::Happening;
use crate::{Fault, Recorder};
use epic_domain::Timestamp;
use epic_domain::audit::EventKind;
use epic_domain::file::{
    ContentDigest, Earlier, File, IdempotencyKey, Once, Progress, Received, RequestFingerprint, Target,
    Upload,
};
use epic_domain::id::{SessionId, UploadId};
use epic_domain::network::IpPrefix;
use epic_outbound::blobs::Blobs;
use epic_outbound::clock::Clock;
use epic_outbound::files::Usages;
use epic_outbound::uploads::{Completion, CompletionOutcome, Uploads};
use std::sync::Arc;

/// The ports that finishing needs.
#[derive(Clone)]
pub(crate) struct FinishUpload {
    pub(crate) uploads: Arc<dyn Uploads>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) usages: Arc<dyn Usages>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) recorder: Recorder,
}

/// Who sent the last byte; nobody when the server finishes by itself what was cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) session_id: SessionId,
    pub(crate) origin: IpPrefix,
}

/// What became of an upload whose bytes have all come.
pub(crate) enum Finished {
    /// It is a file, or a content of one.
    File(Box<File>),
    /// The bytes do not have the digest that was told; the upload was given up.
    DigestMismatch,
    /// Someone else has taken the upload over.
    Fenced,
    /// The file it was for is gone.
    Stale,
    /// An earlier request had the idempotency key.
    Earlier(Earlier),
}

impl FinishUpload {
    /// Finishes an upload, and remembers for a day that it was: a client whose last answer was lost asks again.
    pub(crate) async fn finish_remembered(
        &self,
        upload: &Upload,
        progress: &Progress,
        sender: Option<Sender>,
    ) -> Result<Finished, Fault> {
        let remembered = remembered(upload, self.clock.now());
        // The key is made of the upload's own id: nobody else can have used it.
        self.finish(upload, progress, |_| Some(remembered), sender).await
    }

    /// Finishes an upload that has `progress`, all of it durable. `once` tells, from the digest, how the request is
    /// remembered.
    pub(crate) async fn finish(
        &self,
        upload: &Upload,
        progress: &Progress,
        once: impl FnOnce(&ContentDigest) -> Option<Once>,
        sender: Option<Sender>,
    ) -> Result<Finished, Fault> {
        let hasher = progress.hasher().map_err(|invalid| Fault::Corrupt(Box::new(invalid)))?;
        let digest = hasher.finish();
        if upload.expected_digest.is_some_and(|expected| expected != digest) {
            self.give_up(upload).await?;
            return Ok(Finished::DigestMismatch);
        }
        self.blobs.publish(upload.blob_id, progress).await?;
        let received = Received { size_bytes: progress.offset_bytes, digest, at: self.clock.now() };
        let once = once(&digest);
        let completion = Completion { upload_id: upload.id, fence: upload.fence, received, once };
        let outcome = self.uploads.complete(&completion).await;
        self.usages.changed(upload.owner);
        match outcome? {
            CompletionOutcome::Completed(file) => {
                self.record(upload, received.at, sender).await?;
                Ok(Finished::File(file))
            }
            CompletionOutcome::Fenced => Ok(Finished::Fenced),
            CompletionOutcome::Stale => Ok(Finished::Stale),
            CompletionOutcome::Earlier(earlier) => Ok(Finished::Earlier(earlier)),
        }
    }

    /// Gives an upload up and frees what it had set aside.
    pub(crate) async fn give_up(&self, upload: &Upload) -> Result<bool, Fault> {
        let was_there = self.uploads.abandon(upload.id, upload.uploader).await;
        self.usages.changed(upload.owner);
        Ok(was_there?)
    }

    async fn record(&self, upload: &Upload, at: Timestamp, sender: Option<Sender>) -> Result<(), Fault> {
        let kind = match upload.target {
            Target::NewFile { .. } => EventKind::FileUploaded,
            Target::NewContent { .. } => EventKind::FileWritten,
        };
        let happening = match sender {
            Some(Sender { session_id, origin }) => Happening::new(kind, at, origin).in_session(session_id),
            None => Happening::by_the_server(kind, at),
        };
        let happening = happening.of_user(upload.uploader).to_file(upload.file_id, None);
        self.recorder.record(&[happening]).await
    }
}

/// The key under which it is remembered that an upload became a file.
pub(crate) fn completed_key(upload_id: UploadId) -> [u8; 32] {
    *RequestFingerprint::of("completed_upload", &[upload_id.as_bytes()]).as_bytes()
}

fn remembered(upload: &Upload, now: Timestamp) -> Once {
    let key_digest = completed_key(upload.id);
    let mut outcome = upload.file_id.as_bytes().to_vec();
    outcome.extend_from_slice(&upload.size.reserved_bytes().to_be_bytes());
    Once {
        key_digest,
        fingerprint: RequestFingerprint::from_bytes(key_digest),
        outcome: outcome.into(),
        expires_at: now.saturating_add(IdempotencyKey::REMEMBERED_FOR),
    }
}
