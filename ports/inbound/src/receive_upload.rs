//! Receive an upload piece by piece: it can break off at any byte and go on from what was kept.

use crate::authenticate::Authenticated;
use crate::begin_upload::sender;
use crate::byte_source::{ByteSource, SourceFault};
use crate::desk::{Desk, Holding};
use crate::finish_upload::{FinishUpload, Finished, Sender, completed_key};
use crate::{Fault, Recorder};
use bytes::Bytes;
use epic_domain::Timestamp;
use epic_domain::file::{ContentHasher, FilePolicy, Once, Permission, Progress, StageState, Upload};
use epic_domain::id::{FileId, UploadId, UserId};
use epic_domain::network::IpPrefix;
use epic_outbound::blobs::{BlobWriter, Blobs};
use epic_outbound::clock::Clock;
use epic_outbound::files::Usages;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::Uploads;
use futures_util::future::{Either, select};
use std::sync::Arc;

/// What is received before it is made durable on the way: what a crash in the middle of a long request can cost.
const PERSIST_BYTES: u64 = 32 * 1_024 * 1_024;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadStatus {
    /// The file it becomes, or has become.
    pub file_id: FileId,
    /// Bytes that are kept.
    pub offset_bytes: u64,
    /// Bytes there will be.
    pub size_bytes: u64,
    /// When it is given up unless it goes on; when it is forgotten that it was, once it is whole.
    pub expires_at: Timestamp,
}

/// A piece of an upload that comes in.
pub struct Piece<'a> {
    /// The upload.
    pub upload_id: UploadId,
    /// Where the piece begins: it must be where the upload stands.
    pub offset_bytes: u64,
    /// How long the piece says it is, if it does.
    pub length_bytes: Option<u64>,
    /// Its bytes.
    pub source: &'a mut dyn ByteSource,
}

/// Where a piece says it belongs.
#[derive(Clone, Copy)]
struct Place {
    offset_bytes: u64,
    length_bytes: Option<u64>,
}

/// Why a piece of an upload was not taken, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveRefused {
    /// There is no such upload of the caller's.
    #[error("no such upload")]
    NotFound,
    /// The upload was not gone on with in time.
    #[error("the upload has expired")]
    Expired,
    /// The piece does not begin where the upload stands.
    #[error("the upload stands at {offset_bytes} bytes")]
    WrongOffset {
        /// Where it stands.
        offset_bytes: u64,
    },
    /// The piece goes on past the end that was announced. What came before it is kept.
    #[error("the piece is longer than what is missing")]
    TooLong,
    /// The piece broke off; what came is kept, unless it was checked by a checksum.
    #[error(transparent)]
    Broken(SourceFault),
    /// Another request has taken the upload over. What came is kept.
    #[error("another request goes on with the upload")]
    TakenOver,
    /// All bytes came, and they do not have the SHA-256 that was told at the beginning. The upload was given up.
    #[error("the content is not the one that was announced")]
    DigestMismatch,
    /// The file that was to get the content is gone, or the caller may not write it any more. So is the upload.
    #[error("the file is gone")]
    FileGone,
    /// The server could not answer. What was kept can be asked for.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The ports that receiving needs.
#[derive(Clone)]
pub struct ReceiveUploadPorts {
    /// Uploads.
    pub uploads: Arc<dyn Uploads>,
    /// Shares, by which people write into files of others.
    pub shares: Arc<dyn Shares>,
    /// Bytes.
    pub blobs: Arc<dyn Blobs>,
    /// Usages.
    pub usages: Arc<dyn Usages>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Receives uploads.
#[derive(Clone)]
pub struct ReceiveUpload {
    ports: ReceiveUploadPorts,
    finish: FinishUpload,
    desk: Desk,
    policy: FilePolicy,
}

/// An upload being written by the one who holds it.
struct Writing {
    upload: Upload,
    holding: Holding,
    writer: Box<dyn BlobWriter>,
    hasher: ContentHasher,
    received_bytes: u64,
    unkept_bytes: u64,
}

impl ReceiveUpload {
    /// Receives uploads under `policy`.
    #[must_use]
    pub fn new(ports: ReceiveUploadPorts, recorder: Recorder, policy: FilePolicy) -> Self {
        let finish = FinishUpload {
            uploads: Arc::clone(&ports.uploads),
            blobs: Arc::clone(&ports.blobs),
            usages: Arc::clone(&ports.usages),
            clock: Arc::clone(&ports.clock),
            recorder,
        };
        Self { ports, finish, desk: Desk::default(), policy }
    }

    /// Where the caller's upload stands. One that has become a file is remembered for a day, so that a lost answer to the
    /// last piece does not make a client begin again. An upload that is being written is taken from whoever writes it.
    ///
    /// # Errors
    /// [`ReceiveRefused`].
    pub async fn status(
        &self,
        caller: &Authenticated,
        upload_id: UploadId,
        origin: IpPrefix,
    ) -> Result<UploadStatus, ReceiveRefused> {
        let uploader = caller.user().id;
        let holding = self.desk.hold(uploader, upload_id).await;
        let Some(upload) = self.ports.uploads.find(upload_id, uploader).await.map_err(Fault::from)? else {
            return self.completed(uploader, upload_id).await;
        };
        if !upload.is_live_at(self.ports.clock.now()) {
            return Err(ReceiveRefused::Expired);
        }
        let status = status_of(&upload);
        if upload.is_whole() {
            // The step that makes it a file was cut off, or is under way at another node: nobody may be told that it is whole
            // before it is one.
            match self.take_over(uploader, upload_id).await {
                Ok(upload) => {
                    self.finish(&upload, &upload.progress, Some(sender(caller, origin))).await?;
                }
                Err(ReceiveRefused::NotFound) => return self.completed(uploader, upload_id).await,
                Err(refused) => return Err(refused),
            }
        }
        drop(holding);
        Ok(status)
    }

    /// Takes a piece. When the last byte has come the content is a file's, durably and visibly, before this returns.
    ///
    /// # Errors
    /// [`ReceiveRefused`].
    pub async fn receive(
        &self,
        caller: &Authenticated,
        piece: Piece<'_>,
        origin: IpPrefix,
    ) -> Result<UploadStatus, ReceiveRefused> {
        let Piece { upload_id, offset_bytes, length_bytes, source } = piece;
        let place = Place { offset_bytes, length_bytes };
        let holding = self.desk.hold(caller.user().id, upload_id).await;
        let upload = match self.take_over(caller.user().id, upload_id).await {
            Ok(upload) => upload,
            // Whole already: a piece of no bytes at its end is fine, any other is at the wrong place.
            Err(ReceiveRefused::NotFound) => {
                return at_the_end(self.completed(caller.user().id, upload_id).await?, place);
            }
            Err(refused) => return Err(refused),
        };
        self.check_right(&upload).await?;
        check_place(&upload, place)?;
        if upload.is_whole() {
            // The step that makes it a file was cut off; its blob may be published already and takes no bytes.
            self.finish(&upload, &upload.progress, Some(sender(caller, origin))).await?;
            return at_the_end(status_of(&upload), place);
        }
        let mut writing = self.open(upload, holding).await?;
        let is_checked = source.is_checked();
        let ended = self.take_all(&mut writing, source).await;
        if matches!(ended, Err(ReceiveRefused::Fault(_))) || (is_checked && ended.is_err()) {
            return self.explained(&writing.upload, ended).await.map(|()| status_of(&writing.upload));
        }
        // Whatever ended the piece, what came of it is kept.
        let kept = self.keep(&mut writing).await;
        self.explained(&writing.upload, kept).await?;
        ended?;
        if writing.upload.is_whole() {
            self.finish(&writing.upload, &writing.upload.progress, Some(sender(caller, origin))).await?;
        }
        Ok(status_of(&writing.upload))
    }

    /// Gives the caller's upload up.
    ///
    /// # Errors
    /// [`ReceiveRefused::NotFound`], or [`ReceiveRefused::Fault`].
    pub async fn terminate(&self, caller: &Authenticated, upload_id: UploadId) -> Result<(), ReceiveRefused> {
        let uploader = caller.user().id;
        let _holding = self.desk.hold(uploader, upload_id).await;
        let found = self.ports.uploads.find(upload_id, uploader).await.map_err(Fault::from)?;
        let upload = found.ok_or(ReceiveRefused::NotFound)?;
        if self.finish.give_up(&upload).await? { Ok(()) } else { Err(ReceiveRefused::NotFound) }
    }

    /// Makes at most `limit` uploads files that are whole and whose last step was cut off. One that cannot be finished
    /// does not keep the others from it. With `rested_since`, uploads that moved after that time are left alone: their last
    /// step may be under way at another node.
    ///
    /// # Errors
    /// The first [`Fault`] when a part of the server does not answer.
    pub async fn finish_cut_off(&self, limit: u32, rested_since: Option<Timestamp>) -> Result<(), Fault> {
        let mut first_fault = Ok(());
        let resting_expires_at = rested_since.map(|time| self.policy.upload_expires_at(time));
        for upload in self.ports.uploads.whole(limit).await? {
            // Each move puts the end off by the same span.
            if resting_expires_at.is_some_and(|time| upload.expires_at > time) {
                continue;
            }
            if let Err(ReceiveRefused::Fault(fault)) = self.finish_for(&upload).await {
                first_fault = first_fault.and(Err(fault));
            }
        }
        first_fault
    }

    /// Finishes an upload for its uploader, who is not there.
    async fn finish_for(&self, upload: &Upload) -> Result<(), ReceiveRefused> {
        let _holding = self.desk.hold(upload.uploader, upload.id).await;
        let upload = self.take_over(upload.uploader, upload.id).await?;
        if upload.is_whole() {
            self.finish(&upload, &upload.progress, None).await?;
        }
        Ok(())
    }

    async fn take_over(&self, uploader: UserId, upload_id: UploadId) -> Result<Upload, ReceiveRefused> {
        let now = self.ports.clock.now();
        let taken = self.ports.uploads.take_over(upload_id, uploader, now).await.map_err(Fault::from)?;
        if let Some(upload) = taken {
            return Ok(upload);
        }
        let found = self.ports.uploads.find(upload_id, uploader).await.map_err(Fault::from)?;
        Err(found.map_or(ReceiveRefused::NotFound, |_| ReceiveRefused::Expired))
    }

    /// Checks that whoever writes into a file of another still has a share that allows it. An upload without one is given up:
    /// it was begun by a right that has ended.
    async fn check_right(&self, upload: &Upload) -> Result<(), ReceiveRefused> {
        if upload.uploader == upload.owner {
            return Ok(());
        }
        let share = self.ports.shares.find_for(upload.file_id, upload.uploader).await.map_err(Fault::from)?;
        let now = self.ports.clock.now();
        if share.is_some_and(|share| share.permission == Permission::Write && share.is_live_at(now)) {
            return Ok(());
        }
        self.finish.give_up(upload).await?;
        Err(ReceiveRefused::FileGone)
    }

    async fn open(&self, upload: Upload, holding: Holding) -> Result<Writing, Fault> {
        let writer = self.ports.blobs.write(upload.blob_id, &upload.progress).await?;
        let hasher = upload.progress.hasher().map_err(|invalid| Fault::Corrupt(Box::new(invalid)))?;
        let received_bytes = upload.progress.offset_bytes;
        Ok(Writing { upload, holding, writer, hasher, received_bytes, unkept_bytes: 0 })
    }

    async fn take_all(
        &self,
        writing: &mut Writing,
        source: &mut dyn ByteSource,
    ) -> Result<(), ReceiveRefused> {
        let is_checked = source.is_checked();
        loop {
            // In this order: a sender that never pauses must not keep the next one waiting.
            let bytes = match select(&mut writing.holding.wanted, source.next()).await {
                Either::Left(_) => return Err(ReceiveRefused::TakenOver),
                Either::Right((next, _)) => next.map_err(ReceiveRefused::Broken)?,
            };
            let Some(bytes) = bytes else { return Ok(()) };
            writing.take(bytes).await?;
            if !is_checked && writing.unkept_bytes >= PERSIST_BYTES {
                self.keep(writing).await?;
            }
        }
    }

    /// The outcome of writing, when bytes that were staged are missing: whoever has taken the upload over, at another node,
    /// has finished it or given it up.
    async fn explained(
        &self,
        upload: &Upload,
        outcome: Result<(), ReceiveRefused>,
    ) -> Result<(), ReceiveRefused> {
        if !matches!(outcome, Err(ReceiveRefused::Fault(Fault::Corrupt(_)))) {
            return outcome;
        }
        let found = self.ports.uploads.find(upload.id, upload.uploader).await.map_err(Fault::from)?;
        if found.is_some_and(|found| found.fence == upload.fence) {
            outcome
        } else {
            Err(ReceiveRefused::TakenOver)
        }
    }

    /// Makes what came durable and notes it.
    async fn keep(&self, writing: &mut Writing) -> Result<(), ReceiveRefused> {
        if writing.unkept_bytes == 0 {
            return Ok(());
        }
        let stage = writing.writer.persist().await.map_err(Fault::from)?;
        let progress = writing.progress(stage);
        let expires_at = self.policy.upload_expires_at(self.ports.clock.now());
        let Upload { id, fence, .. } = writing.upload;
        let is_held = self.ports.uploads.advance(id, fence, &progress, expires_at).await;
        if !is_held.map_err(Fault::from)? {
            return Err(ReceiveRefused::TakenOver);
        }
        writing.upload.progress = progress;
        writing.upload.expires_at = expires_at;
        writing.unkept_bytes = 0;
        Ok(())
    }

    async fn finish(
        &self,
        upload: &Upload,
        progress: &Progress,
        sender: Option<Sender>,
    ) -> Result<(), ReceiveRefused> {
        // A piece can take hours: a right that has ended meanwhile ends before anything is seen of it.
        self.check_right(upload).await?;
        match self.finish.finish_remembered(upload, progress, sender).await? {
            Finished::File(_) | Finished::Earlier(_) => Ok(()),
            Finished::DigestMismatch => Err(ReceiveRefused::DigestMismatch),
            // Whoever has taken it over, at another node, may have finished it by now: then the file is there.
            Finished::Fenced => match self.completed(upload.uploader, upload.id).await {
                Ok(_) => Ok(()),
                Err(ReceiveRefused::NotFound) => Err(ReceiveRefused::TakenOver),
                Err(refused) => Err(refused),
            },
            Finished::Stale => Err(ReceiveRefused::FileGone),
        }
    }

    /// The end of an upload that has become a file.
    async fn completed(&self, uploader: UserId, upload_id: UploadId) -> Result<UploadStatus, ReceiveRefused> {
        let key = completed_key(upload_id);
        let now = self.ports.clock.now();
        let found = self.ports.uploads.find_request(uploader, &key, now).await.map_err(Fault::from)?;
        found.and_then(|once| read_remembered(&once)).ok_or(ReceiveRefused::NotFound)
    }
}

impl Writing {
    async fn take(&mut self, bytes: Bytes) -> Result<(), ReceiveRefused> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let received_bytes = self.received_bytes.saturating_add(length);
        if received_bytes > self.upload.size.reserved_bytes() {
            return Err(ReceiveRefused::TooLong);
        }
        self.hasher.update(&bytes);
        self.writer.append(bytes).await.map_err(Fault::from)?;
        self.received_bytes = received_bytes;
        self.unkept_bytes = self.unkept_bytes.saturating_add(length);
        Ok(())
    }

    fn progress(&self, stage: StageState) -> Progress {
        Progress { offset_bytes: self.received_bytes, hash_state: self.hasher.state(), stage }
    }
}

fn check_place(upload: &Upload, place: Place) -> Result<(), ReceiveRefused> {
    let offset_bytes = upload.progress.offset_bytes;
    if place.offset_bytes != offset_bytes {
        return Err(ReceiveRefused::WrongOffset { offset_bytes });
    }
    let missing = upload.size.reserved_bytes().saturating_sub(offset_bytes);
    if place.length_bytes.is_some_and(|length| length > missing) {
        return Err(ReceiveRefused::TooLong);
    }
    Ok(())
}

/// What is to be said of a piece that comes when nothing is missing.
fn at_the_end(status: UploadStatus, place: Place) -> Result<UploadStatus, ReceiveRefused> {
    if place.offset_bytes == status.offset_bytes && place.length_bytes == Some(0) {
        Ok(status)
    } else {
        Err(ReceiveRefused::WrongOffset { offset_bytes: status.offset_bytes })
    }
}

const fn status_of(upload: &Upload) -> UploadStatus {
    UploadStatus {
        file_id: upload.file_id,
        offset_bytes: upload.progress.offset_bytes,
        size_bytes: upload.size.reserved_bytes(),
        expires_at: upload.expires_at,
    }
}

fn read_remembered(once: &Once) -> Option<UploadStatus> {
    let (file_id, size) = once.outcome.split_first_chunk::<16>()?;
    let size_bytes = u64::from_be_bytes(size.try_into().ok()?);
    Some(UploadStatus {
        file_id: FileId::from_bytes(*file_id),
        offset_bytes: size_bytes,
        size_bytes,
        expires_at: once.expires_at,
    })
}
