//! Blobs as files in a folder.
//!
//! It stands on the standard library rather than on `object_store`: that crate's local store cannot go on with a staged file after
//! a restart, and its reader allocates and zeroes anew for every piece.
//!
//! One process at a time may use a folder.

mod failure;
mod layout;
mod pieces;
mod publishing;
mod reader;
mod room;
mod shelf;
mod staging;
mod writer;

use async_trait::async_trait;
use core::ops::Range;
use epic_domain::file::{Progress, StageState};
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, BlobReader, BlobWriter, Blobs, ListedBlob};
use failure::blocking;
use layout::Layout;
use pieces::Pieces;
use reader::LocalReader;
use staging::Staging;
use std::io;
use std::path::Path;
use std::sync::Arc;
use writer::LocalWriter;

/// Blobs in a folder of this machine.
#[derive(Debug)]
pub struct LocalBlobs {
    layout: Arc<Layout>,
    staging: Staging,
    pieces: Arc<Pieces>,
}

impl LocalBlobs {
    /// Opens the folder, and makes it if it is not there. Nobody but the server's own account gets at it.
    ///
    /// # Errors
    /// The folder cannot be made, or is not the server's to use.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            layout: Arc::new(Layout::open(folder)?),
            staging: Staging::default(),
            pieces: Arc::new(Pieces::default()),
        })
    }
}

#[async_trait]
impl Blobs for LocalBlobs {
    async fn write(&self, blob_id: BlobId, progress: &Progress) -> Result<Box<dyn BlobWriter>, BlobError> {
        let layout = Arc::clone(&self.layout);
        let claim = self.staging.claim(blob_id);
        let offset_bytes = progress.offset_bytes;
        let writer = blocking(move || {
            let file = claim.work(|| staging::open(&layout, blob_id, offset_bytes))?;
            Ok(LocalWriter::new(claim, file, offset_bytes))
        });
        Ok(Box::new(writer.await?))
    }

    async fn publish(&self, blob_id: BlobId, progress: &Progress) -> Result<(), BlobError> {
        let layout = Arc::clone(&self.layout);
        let claim = self.staging.claim(blob_id);
        let size_bytes = progress.offset_bytes;
        blocking(move || claim.work(|| publishing::publish(&layout, blob_id, size_bytes))).await
    }

    async fn read(&self, blob_id: BlobId, range: Range<u64>) -> Result<Box<dyn BlobReader>, BlobError> {
        let path = self.layout.published(blob_id);
        let pieces = Arc::clone(&self.pieces);
        let reader = blocking(move || LocalReader::open(&path, range, pieces)).await?;
        Ok(Box::new(reader))
    }

    async fn remove(&self, blob_id: BlobId, _stage: &StageState) -> Result<(), BlobError> {
        let layout = Arc::clone(&self.layout);
        let claim = self.staging.claim(blob_id);
        blocking(move || claim.end(|| layout.remove(blob_id))).await
    }

    async fn on_shelf(&self, shelf: u8) -> Result<Vec<ListedBlob>, BlobError> {
        let layout = Arc::clone(&self.layout);
        blocking(move || shelf::list(&layout, shelf)).await
    }

    async fn check(&self) -> Result<(), BlobError> {
        let layout = Arc::clone(&self.layout);
        blocking(move || layout.check()).await
    }
}
