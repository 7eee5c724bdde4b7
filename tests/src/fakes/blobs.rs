//! Blobs in memory.

use super::{FakeClock, FaultSwitch};
use async_trait::async_trait;
use bytes::Bytes;
use core::ops::Range;
use epic_domain::Timestamp;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::StoreError;
use epic_outbound::blobs::{BlobError, BlobReader, BlobWriter, Blobs, ListedBlob};
use epic_outbound::clock::Clock;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many bytes a reader gives at a time: few, so that small contents come in several pieces too.
const PIECE_BYTES: usize = 1_000;

/// Keeps each blob with the time of its clock. Clones are one store opened several times.
#[derive(Debug, Clone, Default)]
pub struct FakeBlobs {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    blobs: Mutex<BTreeMap<BlobId, Blob>>,
    clock: Arc<FakeClock>,
    faults: FaultSwitch,
}

#[derive(Debug)]
struct Blob {
    bytes: Vec<u8>,
    is_published: bool,
    written_at: Timestamp,
}

impl FakeBlobs {
    /// An empty store whose blobs bear the time of this clock.
    #[must_use]
    pub fn with_clock(clock: Arc<FakeClock>) -> Self {
        Self { inner: Arc::new(Inner { clock, ..Inner::default() }) }
    }

    /// Makes calls fail: those of the store, and those of its writers and readers.
    #[must_use]
    pub fn faults(&self) -> &FaultSwitch {
        &self.inner.faults
    }

    /// Every blob that is held, staged or published.
    #[must_use]
    pub fn held(&self) -> Vec<BlobId> {
        self.inner.blobs.lock().keys().copied().collect()
    }

    /// The bytes of a published blob.
    #[must_use]
    pub fn published(&self, blob_id: BlobId) -> Option<Vec<u8>> {
        let blobs = self.inner.blobs.lock();
        blobs.get(&blob_id).filter(|blob| blob.is_published).map(|blob| blob.bytes.clone())
    }
}

impl Inner {
    /// Runs a call under the fault that is due.
    fn guard<T>(
        &self,
        call: impl FnOnce(&mut BTreeMap<BlobId, Blob>) -> Result<T, BlobError>,
    ) -> Result<T, BlobError> {
        match self.faults.guard(|| call(&mut self.blobs.lock())) {
            Ok(answer) => answer,
            Err(StoreError::Unavailable(source) | StoreError::Full(source) | StoreError::Corrupt(source)) => {
                Err(BlobError::Unavailable(source))
            }
        }
    }

    fn staged(&self, bytes: Vec<u8>) -> Blob {
        Blob { bytes, is_published: false, written_at: self.clock.now() }
    }
}

fn missing(text: &'static str) -> BlobError {
    BlobError::Missing(text.into())
}

fn cast(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}

#[async_trait]
impl Blobs for FakeBlobs {
    async fn write(&self, blob_id: BlobId, progress: &Progress) -> Result<Box<dyn BlobWriter>, BlobError> {
        let offset = cast(progress.offset_bytes);
        self.inner.guard(|blobs| {
            let staged = blobs.entry(blob_id).or_insert_with(|| self.inner.staged(Vec::new()));
            if staged.is_published || staged.bytes.len() < offset {
                return Err(missing("less is staged"));
            }
            staged.bytes.truncate(offset);
            Ok(())
        })?;
        Ok(Box::new(FakeBlobWriter { inner: Arc::clone(&self.inner), blob_id, pending: Vec::new() }))
    }

    async fn publish(&self, blob_id: BlobId, progress: &Progress) -> Result<(), BlobError> {
        self.inner.guard(|blobs| {
            if progress.offset_bytes == 0 {
                blobs.entry(blob_id).or_insert_with(|| self.inner.staged(Vec::new()));
            }
            let blob = blobs.get_mut(&blob_id).ok_or_else(|| missing("there is no such blob"))?;
            if blob.bytes.len() != cast(progress.offset_bytes) {
                return Err(missing("the blob is of another length"));
            }
            blob.is_published = true;
            Ok(())
        })
    }

    async fn read(&self, blob_id: BlobId, range: Range<u64>) -> Result<Box<dyn BlobReader>, BlobError> {
        let left = self.inner.guard(|blobs| {
            let blob = blobs.get(&blob_id).filter(|blob| blob.is_published);
            let bytes = blob.and_then(|blob| blob.bytes.get(cast(range.start)..cast(range.end)));
            bytes.map(Bytes::copy_from_slice).ok_or_else(|| missing("there is no such range of a blob"))
        })?;
        Ok(Box::new(FakeBlobReader { inner: Arc::clone(&self.inner), left }))
    }

    async fn remove(&self, blob_id: BlobId, _stage: &StageState) -> Result<(), BlobError> {
        self.inner.guard(|blobs| {
            blobs.remove(&blob_id);
            Ok(())
        })
    }

    async fn on_shelf(&self, shelf: u8) -> Result<Vec<ListedBlob>, BlobError> {
        self.inner.guard(|blobs| {
            let on_shelf = blobs.iter().filter(|(blob_id, _)| blob_id.as_bytes()[0] == shelf);
            Ok(on_shelf
                .map(|(blob_id, blob)| ListedBlob { blob_id: *blob_id, written_at: blob.written_at })
                .collect())
        })
    }

    async fn check(&self) -> Result<(), BlobError> {
        self.inner.guard(|_| Ok(()))
    }
}

struct FakeBlobWriter {
    inner: Arc<Inner>,
    blob_id: BlobId,
    pending: Vec<u8>,
}

#[async_trait]
impl BlobWriter for FakeBlobWriter {
    async fn append(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.inner.guard(|_| {
            self.pending.extend_from_slice(&bytes);
            Ok(())
        })
    }

    async fn persist(&mut self) -> Result<StageState, BlobError> {
        self.inner.guard(|blobs| {
            let staged = blobs.get_mut(&self.blob_id).filter(|blob| !blob.is_published);
            let staged = staged.ok_or_else(|| missing("the blob is not staged any more"))?;
            staged.bytes.append(&mut self.pending);
            staged.written_at = self.inner.clock.now();
            Ok(StageState::default())
        })
    }
}

struct FakeBlobReader {
    inner: Arc<Inner>,
    left: Bytes,
}

#[async_trait]
impl BlobReader for FakeBlobReader {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        self.inner.guard(|_| {
            let piece = self.left.split_to(PIECE_BYTES.min(self.left.len()));
            Ok((!piece.is_empty()).then_some(piece))
        })
    }
}
