//! The reply that carries a content, or says why it does not.

use super::conditions::{Verdict, judge};
use super::range::{RangeRequest, Selected};
use crate::encoding::base64url;
use crate::etag::ETag;
use crate::problem::Problem;
use crate::reply;
use crate::reply_body::{ContentStream, attach};
use core::ops::Range;
use data_encoding::BASE64;
use epic_domain::file::Content;
use http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName,
    HeaderValue,
};
use http::{HeaderMap, Method, StatusCode};
use warp::reply::Response;

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// What of a content a request gets.
#[derive(Debug)]
pub(crate) struct Sending {
    /// The bytes, counted from 0.
    pub(crate) range: Range<u64>,
    is_part: bool,
}

/// Chooses what of a content a request gets.
///
/// # Errors
/// The reply when it gets nothing of it: 304, 412 or 416.
pub(crate) fn choose(
    method: &Method,
    headers: &HeaderMap,
    content: &Content,
) -> Result<Sending, Box<Response>> {
    let etag = etag(content);
    let range = match judge(headers, &etag) {
        Verdict::Failed => return Err(Box::new(precondition_failed().into_response())),
        Verdict::NotModified => {
            let mut response = reply::empty(StatusCode::NOT_MODIFIED);
            response.headers_mut().insert(ETAG, etag.value().clone());
            return Err(Box::new(response));
        }
        Verdict::Go(range) => range,
    };
    // A range is a matter of GET alone (RFC 9110, section 14.2).
    let range = if *method == Method::HEAD { RangeRequest::Whole } else { range };
    match range.select(content.size_bytes) {
        Selected::Whole => Ok(Sending { range: 0..content.size_bytes, is_part: false }),
        Selected::Part(range) => Ok(Sending { range, is_part: true }),
        Selected::Unsatisfiable => Err(Box::new(unsatisfiable(content.size_bytes).into_response())),
    }
}

impl Sending {
    /// How many bytes it is.
    pub(crate) const fn length_bytes(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// The reply with its bytes.
    pub(crate) fn reply(&self, content: &Content, bytes: ContentStream) -> Response {
        let mut response = self.described(content);
        attach(&mut response, bytes);
        response
    }

    /// The reply to HEAD: everything but the bytes.
    pub(crate) fn head(&self, content: &Content) -> Response {
        let mut response = self.described(content);
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(self.length_bytes()));
        response
    }

    fn described(&self, content: &Content) -> Response {
        let status = if self.is_part { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let mut response = reply::empty(status);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        // Without a name: the server knows none.
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(ETAG, etag(content).value().clone());
        insert_text(headers, REPR_DIGEST, format!("sha-256=:{}:", BASE64.encode(content.digest.as_bytes())));
        if self.is_part {
            let Range { start, end } = self.range;
            let last = end.saturating_sub(1);
            insert_text(headers, CONTENT_RANGE, format!("bytes {start}-{last}/{}", content.size_bytes));
        }
        response
    }
}

fn etag(content: &Content) -> ETag {
    ETag::new(&base64url(content.digest.as_bytes()))
}

fn insert_text(headers: &mut HeaderMap, name: HeaderName, text: String) {
    if let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(text)) {
        headers.insert(name, value);
    }
}

fn precondition_failed() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "content_changed",
        "Precondition failed",
        "The content is not the one that If-Match names. Fetch it without the condition, or begin again.",
    )
}

fn unsatisfiable(size_bytes: u64) -> Problem {
    let problem = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        "Range not satisfiable",
        format!("The content has {size_bytes} bytes. Ask for a range that begins within them."),
    );
    match HeaderValue::from_maybe_shared(bytes::Bytes::from(format!("bytes */{size_bytes}"))) {
        Ok(value) => problem.with_header(CONTENT_RANGE, value),
        Err(_) => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::Timestamp;
    use epic_domain::file::{ContentDigest, ContentNumber, EncryptedDataKey};
    use epic_domain::id::{BlobId, UserId};
    use http::header::{IF_NONE_MATCH, RANGE};

    fn content(size_bytes: u64) -> Content {
        Content {
            number: ContentNumber::FIRST,
            blob_id: BlobId::from_bytes([1; 16]),
            size_bytes,
            digest: ContentDigest::from_bytes([7; 32]),
            encrypted_data_key: EncryptedDataKey::parse(&[1]).unwrap(),
            written_by: UserId::from_bytes([2; 16]),
            written_at: Timestamp::MIN,
        }
    }

    fn chosen(
        method: &Method,
        fields: &[(HeaderName, &'static str)],
        size_bytes: u64,
    ) -> Result<Response, StatusCode> {
        let headers =
            fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        match choose(method, &headers, &content(size_bytes)) {
            Ok(sending) => Ok(sending.head(&content(size_bytes))),
            Err(mut response) => Err(match response.extensions_mut().remove::<Problem>() {
                Some(problem) => problem.render(None).status(),
                None => response.status(),
            }),
        }
    }

    #[test]
    fn f12_a_content_goes_as_an_attachment_of_unknown_type() {
        let response = chosen(&Method::GET, &[], 10).unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let field = |name: &str| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!(field("content-type"), "application/octet-stream");
        assert_eq!(field("content-disposition"), "attachment");
        assert_eq!(field("accept-ranges"), "bytes");
        assert_eq!(field("etag"), "\"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\"");
        assert_eq!(field("repr-digest"), "sha-256=:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=:");
        assert_eq!(field("content-length"), "10");
        assert!(!response.headers().contains_key("content-range"));
    }

    #[test]
    fn f10_a_part_says_which_it_is() {
        let response = chosen(&Method::GET, &[(RANGE, "bytes=2-5")], 10).unwrap();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers().get(CONTENT_RANGE).unwrap(), "bytes 2-5/10");
        assert_eq!(response.headers().get(CONTENT_LENGTH).unwrap(), "4");
        let whole = chosen(&Method::HEAD, &[(RANGE, "bytes=2-5")], 10).unwrap();
        assert_eq!(whole.status(), StatusCode::OK, "HEAD knows no range");
        assert_eq!(whole.headers().get(CONTENT_LENGTH).unwrap(), "10");
    }

    #[test]
    fn what_is_not_sent_says_why() {
        let known = "\"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\"";
        let get = |fields: &[(HeaderName, &'static str)]| chosen(&Method::GET, fields, 10).unwrap_err();
        assert_eq!(get(&[(IF_NONE_MATCH, known)]), StatusCode::NOT_MODIFIED);
        assert_eq!(get(&[(http::header::IF_MATCH, "\"other\"")]), StatusCode::PRECONDITION_FAILED);
        assert_eq!(get(&[(RANGE, "bytes=10-")]), StatusCode::RANGE_NOT_SATISFIABLE);
    }
}
