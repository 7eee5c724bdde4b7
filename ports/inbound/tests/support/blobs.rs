//! A blob store in memory, for the use cases.

use async_trait::async_trait;
use bytes::Bytes;
use core::ops::Range;
use epic_domain::Timestamp;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, BlobReader, BlobWriter, Blobs, ListedBlob};
use epic_tests::builders::T0;
use epic_tests::fakes::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Blobs in memory. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct MemoryBlobs(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    staged: BTreeMap<BlobId, Vec<u8>>,
    published: BTreeMap<BlobId, Vec<u8>>,
    due: Option<(u32, Fault)>,
    /// Those that cannot be removed.
    stuck: BTreeSet<BlobId>,
    written_at: BTreeMap<BlobId, Timestamp>,
}

impl MemoryBlobs {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next `passing` calls pass; the one after them fails, and no other.
    pub(crate) fn fail_after(&self, passing: u32, fault: Fault) {
        self.state().due = Some((passing, fault));
    }

    /// No call fails any more.
    pub(crate) fn recover(&self) {
        let mut state = self.state();
        state.due = None;
        state.stuck.clear();
    }

    /// Lets every removal of a blob fail.
    pub(crate) fn hold_fast(&self, blob_id: BlobId) {
        self.state().stuck.insert(blob_id);
    }

    /// Loses a blob, as a disk does.
    pub(crate) fn lose(&self, blob_id: BlobId) {
        let mut state = self.state();
        state.staged.remove(&blob_id);
        state.published.remove(&blob_id);
    }

    /// Puts a published blob there, last written to at a time.
    pub(crate) fn put(&self, blob_id: BlobId, written_at: Timestamp) {
        let mut state = self.state();
        state.published.insert(blob_id, vec![1]);
        state.written_at.insert(blob_id, written_at);
    }

    /// The bytes of a published blob.
    pub(crate) fn published(&self, blob_id: BlobId) -> Option<Vec<u8>> {
        self.state().published.get(&blob_id).cloned()
    }

    /// Every blob, staged or published.
    pub(crate) fn all(&self) -> BTreeSet<BlobId> {
        let state = self.state();
        state.staged.keys().chain(state.published.keys()).copied().collect()
    }

    /// One call, under the fault that is due.
    fn step<T>(&self, step: impl FnOnce(&mut State) -> Result<T, BlobError>) -> Result<T, BlobError> {
        let mut state = self.state();
        let due = state.due;
        state.due = due.and_then(|(passing, fault)| Some((passing.checked_sub(1)?, fault)));
        let failing = || Err(BlobError::Unavailable("the fake was told to fail".into()));
        match due {
            Some((0, Fault::BeforeWrite)) => failing(),
            Some((0, Fault::AfterWrite)) => step(&mut state).and_then(|_| failing()),
            _ => step(&mut state),
        }
    }
}

fn missing() -> BlobError {
    BlobError::Missing("there is no such blob, or less of it".into())
}

fn length(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}

struct Writer {
    blobs: MemoryBlobs,
    blob_id: BlobId,
    kept: Vec<u8>,
}

struct Reader {
    blobs: MemoryBlobs,
    rest: Vec<u8>,
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn write(&self, blob_id: BlobId, progress: &Progress) -> Result<Box<dyn BlobWriter>, BlobError> {
        let offset = length(progress.offset_bytes);
        let kept = self.step(|state| {
            let staged = state.staged.entry(blob_id).or_default();
            if staged.len() < offset {
                return Err(missing());
            }
            staged.truncate(offset);
            Ok(staged.clone())
        })?;
        Ok(Box::new(Writer { blobs: self.clone(), blob_id, kept }))
    }

    async fn publish(&self, blob_id: BlobId, progress: &Progress) -> Result<(), BlobError> {
        let size = length(progress.offset_bytes);
        self.step(|state| {
            let is_published = state.published.get(&blob_id).is_some_and(|bytes| bytes.len() == size);
            let is_staged = state.staged.get(&blob_id).is_some_and(|bytes| bytes.len() == size);
            match state.staged.remove(&blob_id).filter(|_| is_staged && !is_published) {
                Some(bytes) => state.published.insert(blob_id, bytes),
                None if is_published => None,
                None => return Err(missing()),
            };
            Ok(())
        })
    }

    async fn read(&self, blob_id: BlobId, range: Range<u64>) -> Result<Box<dyn BlobReader>, BlobError> {
        let range = length(range.start)..length(range.end);
        let rest = self.step(|state| {
            let bytes = state.published.get(&blob_id).and_then(|bytes| bytes.get(range));
            bytes.map(<[u8]>::to_vec).ok_or_else(missing)
        })?;
        Ok(Box::new(Reader { blobs: self.clone(), rest }))
    }

    async fn remove(&self, blob_id: BlobId, _stage: &StageState) -> Result<(), BlobError> {
        self.step(|state| {
            if state.stuck.contains(&blob_id) {
                return Err(BlobError::Unavailable("the blob cannot be removed".into()));
            }
            state.staged.remove(&blob_id);
            state.published.remove(&blob_id);
            Ok(())
        })
    }

    async fn on_shelf(&self, shelf: u8) -> Result<Vec<ListedBlob>, BlobError> {
        self.step(|state| {
            let all: BTreeSet<BlobId> = state.staged.keys().chain(state.published.keys()).copied().collect();
            let on_shelf = all.into_iter().filter(|blob_id| blob_id.as_bytes()[0] == shelf);
            Ok(on_shelf
                .map(|blob_id| ListedBlob {
                    blob_id,
                    written_at: state.written_at.get(&blob_id).copied().unwrap_or(T0),
                })
                .collect())
        })
    }

    async fn check(&self) -> Result<(), BlobError> {
        self.step(|_| Ok(()))
    }
}

#[async_trait]
impl BlobWriter for Writer {
    async fn append(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.kept.extend_from_slice(&bytes);
        self.blobs.step(|_| Ok(()))
    }

    async fn persist(&mut self) -> Result<StageState, BlobError> {
        let (blob_id, kept) = (self.blob_id, self.kept.clone());
        self.blobs.step(|state| {
            state.staged.insert(blob_id, kept);
            Ok(StageState::from_bytes([7; 4].into()))
        })
    }
}

#[async_trait]
impl BlobReader for Reader {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        self.blobs.step(|_| Ok(()))?;
        let taken = core::mem::take(&mut self.rest);
        Ok((!taken.is_empty()).then(|| Bytes::from(taken)))
    }
}
