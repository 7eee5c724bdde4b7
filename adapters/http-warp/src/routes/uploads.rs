//! `/api/uploads`: resumable uploads, as tus 1.0.0 knows them.

use super::files::{create_resumable, digest_mismatch};
use super::{Route, id, on, with};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, broken_off, require_type, too_slow, unread};
use crate::body_source::BodySource;
use crate::checksum::Checksum;
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::limit_reply::answered;
use crate::lingering::Lingering;
use crate::problem::Problem;
use crate::unbroken::to_the_end;
use crate::unhurried::{Pulse, later};
use crate::{reply, tus};
use core::time::Duration;
use epic_domain::id::UploadId;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::byte_source::SourceFault;
use epic_inbound::receive_upload::{Piece, ReceiveRefused, ReceiveUpload, UploadStatus};
use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

const OF_UPLOADS: &str = "POST, OPTIONS";
const OF_UPLOAD: &str = "HEAD, PATCH, DELETE, OPTIONS";

/// The type of a piece.
const PIECE_TYPE: &str = "application/offset+octet-stream";

/// All of them.
pub(super) fn routes(api: &Api, body_timeout: Duration) -> Route {
    let content_bytes_max = api.begin_upload.content_bytes_max();
    let describe = move || tus::describe(content_bytes_max);
    let describing = warp::path!("api" / "uploads").and(on(OF_UPLOADS, &[Method::OPTIONS])).map(describe);
    let describing_one = warp::path!("api" / "uploads" / String)
        .and(on(OF_UPLOAD, &[Method::OPTIONS]))
        .map(move |_: String| describe());
    let creating = warp::path!("api" / "uploads")
        .and(on(OF_UPLOADS, &[Method::POST]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(warp::header::headers_cloned())
        .and(with(&api.begin_upload))
        .then(async |context, caller, headers: HeaderMap, begin| {
            create_resumable(context, caller, &headers, begin).await
        });
    let going_on = warp::path!("api" / "uploads" / String)
        .and(on(OF_UPLOAD, &[Method::PATCH]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.receive_upload))
        .map(|segment, context, caller, body, receive| {
            let pulse = Pulse::default();
            later(pulse.clone(), go_on(segment, context, caller, body, receive, pulse))
        });
    let asking = warp::path!("api" / "uploads" / String)
        .and(on(OF_UPLOAD, &[Method::HEAD]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(warp::header::headers_cloned())
        .and(with(&api.receive_upload))
        .then(async |segment: String, context, caller: Authenticated, headers: HeaderMap, receive| {
            let standing = caller.standing();
            tus::stamp(answered(standing, ask(&segment, context, caller, &headers, receive).await))
        });
    let terminating = warp::path!("api" / "uploads" / String)
        .and(on(OF_UPLOAD, &[Method::DELETE]))
        .and(current_user(api.authenticate.clone()))
        .and(warp::header::headers_cloned())
        .and(with(&api.receive_upload))
        .then(async |segment: String, caller: Authenticated, headers: HeaderMap, receive| {
            let standing = caller.standing();
            tus::stamp(answered(standing, terminate(&segment, caller, &headers, receive).await))
        });
    let one = going_on.or(asking).unify().or(terminating).unify().or(describing_one).unify();
    one.or(creating).unify().or(describing).unify().boxed()
}

async fn go_on(
    segment: String,
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    receive: Arc<ReceiveUpload>,
    pulse: Pulse,
) -> Response {
    let standing = caller.standing();
    tus::stamp(answered(standing, take(&segment, context, caller, body, receive, pulse).await))
}

async fn take(
    segment: &str,
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    receive: Arc<ReceiveUpload>,
    pulse: Pulse,
) -> Result<Response, Problem> {
    tus::require_version(body.headers())?;
    let upload_id = id::<UploadId>(segment)?;
    require_type(body.headers(), PIECE_TYPE)?;
    let offset_bytes = tus::upload_offset(body.headers())?;
    let length_bytes = body.declared_length();
    let checksum = checksum(body.headers())?;
    let lingering = Lingering::of(body.headers());
    let mut source = BodySource::new(body, checksum, pulse);
    // It ends by itself when its client is gone: then the body breaks off, and what came of it is kept.
    let receiving = async move {
        let piece = Piece { upload_id, offset_bytes, length_bytes, source: &mut source };
        let result = receive.receive(&caller, piece, context.origin).await;
        if result.is_err() {
            lingering.read_out(&mut source).await;
        }
        result
    };
    let status = to_the_end(receiving).await?.map_err(|error| refused(&error))?;
    let mut response = reply::no_content();
    add_status(response.headers_mut(), &status);
    Ok(response)
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let mut fields = headers.get_all(tus::UPLOAD_CHECKSUM).iter();
    match (fields.next(), fields.next()) {
        (None, _) => Ok(None),
        (Some(field), None) => Checksum::parse(field.to_str().unwrap_or_default()).map(Some),
        // Two checksums of one piece: one of them is wrong, or one is too many.
        (Some(_), Some(_)) => Checksum::parse("").map(Some),
    }
}

async fn ask(
    segment: &str,
    context: RequestContext,
    caller: Authenticated,
    headers: &HeaderMap,
    receive: Arc<ReceiveUpload>,
) -> Result<Response, Problem> {
    tus::require_version(headers)?;
    let upload_id = id::<UploadId>(segment)?;
    let asking = async move { receive.status(&caller, upload_id, context.origin).await };
    let status = to_the_end(asking).await?.map_err(|error| refused(&error))?;
    let mut response = reply::empty(StatusCode::OK);
    response.headers_mut().insert(tus::UPLOAD_LENGTH, HeaderValue::from(status.size_bytes));
    add_status(response.headers_mut(), &status);
    Ok(response)
}

async fn terminate(
    segment: &str,
    caller: Authenticated,
    headers: &HeaderMap,
    receive: Arc<ReceiveUpload>,
) -> Result<Response, Problem> {
    tus::require_version(headers)?;
    let upload_id = id::<UploadId>(segment)?;
    let ending = async move { receive.terminate(&caller, upload_id).await };
    to_the_end(ending).await?.map_err(|error| refused(&error))?;
    Ok(reply::no_content())
}

fn add_status(headers: &mut HeaderMap, status: &UploadStatus) {
    headers.insert(tus::UPLOAD_OFFSET, HeaderValue::from(status.offset_bytes));
    tus::add_expiry(headers, status.expires_at);
}

fn refused(error: &ReceiveRefused) -> Problem {
    match error {
        ReceiveRefused::NotFound => Problem::not_found(),
        ReceiveRefused::Expired => Problem::new(
            StatusCode::GONE,
            "upload_expired",
            "Upload expired",
            "The upload rested for too long and was given up. Begin a new one.",
        ),
        ReceiveRefused::WrongOffset { offset_bytes } => Problem::new(
            StatusCode::CONFLICT,
            "wrong_offset",
            "Wrong offset",
            format!("The upload stands at {offset_bytes} bytes. Go on from there."),
        )
        .with_header(tus::UPLOAD_OFFSET, HeaderValue::from(*offset_bytes)),
        ReceiveRefused::TooLong => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "upload_too_long",
            "Upload too long",
            "The piece goes on past the Upload-Length that was announced.",
        ),
        ReceiveRefused::Broken(SourceFault::BrokenOff) => broken_off(),
        ReceiveRefused::Broken(SourceFault::TooSlow) => too_slow(),
        ReceiveRefused::Broken(SourceFault::ChecksumMismatch) => Problem::new(
            StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST),
            "checksum_mismatch",
            "Checksum mismatch",
            "The piece does not have the checksum that Upload-Checksum tells. Nothing of it was kept: send it again.",
        ),
        ReceiveRefused::TakenOver => Problem::new(
            StatusCode::CONFLICT,
            "upload_taken_over",
            "Upload taken over",
            "Another request goes on with this upload. Ask by HEAD where it stands.",
        ),
        ReceiveRefused::DigestMismatch => digest_mismatch(),
        ReceiveRefused::FileGone => Problem::new(
            StatusCode::GONE,
            "file_gone",
            "File gone",
            "The file that was to get this content is gone or in the trash. So is the upload.",
        ),
        ReceiveRefused::Fault(cause) => fault(cause),
    }
}
