//! The reply to a call that begins an upload.

use crate::encoding::rfc3339;
use crate::fault_reply::fault;
use crate::if_match::{Subject, stale};
use crate::limit_reply::too_many_requests;
use crate::problem::Problem;
use crate::{idempotency, reply};
use epic_inbound::begin_upload::{BeginRefused, BegunUpload};
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use serde::Serialize;
use warp::reply::Response;

#[derive(Serialize)]
struct BegunReply<'a> {
    file_id: String,
    upload_id: String,
    upload_url: &'a str,
    expires_at: String,
}

/// The upload has begun: where to send its bytes.
pub(super) fn response(begun: &BegunUpload) -> Response {
    let upload_url = format!("/api/uploads/{}", begun.upload_id);
    let body = BegunReply {
        file_id: begun.file_id.to_string(),
        upload_id: begun.upload_id.to_string(),
        upload_url: &upload_url,
        expires_at: rfc3339(begun.expires_at),
    };
    let mut response = reply::json(StatusCode::CREATED, &body);
    if let Ok(location) = HeaderValue::from_str(&upload_url) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The problem for an upload that does not begin.
pub(super) fn refused(error: &BeginRefused) -> Problem {
    match error {
        BeginRefused::Limited(denial) => too_many_requests(denial),
        BeginRefused::TooLarge { bytes_max } => too_large(*bytes_max),
        BeginRefused::OverQuota(over) => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "quota_exceeded",
            "Quota exceeded",
            format!(
                "The owner's quota leaves {} bytes. Remove files, empty the trash, or give up uploads under way.",
                over.available_bytes
            ),
        ),
        BeginRefused::NotFound => Problem::not_found(),
        BeginRefused::NotAllowed => Problem::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "Not allowed",
            "The share does not allow this. Ask the owner for one with the permission to write; names and the owner's \
             data key are the owner's to change.",
        ),
        BeginRefused::Stale => stale(Subject::File),
        BeginRefused::KeyReused => idempotency::reused(),
        BeginRefused::DigestMismatch => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "digest_mismatch",
            "Digest mismatch",
            "The SHA-256 that was told is not that of an empty content.",
        ),
        BeginRefused::Fault(cause) => fault(cause),
    }
}

/// The problem for a content that is larger than any may be.
pub(super) fn too_large(bytes_max: u64) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "content_too_large",
        "Content too large",
        format!("A content may have at most {bytes_max} bytes. Split it."),
    )
}
