//! The version, and what the server offers.

use crate::checksum;
use crate::encoding::http_date;
use crate::problem::Problem;
use crate::reply;
use epic_domain::Timestamp;
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use warp::reply::Response;

/// The header that makes a request one of this protocol.
pub(crate) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
/// Where a piece begins, and where an upload stands.
pub(crate) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// How many bytes an upload brings.
pub(crate) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// The checksum of a piece.
pub(crate) const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");

/// Checks that the client speaks the version that the server does.
///
/// # Errors
/// A [`Problem`]: 412.
pub(crate) fn require_version(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(RESUMABLE).is_some_and(|version| version == VERSION) {
        return Ok(());
    }
    let detail = "Send Tus-Resumable: 1.0.0; the server speaks that version of tus alone.";
    let problem = Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "unsupported_tus_version",
        "Precondition failed",
        detail,
    );
    Err(problem.with_header(TUS_VERSION, VERSION))
}

/// Marks a reply as one of the protocol.
pub(crate) fn stamp(mut response: Response) -> Response {
    response.headers_mut().insert(RESUMABLE, VERSION);
    response
}

/// The reply to OPTIONS.
pub(crate) fn describe(content_bytes_max: u64) -> Response {
    let mut response = reply::no_content();
    let headers = response.headers_mut();
    headers.insert(TUS_VERSION, VERSION);
    headers.insert(TUS_EXTENSION, HeaderValue::from_static("creation,checksum,expiration,termination"));
    headers.insert(TUS_MAX_SIZE, HeaderValue::from(content_bytes_max));
    headers.insert(TUS_CHECKSUM_ALGORITHM, HeaderValue::from_static(checksum::ALGORITHMS));
    stamp(response)
}

/// Tells when an upload is given up.
pub(crate) fn add_expiry(headers: &mut HeaderMap, expires_at: Timestamp) {
    if let Some(date) = http_date(expires_at) {
        headers.insert(UPLOAD_EXPIRES, date);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_told_which_one_it_must_be() {
        let with =
            |version: &'static str| HeaderMap::from_iter([(RESUMABLE, HeaderValue::from_static(version))]);
        assert!(require_version(&with("1.0.0")).is_ok());
        for headers in [HeaderMap::new(), with("0.2.2"), with("1.0.1"), with("")] {
            let reply = require_version(&headers).unwrap_err().render(None);
            assert_eq!(reply.status(), StatusCode::PRECONDITION_FAILED);
            assert_eq!(reply.headers().get(TUS_VERSION).unwrap(), "1.0.0");
        }
    }
}
