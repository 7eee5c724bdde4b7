//! A body for a parser that takes as much as there is: one piece at a time, and no more than it may have.

use crate::body_source::BodySource;
use bytes::Bytes;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use epic_inbound::byte_source::{ByteSource, SourceFault};
use futures_util::{Stream, stream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
    tap: Tap,
    has_just_given: bool,
}

/// A second hold on a body, for whoever reads on where the parser has stopped.
#[derive(Clone)]
pub(crate) struct Tap(Arc<Mutex<Body>>);

struct Body {
    pieces: Pieces,
    held: Bytes,
    allowance: Allowance,
}

impl OneByOne {
    /// The bytes of `source`, as many as `allowance` lets through.
    pub(crate) fn new(source: BodySource, allowance: Allowance) -> Self {
        let pieces = stream::try_unfold(source, async |mut source| {
            let piece = source.next().await?;
            Ok(piece.map(|piece| (piece, source)))
        });
        let body = Body { pieces: Box::pin(pieces), held: Bytes::new(), allowance };
        Self { tap: Tap(Arc::new(Mutex::new(body))), has_just_given: false }
    }

    /// A hold on the same body.
    pub(crate) fn tap(&self) -> Tap {
        self.tap.clone()
    }
}

impl Tap {
    /// Reads what is left, and passes over it.
    ///
    /// # Errors
    /// [`StreamFault`] when the end does not come, or not soon enough.
    pub(crate) async fn read_to_end(&self) -> Result<(), StreamFault> {
        while let Some(piece) = poll_fn(|context| self.poll(context)).await {
            piece?;
        }
        Ok(())
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, StreamFault>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).poll(context)
    }
}

impl Body {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, StreamFault>>> {
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
        Poll::Ready(Some(Ok(self.held.split_to(length))))
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
        let piece = ready!(self.tap.poll(context));
        self.has_just_given = matches!(piece, Some(Ok(_)));
        Poll::Ready(piece)
    }
}
