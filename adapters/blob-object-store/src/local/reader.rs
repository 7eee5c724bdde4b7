//! Reading a published file: what the system has in memory is taken at once, and for the disk a thread waits, one piece ahead.

use super::failure::{failure, wrong_length};
use super::pieces::{PIECE_BYTES, Pieces};
use async_trait::async_trait;
use bytes::Bytes;
use core::ops::Range;
use epic_outbound::blobs::{BlobError, BlobReader};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Reads a range of one file. It holds the file open, so that whoever removes it does not disturb it.
#[derive(Debug)]
pub(super) struct LocalReader {
    file: Arc<File>,
    pieces: Arc<Pieces>,
    /// What nobody has begun to read.
    left: Range<u64>,
    /// The piece that is read, or being read, before it was asked for.
    ahead: Ahead,
}

#[derive(Debug)]
enum Ahead {
    Nothing,
    Read(Bytes),
    Reading(JoinHandle<io::Result<Bytes>>),
}

impl LocalReader {
    /// Opens a file to read a range within it, and reads the first piece.
    pub(super) fn open(path: &Path, range: Range<u64>, pieces: Arc<Pieces>) -> io::Result<Self> {
        let file = File::open(path)?;
        let held_bytes = file.metadata()?.len();
        if range.end > held_bytes {
            return Err(wrong_length(held_bytes, range.end));
        }
        let mut reader = Self { file: Arc::new(file), pieces, left: range, ahead: Ahead::Nothing };
        if let Some((offset_bytes, len)) = reader.next_piece() {
            reader.ahead = Ahead::Read(read(&reader.file, &reader.pieces, offset_bytes, len)?);
        }
        Ok(reader)
    }

    /// Takes the next piece off what is left: where it begins, and how long it is.
    fn next_piece(&mut self) -> Option<(u64, usize)> {
        let left_bytes = self.left.end.saturating_sub(self.left.start);
        let len = usize::try_from(left_bytes).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let offset_bytes = self.left.start;
        self.left.start = offset_bytes.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        (len > 0).then_some((offset_bytes, len))
    }

    fn read_ahead(&mut self) {
        if let Some((offset_bytes, len)) = self.next_piece() {
            let file = Arc::clone(&self.file);
            let pieces = Arc::clone(&self.pieces);
            self.ahead = Ahead::Reading(spawn_blocking(move || read(&file, &pieces, offset_bytes, len)));
        }
    }
}

fn read(file: &File, pieces: &Arc<Pieces>, offset_bytes: u64, len: usize) -> io::Result<Bytes> {
    let mut piece = pieces.take();
    let space = piece.space().get_mut(..len).unwrap_or_default();
    file.read_exact_at(space, offset_bytes)?;
    Ok(piece.freeze(len))
}

#[async_trait]
impl BlobReader for LocalReader {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        let piece = match &mut self.ahead {
            Ahead::Nothing => return Ok(None),
            Ahead::Read(bytes) => core::mem::take(bytes),
            Ahead::Reading(reading) => {
                let read = reading.await;
                read.map_err(|error| BlobError::Unavailable(Box::new(error)))?.map_err(failure)?
            }
        };
        self.ahead = Ahead::Nothing;
        self.read_ahead();
        Ok(Some(piece))
    }
}
