//! Senders of bytes: ready ones, ones that break off, and ones that wait to be told.

use super::World;
use async_trait::async_trait;
use bytes::Bytes;
use epic_inbound::byte_source::{ByteSource, SourceFault};
use epic_tests::fakes::FakeClock;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// A sender whose bytes are all there.
pub(crate) struct Sent {
    pieces: VecDeque<Bytes>,
    fault: Option<SourceFault>,
    is_checked: bool,
    /// What passes before each piece.
    pause: Option<(Arc<FakeClock>, Duration)>,
}

/// Sends these bytes in one piece.
pub(crate) fn sent(bytes: &[u8]) -> Sent {
    sent_in_pieces(bytes, bytes.len().max(1))
}

/// Sends these bytes in pieces.
pub(crate) fn sent_in_pieces(bytes: &[u8], piece_bytes: usize) -> Sent {
    let pieces = bytes.chunks(piece_bytes).map(Bytes::copy_from_slice).collect();
    Sent { pieces, fault: None, is_checked: false, pause: None }
}

impl Sent {
    /// After its bytes it ends with a fault.
    pub(crate) const fn then(mut self, fault: SourceFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// It has told a checksum.
    pub(crate) const fn checked(mut self) -> Self {
        self.is_checked = true;
        self
    }

    /// It lets time pass before each piece.
    pub(crate) fn pausing(mut self, world: &World, pause: Duration) -> Self {
        self.pause = Some((Arc::clone(&world.clock), pause));
        self
    }
}

#[async_trait]
impl ByteSource for Sent {
    async fn next(&mut self) -> Result<Option<Bytes>, SourceFault> {
        if let Some((clock, pause)) = &self.pause {
            clock.advance(*pause);
        }
        match self.pieces.pop_front() {
            Some(bytes) => Ok(Some(bytes)),
            None => self.fault.take().map_or(Ok(None), Err),
        }
    }

    fn is_checked(&self) -> bool {
        self.is_checked
    }
}

/// A sender that sends what it is told to, and is at its end when nobody can tell it any more.
pub(crate) struct Told(mpsc::UnboundedReceiver<Bytes>);

/// A sender and what tells it.
pub(crate) fn told() -> (mpsc::UnboundedSender<Bytes>, Told) {
    let (tell, told) = mpsc::unbounded_channel();
    (tell, Told(told))
}

#[async_trait]
impl ByteSource for Told {
    async fn next(&mut self) -> Result<Option<Bytes>, SourceFault> {
        Ok(self.0.recv().await)
    }

    fn is_checked(&self) -> bool {
        false
    }
}
