//! What is left of a body when its request has been refused.

use crate::body::Pieces;
use core::time::Duration;
use epic_inbound::byte_source::ByteSource;
use futures_util::StreamExt;
use http::HeaderMap;
use http::header::EXPECT;
use tokio::time::timeout;

/// How long and how much is read of a body that nobody wants.
const LINGER: Duration = Duration::from_secs(3);
const LINGER_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// How long the next piece may take of a body that was refused by its length, and how much is read of it: what is on its way,
/// not what is only announced.
const SILENCE: Duration = Duration::from_millis(100);
const ON_ITS_WAY_BYTES_MAX: usize = 1_024 * 1_024;

/// How a client takes a refusal before it has sent everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lingering {
    is_wanted: bool,
}

impl Lingering {
    /// A client that asks before it sends (RFC 9110, section 10.1.1) has not begun, and must not be asked to.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self { is_wanted: !headers.contains_key(EXPECT) }
    }

    /// Reads on for a while and forgets what comes. A client that is still sending when its connection is closed may lose the
    /// reply that tells why (RFC 9112, section 9.6).
    pub(crate) async fn read_out(self, source: &mut dyn ByteSource) {
        if !self.is_wanted {
            return;
        }
        let reading = async {
            let mut left = LINGER_BYTES_MAX;
            while let Ok(Some(piece)) = source.next().await {
                match left.checked_sub(piece.len()) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // Whether it came to its end makes no difference: the refusal is sent now.
        drop(timeout(LINGER, reading).await);
    }

    /// Reads what is on its way of a body that is refused by its length alone, before its client has sent much of it.
    pub(crate) async fn read_on_its_way(self, pieces: &mut Pieces) {
        if !self.is_wanted {
            return;
        }
        let reading = async {
            let mut left = ON_ITS_WAY_BYTES_MAX;
            while let Ok(Some(Ok(piece))) = timeout(SILENCE, pieces.next()).await {
                match left.checked_sub(piece.len()) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        drop(timeout(LINGER, reading).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use bytes::Bytes;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use epic_inbound::byte_source::SourceFault;
    use futures_util::stream;
    use http::HeaderValue;
    use std::sync::Arc;

    /// A body of so many mebibytes; after them it ends, or its client falls silent.
    struct Sending {
        mebibytes: usize,
        is_silent_then: bool,
    }

    #[async_trait]
    impl ByteSource for Sending {
        async fn next(&mut self) -> Result<Option<Bytes>, SourceFault> {
            if self.mebibytes == 0 && self.is_silent_then {
                std::future::pending::<()>().await;
            }
            let Some(left) = self.mebibytes.checked_sub(1) else { return Ok(None) };
            self.mebibytes = left;
            Ok(Some(Bytes::from(vec![0; 1_024 * 1_024])))
        }

        fn is_checked(&self) -> bool {
            false
        }
    }

    async fn left_unread(headers: &HeaderMap, mebibytes: usize) -> usize {
        let mut body = Sending { mebibytes, is_silent_then: false };
        Lingering::of(headers).read_out(&mut body).await;
        body.mebibytes
    }

    #[tokio::test]
    async fn a_body_that_nobody_wants_is_read_up_to_a_length() {
        assert_eq!(left_unread(&HeaderMap::new(), 10).await, 0);
        assert_eq!(
            left_unread(&HeaderMap::new(), 100).await,
            100 - 17,
            "sixteen, and the one that is too many"
        );
    }

    #[tokio::test]
    async fn a_client_that_asks_before_it_sends_is_not_asked_to() {
        let headers = HeaderMap::from_iter([(EXPECT, HeaderValue::from_static("100-continue"))]);
        assert_eq!(left_unread(&headers, 10).await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_body_that_is_too_long_only_what_is_on_its_way_is_waited_for() {
        let begun = tokio::time::Instant::now();
        let (sent, mut pieces) = sending(4, true);
        Lingering::of(&HeaderMap::new()).read_on_its_way(&mut pieces).await;
        assert_eq!((sent.load(Ordering::Relaxed), begun.elapsed()), (4, SILENCE), "then it is silent");
        let (sent, mut pieces) = sending(1_000, false);
        Lingering::of(&HeaderMap::new()).read_on_its_way(&mut pieces).await;
        assert_eq!(sent.load(Ordering::Relaxed), 17, "a mebibyte, and the piece that is too many");
    }

    /// Pieces of 64 KiB, and how many of them were taken.
    fn sending(pieces: usize, is_silent_then: bool) -> (Arc<AtomicUsize>, Pieces) {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let coming = stream::iter(0..pieces).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Bytes::from(vec![0; 64 * 1_024]))
        });
        let after =
            if is_silent_then { stream::pending().left_stream() } else { stream::empty().right_stream() };
        (sent, Box::pin(coming.chain(after)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_falls_silent_is_not_waited_for_long() {
        let mut body = Sending { mebibytes: 1, is_silent_then: true };
        let lingering = Lingering::of(&HeaderMap::new()).read_out(&mut body);
        assert!(timeout(2 * LINGER, lingering).await.is_ok());
    }
}
