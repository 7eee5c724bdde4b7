//! Reading a request's body: only when it is wanted, only as much as is allowed, only as long as is patient.

use crate::json::Fields;
use crate::lingering::Lingering;
use crate::problem::Problem;
use bytes::{Buf, Bytes};
use core::time::Duration;
use futures_util::{Stream, StreamExt};
use http::StatusCode;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, TRANSFER_ENCODING,
};
use std::pin::Pin;
use warp::Filter;
use zeroize::Zeroizing;

/// The largest JSON body.
const BODY_BYTES_MAX: usize = 64 * 1_024;

/// A body as it arrives.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send>>;

/// A body that has not been read yet.
pub(crate) struct UnreadBody {
    headers: HeaderMap,
    pieces: Pieces,
    timeout: Duration,
}

/// Extracts the body unread, so that a handler can refuse a request without reading it.
pub(crate) fn unread(
    timeout: Duration,
) -> impl Filter<Extract = (UnreadBody,), Error = warp::Rejection> + Clone + Send + Sync {
    warp::header::headers_cloned().and(warp::body::stream()).map(move |headers, stream| UnreadBody {
        headers,
        pieces: Box::pin(into_pieces(stream)),
        timeout,
    })
}

fn into_pieces<B: Buf>(
    stream: impl Stream<Item = Result<B, warp::Error>> + Send,
) -> impl Stream<Item = Result<Bytes, warp::Error>> + Send {
    // The buffers are `Bytes` underneath, so this copies nothing.
    stream.map(|piece| piece.map(|mut buffer| buffer.copy_to_bytes(buffer.remaining())))
}

impl UnreadBody {
    /// Reads the fields of a JSON body.
    ///
    /// # Errors
    /// A [`Problem`]: 415 for another type or an encoding, 413 when it is too large, 408 when it is too slow, 400 when
    /// it breaks off or is not a JSON object.
    pub(crate) async fn fields(self) -> Result<Fields, Problem> {
        require_json(&self.headers)?;
        Fields::parse(&self.read().await?)
    }

    /// Reads the fields of a JSON body that may be left out altogether.
    ///
    /// # Errors
    /// As for [`UnreadBody::fields`].
    pub(crate) async fn optional_fields(self) -> Result<Fields, Problem> {
        if self.headers.contains_key(CONTENT_TYPE) {
            return self.fields().await;
        }
        if self.read().await?.is_empty() {
            Ok(Fields::empty())
        } else {
            Err(unsupported_type("application/json"))
        }
    }

    /// The request's headers.
    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Takes the body apart for whoever reads it piece by piece: the pieces, and how long each may take.
    pub(crate) fn into_parts(self) -> (Pieces, Duration) {
        (self.pieces, self.timeout)
    }

    /// How long one piece of it may take.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How long the body says it is, unless it is chunked. A request that says nothing has none (RFC 9112, section 6.3).
    pub(crate) fn declared_length(&self) -> Option<u64> {
        declared_length(&self.headers)
            .or_else(|| if self.headers.contains_key(TRANSFER_ENCODING) { None } else { Some(0) })
    }

    /// A body for tests.
    #[cfg(test)]
    pub(crate) fn of(headers: HeaderMap, pieces: Pieces, timeout: Duration) -> Self {
        Self { headers, pieces, timeout }
    }

    /// Reads the pairs of a form.
    ///
    /// # Errors
    /// As for [`UnreadBody::fields`].
    pub(crate) async fn form(self) -> Result<Vec<(String, Zeroizing<String>)>, Problem> {
        require_type(&self.headers, "application/x-www-form-urlencoded")?;
        let body = self.read().await?;
        let pairs = form_urlencoded::parse(&body);
        Ok(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect())
    }

    async fn read(mut self) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let timeout = self.timeout;
        let read = if is_declared_too_large(&self.headers) {
            Err(Unread::TooLarge)
        } else {
            tokio::time::timeout(timeout, self.collect()).await.unwrap_or(Err(Unread::Other(too_slow())))
        };
        match read {
            Ok(body) => Ok(body),
            Err(Unread::Other(problem)) => Err(problem),
            Err(Unread::TooLarge) => {
                Lingering::of(&self.headers).read_on_its_way(&mut self.pieces).await;
                Err(too_large())
            }
        }
    }

    async fn collect(&mut self) -> Result<Zeroizing<Vec<u8>>, Unread> {
        // Room for all of it at once: a buffer that grew would leave copies behind that are not wiped.
        let mut body = Zeroizing::new(Vec::with_capacity(self.expected_length()));
        while let Some(piece) = self.pieces.next().await {
            let piece = piece.map_err(|_| Unread::Other(broken_off()))?;
            if body.len() + piece.len() > BODY_BYTES_MAX {
                return Err(Unread::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    fn expected_length(&self) -> usize {
        declared_length(&self.headers)
            .and_then(|length| usize::try_from(length).ok())
            .map_or(4_096, |length| length.min(BODY_BYTES_MAX))
    }
}

/// Why a body was not read.
enum Unread {
    TooLarge,
    Other(Problem),
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_declared_too_large(headers: &HeaderMap) -> bool {
    let is_too_large = |length| usize::try_from(length).map_or(true, |length| length > BODY_BYTES_MAX);
    declared_length(headers).is_some_and(is_too_large)
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    require_type(headers, "application/json")
}

/// Checks that the body is of the wanted type and not encoded.
///
/// # Errors
/// A [`Problem`]: 415.
pub(crate) fn require_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    require_unencoded(headers)?;
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    match (types.next().and_then(|value| value.to_str().ok()), types.next()) {
        (Some(value), None) if is_type(value, wanted) => Ok(()),
        _ => Err(unsupported_type(wanted)),
    }
}

/// Checks that the body is not encoded: nothing here unpacks anything.
///
/// # Errors
/// A [`Problem`]: 415.
pub(crate) fn require_unencoded(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "Unsupported content encoding",
            "Send the body without Content-Encoding.",
        ));
    }
    Ok(())
}

/// Whether a content type is the wanted one, alone or with `charset=utf-8`.
fn is_type(content_type: &str, wanted: &str) -> bool {
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let parameters = parameters.trim();
    essence.trim().eq_ignore_ascii_case(wanted)
        && (parameters.is_empty()
            || parameters.eq_ignore_ascii_case("charset=utf-8")
            || parameters.eq_ignore_ascii_case("charset=\"utf-8\""))
}

/// The reply to a body of another type.
pub(crate) fn unsupported_type(wanted: &str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Unsupported media type",
        format!("Send the body with Content-Type: {wanted}."),
    )
}

/// The connection is closed after it: what is left of the body would have to be read before the next request.
fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "Body too large",
        "The body of this call may be at most 65536 bytes.",
    )
    .with_header(CONNECTION, HeaderValue::from_static("close"))
}

/// The reply to a body that is too slow.
pub(crate) fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_timeout",
        "Body timeout",
        "The body did not arrive in time. Send the request again.",
    )
}

/// The reply to a body that breaks off, if anyone is there to read it.
pub(crate) fn broken_off() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "incomplete_body",
        "Incomplete body",
        "The body broke off or was framed wrongly. Send the request again.",
    )
}
