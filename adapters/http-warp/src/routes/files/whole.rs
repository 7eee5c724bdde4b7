//! `POST /api/files/upload`: send a whole file in one request, as a form.

use super::begun;
use super::create::read_new_file;
use super::show::own_file;
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, broken_off, too_slow, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::idempotency;
use crate::json::Fields;
use crate::limit_reply::answered;
use crate::lingering::Lingering;
use crate::multipart::Form;
use crate::problem::Problem;
use crate::routes::{Route, post, with};
use crate::unbroken::to_the_end;
use crate::unhurried::{Pulse, later};
use core::time::Duration;
use epic_domain::Invalid;
use epic_domain::file::UploadSize;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::begin_upload::NewFile;
use epic_inbound::byte_source::SourceFault;
use epic_inbound::send_whole::{SendRefused, SendWhole};
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("upload")
        .and(post())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.send_whole))
        .map(|context, caller, body, send| {
            let pulse = Pulse::default();
            later(pulse.clone(), take(context, caller, body, send, pulse))
        })
        .boxed()
}

async fn take(
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    send: Arc<SendWhole>,
    pulse: Pulse,
) -> Response {
    let (standing, lingering) = (caller.standing(), Lingering::of(body.headers()));
    let read = async {
        let key = idempotency::key(body.headers())?;
        let declared_length = body.declared_length();
        let Form { fields, content } = Form::read(body, pulse).await?;
        Ok((key, read(fields, declared_length)?, content))
    };
    let (key, new_file, mut content) = match read.await {
        Ok(read) => read,
        Err(problem) => return answered(standing, Err(problem)),
    };
    // It ends by itself when its client is gone: then the content breaks off.
    let sending = async move {
        let answer = send.send(&caller, new_file, &mut content, key.as_ref(), context.origin).await;
        if answer.result.is_err() {
            lingering.read_out(&mut content).await;
        }
        (answer, content)
    };
    match to_the_end(sending).await {
        Ok((answer, content)) => {
            let result =
                answer.result.map_err(|error| content.malformed().unwrap_or_else(|| refused(&error)));
            answered(answer.standing, result.map(|file| made(&file)))
        }
        Err(problem) => problem.into_response(),
    }
}

/// Reads the fields. A form that does not tell the size of its content is not larger than the whole request.
fn read(mut fields: Fields, declared_length: Option<u64>) -> Result<NewFile, Problem> {
    let told = fields.optional_text("size", |text| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let size = if is_number { text.parse().ok() } else { None };
        size.map(UploadSize::Exactly).ok_or(Invalid::new("invalid_number", "must be a number of bytes"))
    });
    let size = told.or(declared_length.map(UploadSize::AtMost));
    let size = if size.is_none() && fields.has_no_errors() {
        let required = Invalid::new("required", "is required in a request without Content-Length");
        fields.accept("size", Err(required))
    } else {
        size
    };
    let new_file = read_new_file(&mut fields, size);
    fields.finish(new_file)
}

fn made(file: &epic_domain::file::File) -> Response {
    let mut response = own_file(StatusCode::CREATED, file);
    if let Ok(location) = HeaderValue::from_str(&format!("/api/files/{}", file.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn refused(error: &SendRefused) -> Problem {
    match error {
        SendRefused::Begin(refused) => begun::refused(refused),
        SendRefused::Broken(SourceFault::TooSlow) => too_slow(),
        SendRefused::Broken(SourceFault::BrokenOff | SourceFault::ChecksumMismatch) => broken_off(),
        SendRefused::WrongSize => Problem::new(
            StatusCode::BAD_REQUEST,
            "wrong_size",
            "Wrong size",
            "The content has more or fewer bytes than size says. Send the right size, or leave it out.",
        ),
        SendRefused::DigestMismatch => digest_mismatch(),
        SendRefused::Fault(cause) => fault(cause),
    }
}

/// The problem for a content that is not the one whose SHA-256 was told.
pub(in crate::routes) fn digest_mismatch() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "digest_mismatch",
        "Digest mismatch",
        "The content does not have the SHA-256 that was told. Nothing of it was kept: check it and send it again.",
    )
}
