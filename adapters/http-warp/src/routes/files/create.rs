//! `POST /api/files`: begin the upload of a new file.

use super::{OF_FILES, begun};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::idempotency;
use crate::json::Fields;
use crate::limit_reply::answered;
use crate::routes::{Route, on, with};
use crate::tus;
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_domain::file::{ContentDigest, EncryptedDataKey, EncryptedFilename, IdempotencyKey, UploadSize};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::begin_upload::{BeginUpload, NewFile};
use http::{HeaderMap, Method};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path::end()
        .and(on(OF_FILES, &[Method::POST]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.begin_upload))
        .then(answer)
        .boxed()
}

async fn answer(
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    begin: Arc<BeginUpload>,
) -> Response {
    if body.headers().contains_key(tus::RESUMABLE) {
        return create_resumable(context, caller, body.headers(), begin).await;
    }
    let read = async {
        let key = idempotency::key(body.headers())?;
        let mut fields = body.fields().await?;
        let size = fields.large_number("size");
        let new_file = read_new_file(&mut fields, size.map(UploadSize::Exactly));
        Ok((fields.finish(new_file)?, key))
    };
    match read.await {
        Ok((new_file, key)) => create((context, caller), new_file, key, begin, begun::response).await,
        Err(problem) => answered(caller.standing(), Err(problem)),
    }
}

/// The creation of an upload as tus knows it: everything is in the headers, and there is no body.
pub(in crate::routes) async fn create_resumable(
    context: RequestContext,
    caller: Authenticated,
    headers: &HeaderMap,
    begin: Arc<BeginUpload>,
) -> Response {
    let read = || {
        tus::require_version(headers)?;
        let key = idempotency::key(headers)?;
        let size = UploadSize::Exactly(tus::upload_length(headers)?);
        let mut fields = tus::metadata(headers)?;
        let new_file = read_new_file(&mut fields, Some(size));
        Ok((fields.finish(new_file)?, key))
    };
    tus::stamp(match read() {
        Ok((new_file, key)) => {
            let response = |upload: &_| {
                let mut response = begun::response(upload);
                tus::add_expiry(response.headers_mut(), upload.expires_at);
                response
            };
            create((context, caller), new_file, key, begin, response).await
        }
        Err(problem) => answered(caller.standing(), Err(problem)),
    })
}

async fn create(
    (context, caller): (RequestContext, Authenticated),
    new_file: NewFile,
    key: Option<IdempotencyKey>,
    begin: Arc<BeginUpload>,
    response: impl FnOnce(&epic_inbound::begin_upload::BegunUpload) -> Response,
) -> Response {
    let beginning = async move { begin.begin_file(&caller, new_file, key.as_ref(), context.origin).await };
    match to_the_end(beginning).await {
        Ok(answer) => {
            let result = answer.result.map(|upload| response(&upload));
            answered(answer.standing, result.map_err(|error| begun::refused(&error)))
        }
        Err(problem) => problem.into_response(),
    }
}

/// Reads what is said of a new file.
pub(super) fn read_new_file(fields: &mut Fields, size: Option<UploadSize>) -> Option<NewFile> {
    let encrypted_filename = fields.bytes("encrypted_filename", EncryptedFilename::parse);
    let encrypted_data_key = fields.bytes("encrypted_data_key", EncryptedDataKey::parse);
    let expected_digest = fields.optional_bytes("sha256", ContentDigest::parse);
    Some(NewFile {
        encrypted_filename: encrypted_filename?,
        encrypted_data_key: encrypted_data_key?,
        size: size?,
        expected_digest,
    })
}
