//! What the server does by itself for files: finish what was cut off, and remove what nobody needs any more.

use crate::receive_upload::ReceiveUpload;
use crate::recorder::Happening;
use crate::send_whole::WHOLE_UPLOAD_KEPT;
use crate::{Fault, Recorder};
use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::audit::EventKind;
use epic_domain::file::{FilePolicy, StageState};
use epic_domain::id::BlobId;
use epic_outbound::StoreError;
use epic_outbound::blobs::Blobs;
use epic_outbound::clock::Clock;
use epic_outbound::files::{Files, Usages};
use epic_outbound::links::Links;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BlobLedger, Uploads};
use std::sync::Arc;

/// Records removed in one go, so that no sweep holds the store for long.
const SWEEP_MAX: u32 = 500;
/// Blobs removed before the store is told: what a crash makes the next round remove once more.
const BLOBS_MAX: u32 = 64;
/// How old a blob that nobody knows must be before it is removed. Nothing in a correct run needs this; it gives operators a
/// day to notice that they put a database and a blob store together that do not belong together.
const ORPHAN_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the last step of an upload may take at another node, clocks that differ included. One that takes longer is taken
/// over and finished, and whoever was at it finds the file there.
const LAST_STEP_MAX: Duration = Duration::from_secs(2 * 60);

/// The ports that keeping files in order needs.
#[derive(Clone)]
pub struct FileHousekeepingPorts {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Usages.
    pub usages: Arc<dyn Usages>,
    /// Uploads.
    pub uploads: Arc<dyn Uploads>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Links.
    pub links: Arc<dyn Links>,
    /// Which blobs are needed.
    pub ledger: Arc<dyn BlobLedger>,
    /// Bytes.
    pub blobs: Arc<dyn Blobs>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Who else uses the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreUse {
    /// Nobody: what is under way and not in this process was cut off.
    Alone,
    /// Other nodes: what is under way may be in their hands.
    Shared,
}

/// Keeps files in order.
#[derive(Clone)]
pub struct FileHousekeeping {
    ports: FileHousekeepingPorts,
    receive: ReceiveUpload,
    recorder: Recorder,
    policy: FilePolicy,
    store_use: StoreUse,
}

impl FileHousekeeping {
    /// Keeps order through these ports, under `policy`.
    #[must_use]
    pub fn new(
        ports: FileHousekeepingPorts,
        receive: ReceiveUpload,
        recorder: Recorder,
        policy: FilePolicy,
        store_use: StoreUse,
    ) -> Self {
        Self { ports, receive, recorder, policy, store_use }
    }

    /// Takes up where a server stopped: if it was the only one on this store, uploads that lived in one of its requests are
    /// given up. Those that were whole become files.
    ///
    /// # Errors
    /// [`Fault`] when a part of the server does not answer; the rounds do the same later.
    pub async fn take_up(&self) -> Result<(), Fault> {
        if self.store_use == StoreUse::Alone {
            // An upload in one request has at most this long to live, whatever its request does.
            let now = self.ports.clock.now();
            self.abandon_expired(now.saturating_add(WHOLE_UPLOAD_KEPT)).await?;
        }
        self.finish_cut_off().await
    }

    /// Makes uploads files whose last step was cut off: on a shared store those that have rested for a while.
    ///
    /// # Errors
    /// [`Fault`] when a part of the server does not answer.
    pub async fn finish_cut_off(&self) -> Result<(), Fault> {
        let rested_since = match self.store_use {
            StoreUse::Alone => None,
            StoreUse::Shared => Some(self.ports.clock.now().saturating_sub(LAST_STEP_MAX)),
        };
        self.receive.finish_cut_off(SWEEP_MAX, rested_since).await
    }

    /// Removes what has come to its end: uploads that rest, files in the trash, earlier contents, shares, links, and what is
    /// remembered of requests. What fails keeps nothing else from going.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer; the next sweep takes up where this one stopped.
    pub async fn sweep(&self) -> Result<(), Fault> {
        let now = self.ports.clock.now();
        let superseded_until = self.policy.versions_end(now);
        let Self { ports: FileHousekeepingPorts { files, shares, links, uploads, .. }, .. } = self;
        [
            self.abandon_expired(now).await,
            self.empty_trash(now).await,
            all(|| files.remove_old_versions(superseded_until, SWEEP_MAX)).await,
            all(|| shares.remove_expired(now, SWEEP_MAX)).await,
            all(|| links.remove_expired(now, SWEEP_MAX)).await,
            all(|| uploads.forget_requests(now, SWEEP_MAX)).await,
        ]
        .into_iter()
        .collect()
    }

    /// Removes the blobs that nothing needs any more from the blob store. One that cannot be removed does not keep the
    /// others from it.
    ///
    /// # Errors
    /// [`Fault`] when a part of the server does not answer; the next round takes up where this one stopped.
    pub async fn remove_doomed_blobs(&self) -> Result<(), Fault> {
        loop {
            let doomed = self.ports.ledger.doomed(BLOBS_MAX).await?;
            if doomed.is_empty() {
                return Ok(());
            }
            let mut first_fault = Ok(());
            let mut removed: Vec<BlobId> = Vec::with_capacity(doomed.len());
            for blob in &doomed {
                match self.ports.blobs.remove(blob.blob_id, &blob.stage).await {
                    Ok(()) => removed.push(blob.blob_id),
                    Err(error) => first_fault = first_fault.and(Err(error)),
                }
            }
            self.ports.ledger.removed(&removed).await?;
            first_fault?;
        }
    }

    /// Removes blobs of one shelf that nobody knows: there are none unless a database and a blob store were put together
    /// from different times. Returns how many.
    ///
    /// # Errors
    /// [`Fault`] when a part of the server does not answer.
    pub async fn sweep_shelf(&self, shelf: u8) -> Result<usize, Fault> {
        let listed = self.ports.blobs.on_shelf(shelf).await?;
        let old_enough = self.ports.clock.now().saturating_sub(ORPHAN_AGE);
        let mut count = 0;
        let candidates: Vec<BlobId> =
            listed.iter().filter(|blob| blob.written_at <= old_enough).map(|blob| blob.blob_id).collect();
        for some in candidates.chunks(usize::try_from(SWEEP_MAX).unwrap_or(usize::MAX)) {
            let orphans = self.ports.ledger.unknown(some).await?;
            for blob_id in &orphans {
                self.ports.blobs.remove(*blob_id, &StageState::default()).await?;
            }
            count += orphans.len();
        }
        if count > 0 {
            tracing::warn!(shelf, count, "removed blobs that the database does not know");
        }
        Ok(count)
    }

    async fn abandon_expired(&self, now: Timestamp) -> Result<(), Fault> {
        loop {
            let owners = self.ports.uploads.abandon_expired(now, SWEEP_MAX).await?;
            for owner in &owners {
                self.ports.usages.changed(*owner);
            }
            if u32::try_from(owners.len()).unwrap_or(u32::MAX) < SWEEP_MAX {
                return Ok(());
            }
        }
    }

    async fn empty_trash(&self, now: Timestamp) -> Result<(), Fault> {
        loop {
            let swept =
                self.ports.files.remove_old_trash(self.policy.trash_ends(now), now, SWEEP_MAX).await?;
            let happenings: Vec<_> = swept
                .iter()
                .map(|file| {
                    self.ports.usages.changed(file.owner);
                    Happening::by_the_server(EventKind::FileRemoved, now)
                        .of_user(file.owner)
                        .to_file(file.file_id, None)
                })
                .collect();
            if !happenings.is_empty() {
                self.recorder.record(&happenings).await?;
            }
            // A store may do less at once than it was asked for.
            if swept.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Removes some again and again, until there are fewer than may go at once.
async fn all<Removal: Future<Output = Result<u32, StoreError>>>(
    remove_some: impl Fn() -> Removal,
) -> Result<(), Fault> {
    while remove_some().await? >= SWEEP_MAX {}
    Ok(())
}
