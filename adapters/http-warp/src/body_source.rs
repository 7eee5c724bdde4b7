//! A request's body as the source of an upload: piece by piece, as long as it is not too slow.

use crate::body::{Pieces, UnreadBody};
use crate::checksum::Checksum;
use crate::pace::Pace;
use crate::unhurried::Pulse;
use async_trait::async_trait;
use bytes::Bytes;
use core::time::Duration;
use epic_inbound::byte_source::{ByteSource, SourceFault};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

/// A body that is read as it arrives.
pub(crate) struct BodySource {
    pieces: Pieces,
    piece_timeout: Duration,
    pace: Pace,
    pulse: Pulse,
    checksum: Option<Checksum>,
    is_checked: bool,
}

impl BodySource {
    /// The bytes of `body`, which must have this checksum if there is one. `pulse` beats with each piece.
    pub(crate) fn new(body: UnreadBody, checksum: Option<Checksum>, pulse: Pulse) -> Self {
        let (pieces, piece_timeout) = body.into_parts();
        Self { pieces, piece_timeout, pace: Pace::default(), pulse, is_checked: checksum.is_some(), checksum }
    }

    async fn arrive(&mut self) -> Result<Option<Bytes>, SourceFault> {
        let since = Instant::now();
        let piece =
            timeout(self.piece_timeout, self.pieces.next()).await.map_err(|_| SourceFault::TooSlow)?;
        let piece = piece.transpose().map_err(|_| SourceFault::BrokenOff)?;
        self.pace.count(since.elapsed(), piece.as_ref().map_or(0, Bytes::len));
        self.pulse.beat();
        if piece.is_some() && self.pace.is_too_slow() {
            return Err(SourceFault::TooSlow);
        }
        Ok(piece)
    }
}

#[async_trait]
impl ByteSource for BodySource {
    async fn next(&mut self) -> Result<Option<Bytes>, SourceFault> {
        let piece = self.arrive().await?;
        match &piece {
            Some(bytes) => {
                if let Some(checksum) = &mut self.checksum {
                    checksum.update(bytes);
                }
            }
            None if !self.checksum.take().is_none_or(Checksum::holds) => {
                return Err(SourceFault::ChecksumMismatch);
            }
            None => {}
        }
        Ok(piece)
    }

    fn is_checked(&self) -> bool {
        self.is_checked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http::HeaderMap;

    fn source(pieces: Pieces, checksum: Option<&str>) -> BodySource {
        let body = UnreadBody::of(HeaderMap::new(), pieces, Duration::from_secs(10));
        let checksum = checksum.map(|field| Checksum::parse(field).unwrap_or_else(|_| panic!("refused")));
        BodySource::new(body, checksum, Pulse::default())
    }

    /// Bytes that come one by one, `seconds` apart.
    fn dripping(seconds: u64, length: usize) -> Pieces {
        Box::pin(stream::unfold((), move |()| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            Some((Ok(Bytes::from(vec![0; length])), ()))
        }))
    }

    fn hello() -> Pieces {
        Box::pin(stream::iter([Ok(Bytes::from_static(b"hello ")), Ok(Bytes::from_static(b"world"))]))
    }

    async fn end_of(mut source: BodySource) -> Result<(), SourceFault> {
        while source.next().await?.is_some() {}
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn g03_a_client_that_stops_or_drips_is_too_slow() {
        assert_eq!(end_of(source(Box::pin(stream::pending()), None)).await, Err(SourceFault::TooSlow));
        assert_eq!(end_of(source(dripping(9, 1), None)).await, Err(SourceFault::TooSlow));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_keeps_sending_has_all_the_time_it_wants() {
        let mut source = source(dripping(9, 10_000), None);
        for _ in 0..10_000 {
            assert!(source.next().await.is_ok_and(|piece| piece.is_some()), "after a day");
        }
    }

    #[tokio::test]
    async fn the_checksum_is_of_all_the_bytes() {
        assert_eq!(end_of(source(hello(), Some("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0="))).await, Ok(()));
        let of_nothing = "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(end_of(source(hello(), Some(of_nothing))).await, Err(SourceFault::ChecksumMismatch));
        assert_eq!(end_of(source(Box::pin(stream::empty()), Some(of_nothing))).await, Ok(()));
    }
}
