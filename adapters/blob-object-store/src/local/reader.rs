//! Reading a published file: what the system has in memory is taken at once, and for the disk a thread waits, one piece ahead.

use super::failure::{failure, wrong_length};
use super::pieces::{PIECE_BYTES, Piece, Pieces};
use async_trait::async_trait;
use bytes::Bytes;
use core::ops::Range;
use epic_outbound::blobs::{BlobError, BlobReader};
use rustix::io::{ReadWriteFlags, preadv2};
use std::fs::File;
use std::io::{self, IoSliceMut};
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
    /// Nothing comes any more: a piece could not be read, and what is after it must not look as if it followed.
    Broken,
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
            let piece = reader.pieces.take();
            reader.ahead = Ahead::Read(read(&reader.file, piece, offset_bytes, len)?);
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

    /// Begins with the next piece: takes it at once if the system has it in memory, and has a thread wait for the disk if not.
    fn begin_piece(&mut self) -> Ahead {
        let Some((offset_bytes, len)) = self.next_piece() else { return Ahead::Nothing };
        let mut piece = self.pieces.take();
        if piece.space(len).is_some_and(|space| is_read_at_once(&self.file, space, offset_bytes)) {
            return Ahead::Read(piece.freeze(len));
        }
        let file = Arc::clone(&self.file);
        Ahead::Reading(spawn_blocking(move || read(&file, piece, offset_bytes, len)))
    }
}

fn read(file: &File, mut piece: Piece, offset_bytes: u64, len: usize) -> io::Result<Bytes> {
    let space = piece.space(len).ok_or_else(|| io::Error::other("a piece is larger than its buffer"))?;
    file.read_exact_at(space, offset_bytes)?;
    Ok(piece.freeze(len))
}

/// Fills the space without waiting, or tells that it cannot. What it has filled then is filled again.
fn is_read_at_once(file: &File, space: &mut [u8], offset_bytes: u64) -> bool {
    let len = space.len();
    let read = preadv2(file, &mut [IoSliceMut::new(space)], offset_bytes, ReadWriteFlags::NOWAIT);
    read.is_ok_and(|read_bytes| read_bytes == len)
}

#[async_trait]
impl BlobReader for LocalReader {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        if matches!(self.ahead, Ahead::Nothing) {
            self.ahead = self.begin_piece();
        }
        let piece = match &mut self.ahead {
            Ahead::Nothing => return Ok(None),
            // From memory to memory there is nothing to gain by reading ahead.
            Ahead::Read(bytes) => {
                let piece = core::mem::take(bytes);
                self.ahead = Ahead::Nothing;
                return Ok(Some(piece));
            }
            Ahead::Broken => return Err(BlobError::Unavailable("an earlier read failed".into())),
            Ahead::Reading(reading) => reading.await,
        };
        self.ahead = Ahead::Broken;
        let piece = piece.map_err(|error| BlobError::Unavailable(Box::new(error)))?.map_err(failure)?;
        // While this piece is sent, the disk brings the next.
        self.ahead = self.begin_piece();
        Ok(Some(piece))
    }
}
