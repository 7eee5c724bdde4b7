//! The body of a reply: whole in memory, or a content that is sent while it is read.

use crate::carried;
use bytes::Bytes;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_util::Stream;
use http::Response;
use hyper::body::{Body, Frame, SizeHint};

type BoxedError = Box<dyn core::error::Error + Send + Sync>;
type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, BoxedError>> + Send>>;

/// Why a content could not be sent to its end, when whoever reads it saw nothing wrong.
#[derive(Debug, thiserror::Error)]
#[error("the content has not as many bytes as were announced")]
struct WrongLength;

/// A content on its way to a client: exactly as many bytes as announced, or the connection is cut. A client never takes a
/// part for the whole.
pub(crate) struct ContentStream {
    pieces: Pieces,
    remaining_bytes: u64,
}

impl ContentStream {
    /// A content of `length_bytes` that comes in these pieces.
    pub(crate) fn new<E>(
        length_bytes: u64,
        pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    ) -> Self
    where
        E: core::error::Error + Send + Sync + 'static,
    {
        let pieces = futures_util::TryStreamExt::map_err(pieces, |error| -> BoxedError { Box::new(error) });
        Self { pieces: Box::pin(pieces), remaining_bytes: length_bytes }
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxedError>>> {
        let piece = ready!(self.pieces.as_mut().poll_next(context));
        let checked = match piece {
            Some(Ok(piece)) => {
                let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
                self.remaining_bytes.checked_sub(length).map(|rest| {
                    self.remaining_bytes = rest;
                    piece
                })
            }
            Some(Err(error)) => return Poll::Ready(Some(Err(broken(error)))),
            None if self.remaining_bytes == 0 => return Poll::Ready(None),
            None => None,
        };
        Poll::Ready(Some(checked.map(Frame::data).ok_or_else(|| broken(Box::new(WrongLength)))))
    }
}

fn broken(error: BoxedError) -> BoxedError {
    tracing::warn!(%error, "a content could not be sent to its end; the connection is cut");
    error
}

/// What the connection sends: the body that a route made, or a content.
pub(crate) enum ReplyBody<B> {
    Whole(B),
    Content(ContentStream),
}

impl<B> Body for ReplyBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: core::error::Error + Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = BoxedError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxedError>>> {
        match self.get_mut() {
            Self::Whole(body) => {
                let frame = ready!(Pin::new(body).poll_frame(context));
                Poll::Ready(frame.map(|frame| frame.map_err(|error| -> BoxedError { Box::new(error) })))
            }
            Self::Content(content) => content.poll_piece(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Content(content) => content.remaining_bytes == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Content(content) => SizeHint::with_exact(content.remaining_bytes),
        }
    }
}

/// Gives a reply a content for its body. The replies of routes are warp's and cannot hold one.
pub(crate) fn attach<B>(response: &mut Response<B>, content: ContentStream) {
    carried::put(response, content);
}

/// The reply as the connection sends it.
pub(crate) fn settle<B>(mut response: Response<B>) -> Response<ReplyBody<B>> {
    match carried::take(&mut response) {
        Some(content) => response.map(|_| ReplyBody::Content(content)),
        None => response.map(ReplyBody::Whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{BodyExt, Empty};
    use std::io;

    fn sent(
        length_bytes: u64,
        pieces: Vec<Result<&'static [u8], io::Error>>,
    ) -> Response<ReplyBody<Empty<Bytes>>> {
        let pieces = pieces.into_iter().map(|piece| piece.map(Bytes::from_static));
        let mut response = Response::new(Empty::new());
        attach(&mut response, ContentStream::new(length_bytes, stream::iter(pieces)));
        settle(response)
    }

    async fn read(response: Response<ReplyBody<Empty<Bytes>>>) -> Option<Bytes> {
        response.into_body().collect().await.ok().map(|body| body.to_bytes())
    }

    #[tokio::test]
    async fn a_content_is_sent_with_its_exact_length() {
        let response = sent(5, vec![Ok(b"abc"), Ok(b"de")]);
        assert_eq!(response.body().size_hint().exact(), Some(5));
        assert_eq!(read(response).await.as_deref(), Some(b"abcde".as_slice()));
        assert_eq!(read(sent(0, vec![])).await.as_deref(), Some(b"".as_slice()));
    }

    #[tokio::test]
    async fn f13_a_content_that_breaks_off_or_is_of_another_length_never_looks_whole() {
        let broken_off = vec![Ok(b"abc".as_slice()), Err(io::Error::other("gone"))];
        assert_eq!(read(sent(5, broken_off)).await, None);
        assert_eq!(read(sent(5, vec![Ok(b"abc")])).await, None, "too short");
        assert_eq!(read(sent(5, vec![Ok(b"abc"), Ok(b"def")])).await, None, "too long");
    }

    #[tokio::test]
    async fn a_reply_without_a_content_keeps_its_body() {
        let response = settle(Response::new(http_body_util::Full::new(Bytes::from_static(b"hello"))));
        let body = response.into_body().collect().await.ok().map(|body| body.to_bytes());
        assert_eq!(body.as_deref(), Some(b"hello".as_slice()));
    }
}
