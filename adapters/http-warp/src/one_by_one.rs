//! A body for a parser that takes as much as there is: one piece at a time, and no more than it may have.

use crate::body_source::BodySource;
use bytes::Bytes;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use epic_inbound::byte_source::{ByteSource, SourceFault};
use futures_util::{Stream, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The largest piece while what is read is limited: the parser asks for the next before it looks at the last.
const STEP_BYTES: usize = 4 * 1_024;

/// Why no more comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamFault {
    #[error(transparent)]
    Source(SourceFault),
    /// All that was allowed has come.
    #[error("more came than is allowed")]
    TooMuch,
}

/// How many bytes may still come, shared by the stream and whoever knows what they are.
#[derive(Debug, Clone)]
pub(crate) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// So many, besides what has come already.
    pub(crate) fn of(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// From now on so many.
    pub(crate) fn limit(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// From now on any number.
    pub(crate) fn lift(&self) {
        self.limit(usize::MAX);
    }

    /// How many of `length` bytes come now.
    fn take(&self, length: usize) -> usize {
        let left = self.0.load(Ordering::Relaxed);
        if left == usize::MAX {
            return length;
        }
        let taken = length.min(left).min(STEP_BYTES);
        self.limit(left.saturating_sub(taken));
        taken
    }
}

type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, SourceFault>> + Send>>;

/// Gives one piece at a time. The parser takes as many as there are before it looks at any, and a fast client could fill
/// the memory; after each piece it is told to come back, so that it looks first.
pub(crate) struct OneByOne {
    pieces: Pieces,
    held: Bytes,
    allowance: Allowance,
    has_just_given: bool,
}

impl OneByOne {
    /// The bytes of `source`, as many as `allowance` lets through.
    pub(crate) fn new(source: BodySource, allowance: Allowance) -> Self {
        let pieces = stream::try_unfold(source, async |mut source| {
            let piece = source.next().await?;
            Ok(piece.map(|piece| (piece, source)))
        });
        Self { pieces: Box::pin(pieces), held: Bytes::new(), allowance, has_just_given: false }
    }
}

impl Stream for OneByOne {
    type Item = Result<Bytes, StreamFault>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.has_just_given {
            self.has_just_given = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.held.is_empty() {
            match ready!(self.pieces.as_mut().poll_next(context)) {
                Some(Ok(piece)) => self.held = piece,
                Some(Err(fault)) => return Poll::Ready(Some(Err(StreamFault::Source(fault)))),
                None => return Poll::Ready(None),
            }
        }
        let length = self.allowance.take(self.held.len());
        if length == 0 {
            return Poll::Ready(Some(Err(StreamFault::TooMuch)));
        }
        self.has_just_given = true;
        Poll::Ready(Some(Ok(self.held.split_to(length))))
    }
}
