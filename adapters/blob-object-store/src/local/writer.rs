//! Writing a staged file: one piece is filled while the one before it goes to the disk.

use super::failure::{blocking, failure};
use super::pieces::PIECE_BYTES;
use super::room;
use super::staging::Claim;
use async_trait::async_trait;
use bytes::Bytes;
use epic_domain::file::StageState;
use epic_outbound::blobs::{BlobError, BlobWriter};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Writes one staged file, in memory two pieces at most.
#[derive(Debug)]
pub(super) struct LocalWriter {
    claim: Claim,
    file: Arc<File>,
    /// Where the piece being filled begins.
    offset_bytes: u64,
    filling: Vec<u8>,
    /// The piece on its way to the disk. It comes back empty, to be filled again.
    writing: Option<JoinHandle<io::Result<Vec<u8>>>>,
    /// A call failed or was given up half-way: nobody knows any more what is where.
    is_broken: bool,
}

impl LocalWriter {
    /// A writer that goes on at `offset_bytes`, where the file ends.
    pub(super) fn new(claim: Claim, file: File, offset_bytes: u64) -> Self {
        let file = Arc::new(file);
        Self { claim, file, offset_bytes, filling: Vec::new(), writing: None, is_broken: false }
    }

    fn begin(&mut self) -> Result<(), BlobError> {
        if core::mem::replace(&mut self.is_broken, true) {
            return Err(BlobError::Unavailable("an earlier write was broken off".into()));
        }
        Ok(())
    }

    /// Sends the piece that is filled on its way, after the one before it has arrived.
    async fn send(&mut self) -> Result<(), BlobError> {
        let empty = self.arrive().await?;
        if self.filling.is_empty() {
            self.filling = empty;
            return Ok(());
        }
        let mut piece = core::mem::replace(&mut self.filling, empty);
        let offset_bytes = self.offset_bytes;
        self.offset_bytes = offset_bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        let claim = self.claim.clone();
        let file = Arc::clone(&self.file);
        self.writing = Some(spawn_blocking(move || {
            claim.work(|| {
                room::check(&file, piece.len())?;
                file.write_all_at(&piece, offset_bytes)
            })?;
            piece.clear();
            Ok(piece)
        }));
        Ok(())
    }

    /// Waits for the piece on its way, and returns an empty one.
    async fn arrive(&mut self) -> Result<Vec<u8>, BlobError> {
        let Some(writing) = self.writing.as_mut() else { return Ok(Vec::new()) };
        let written = writing.await;
        self.writing = None;
        written.map_err(|error| BlobError::Unavailable(Box::new(error)))?.map_err(failure)
    }
}

#[async_trait]
impl BlobWriter for LocalWriter {
    async fn append(&mut self, mut bytes: Bytes) -> Result<(), BlobError> {
        self.begin()?;
        while !bytes.is_empty() {
            let room = PIECE_BYTES.saturating_sub(self.filling.len()).min(bytes.len());
            self.filling.extend_from_slice(&bytes.split_to(room));
            if self.filling.len() >= PIECE_BYTES {
                self.send().await?;
            }
        }
        self.is_broken = false;
        Ok(())
    }

    async fn persist(&mut self) -> Result<StageState, BlobError> {
        self.begin()?;
        self.send().await?;
        self.filling = self.arrive().await?;
        let claim = self.claim.clone();
        let file = Arc::clone(&self.file);
        blocking(move || claim.work(|| file.sync_data())).await?;
        self.is_broken = false;
        Ok(StageState::default())
    }
}
