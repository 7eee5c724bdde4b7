//! The buffers that pieces of blobs are read into, used again once a piece has been sent.

use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::Arc;

/// How many bytes are read, or gathered before they are written, at a time.
pub(super) const PIECE_BYTES: usize = 256 * 1_024;
/// Buffers that are kept while nobody needs them.
const IDLE_MAX: usize = 64;

/// Buffers at rest. They are handed out with what was in them before, so whoever takes one says how much of it is new.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    idle: Mutex<Vec<Box<[u8]>>>,
}

impl Pieces {
    /// A buffer of [`PIECE_BYTES`].
    pub(super) fn take(self: &Arc<Self>) -> Piece {
        let bytes = self.idle.lock().pop();
        Piece { bytes: bytes.unwrap_or_else(|| vec![0; PIECE_BYTES].into()), len: 0, home: Arc::clone(self) }
    }
}

/// A buffer that goes home when its last reader is gone.
#[derive(Debug)]
pub(super) struct Piece {
    bytes: Box<[u8]>,
    len: usize,
    home: Arc<Pieces>,
}

impl Piece {
    /// The first `len` bytes of the buffer, to be written to; nothing if it has fewer.
    pub(super) fn space(&mut self, len: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(..len)
    }

    /// The first `len` bytes, without a copy.
    pub(super) fn freeze(mut self, len: usize) -> Bytes {
        self.len = len.min(self.bytes.len());
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut idle = self.home.idle.lock();
        if idle.len() < IDLE_MAX {
            idle.push(core::mem::take(&mut self.bytes));
        }
    }
}
