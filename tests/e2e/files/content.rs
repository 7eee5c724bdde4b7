//! Contents that are different everywhere, made when they are needed: a large one takes no memory.

use bytes::Bytes;
use core::convert::Infallible;
use core::ops::Range;
use futures_util::Stream;
use futures_util::stream::{self, StreamExt};
use http_body_util::StreamBody;
use hyper::body::Frame;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

const BLOCK_BYTES: u64 = 64 * 1_024;

/// The bytes that a seed stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) seed: u64,
    pub(crate) size_bytes: u64,
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

impl Content {
    fn block(self, index: u64) -> Bytes {
        let mut numbers = Numbers(self.seed.rotate_left(32) ^ index);
        let mut block = Vec::with_capacity(usize::try_from(BLOCK_BYTES).unwrap());
        for _ in 0..BLOCK_BYTES / 8 {
            block.extend_from_slice(&numbers.next().to_le_bytes());
        }
        let begin = index * BLOCK_BYTES;
        block.truncate(usize::try_from(self.size_bytes.saturating_sub(begin).min(BLOCK_BYTES)).unwrap());
        block.into()
    }

    /// The bytes of a range, piece by piece.
    pub(crate) fn pieces(self, range: Range<u64>) -> impl Iterator<Item = Bytes> {
        let blocks = range.start / BLOCK_BYTES..range.end.div_ceil(BLOCK_BYTES);
        blocks.map(move |index| {
            let begin = index * BLOCK_BYTES;
            let within = |at: u64| usize::try_from(at.saturating_sub(begin).min(BLOCK_BYTES)).unwrap();
            self.block(index).slice(within(range.start)..within(range.end))
        })
    }

    /// All bytes at once.
    pub(crate) fn bytes(self) -> Vec<u8> {
        self.pieces(0..self.size_bytes).flatten().collect()
    }

    pub(crate) fn sha256(self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        self.pieces(0..self.size_bytes).for_each(|piece| hasher.update(&piece));
        hasher.finalize().into()
    }

    /// A range as a stream. When the byte at `cut` is about to be sent, `told` is told, and sending goes on.
    pub(crate) fn stream(
        self,
        range: Range<u64>,
        cut: Option<(u64, oneshot::Sender<()>)>,
    ) -> impl Stream<Item = Bytes> + Send + Sync + 'static {
        let cut_at = cut.as_ref().map_or(range.end, |(at, _)| (*at).clamp(range.start, range.end));
        let before = stream::iter(self.pieces(range.start..cut_at));
        let tell = stream::once(async move {
            if let Some((_, told)) = cut {
                // Whoever waits may be gone.
                told.send(()).ok();
            }
            Bytes::new()
        });
        let after = stream::iter(self.pieces(cut_at..range.end));
        before.chain(tell).chain(after).filter(|piece| core::future::ready(!piece.is_empty()))
    }
}

/// A stream as the body of a request.
pub(crate) fn body(stream: impl Stream<Item = Bytes> + Send + Sync + 'static) -> reqwest::Body {
    reqwest::Body::wrap(StreamBody::new(stream.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes)))))
}
