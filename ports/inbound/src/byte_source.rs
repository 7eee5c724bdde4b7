//! Where the bytes of an upload come from.

use async_trait::async_trait;
use bytes::Bytes;

/// Why bytes stopped coming before their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// The sender went away.
    #[error("the sender went away")]
    BrokenOff,
    /// The sender was too slow.
    #[error("the sender was too slow")]
    TooSlow,
    /// All bytes came, and they are not those whose checksum the sender told.
    #[error("the bytes do not have the checksum that was told")]
    ChecksumMismatch,
}

/// Bytes that arrive piece by piece.
#[async_trait]
pub trait ByteSource: Send {
    /// The next bytes; `None` at their end.
    ///
    /// # Errors
    /// [`SourceFault`]; nothing more comes after it.
    async fn next(&mut self) -> Result<Option<Bytes>, SourceFault>;

    /// Whether the sender told a checksum, so that no byte counts before the end has come without a fault.
    fn is_checked(&self) -> bool;
}
