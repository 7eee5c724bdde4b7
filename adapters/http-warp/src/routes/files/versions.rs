//! `/api/files/{id}/versions`: earlier contents, and new ones on their way.

use super::item::VersionItem;
use super::{FileSegment, begun, content::content_number};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::if_match::{self, Subject};
use crate::json::Fields;
use crate::limit_reply::answered;
use crate::paging::{Page, Query, cursor};
use crate::problem::Problem;
use crate::routes::{Route, on, query, with};
use crate::unbroken::to_the_end;
use crate::{idempotency, reply};
use core::time::Duration;
use epic_domain::file::{ContentDigest, ContentNumber, EncryptedDataKey, EncryptedFilename, IdempotencyKey};
use epic_domain::id::FileId;
use epic_domain::user::Version;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::begin_upload::{BeginUpload, NewContent};
use epic_inbound::own_files::OwnFiles;
use http::{Method, StatusCode};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

const OF_VERSIONS: &str = "GET, HEAD, POST";

/// All of them but the contents themselves.
pub(super) fn routes(api: &Api, body_timeout: Duration) -> Route {
    let listing = warp::path!(FileSegment / "versions")
        .and(on(OF_VERSIONS, &[Method::GET, Method::HEAD]))
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.own_files))
        .then(async |segment: FileSegment, caller: Authenticated, query: Query, own: Arc<OwnFiles>| {
            let result = list(&segment, &caller, &query, &own).await;
            answered(caller.standing(), result)
        });
    let beginning = warp::path!(FileSegment / "versions")
        .and(on(OF_VERSIONS, &[Method::POST]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.begin_upload))
        .then(begin);
    let removing = warp::path!(FileSegment / "versions" / String)
        .and(crate::routes::delete())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(with(&api.own_files))
        .then(async |segment: FileSegment, number: String, context, caller: Authenticated, own| {
            let standing = caller.standing();
            answered(standing, remove(&segment, &number, context, caller, own).await)
        });
    listing.or(beginning).unify().or(removing).unify().boxed()
}

async fn list(
    segment: &FileSegment,
    caller: &Authenticated,
    query: &Query,
    own: &OwnFiles,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let (limit, before) = (query.limit()?, query.cursor::<4>()?.map(u32::from_be_bytes));
    let before = before.map(ContentNumber::from_number);
    let listed = own.versions(caller, file_id, before, limit).await.map_err(|cause| fault(&cause))?;
    let listed = listed.ok_or_else(Problem::not_found)?;
    let place = |number: &ContentNumber| cursor(&number.get().to_be_bytes());
    Ok(reply::json(StatusCode::OK, &Page::of(&listed, |content| VersionItem::from(content), place)))
}

async fn begin(
    segment: FileSegment,
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    begin: Arc<BeginUpload>,
) -> Response {
    let read = async {
        let file_id = segment.file_id()?;
        let expected = if_match::version(body.headers(), Subject::File)?;
        let key = idempotency::key(body.headers())?;
        Ok((read(body.fields().await?, file_id, expected)?, key))
    };
    let (new_content, key): (NewContent, Option<IdempotencyKey>) = match read.await {
        Ok(read) => read,
        Err(problem) => return answered(caller.standing(), Err(problem)),
    };
    let beginning =
        async move { begin.begin_content(&caller, new_content, key.as_ref(), context.origin).await };
    match to_the_end(beginning).await {
        Ok(answer) => {
            let result = answer.result.map(|upload| begun::response(&upload));
            answered(answer.standing, result.map_err(|error| begun::refused(&error)))
        }
        Err(problem) => problem.into_response(),
    }
}

fn read(mut fields: Fields, file_id: FileId, expected: Version) -> Result<NewContent, Problem> {
    let size_bytes = fields.large_number("size");
    let expected_digest = fields.optional_bytes("sha256", ContentDigest::parse);
    let encrypted_filename = fields.optional_bytes("encrypted_filename", EncryptedFilename::parse);
    let encrypted_data_key = fields.optional_bytes("encrypted_data_key", EncryptedDataKey::parse);
    fields.finish(size_bytes.map(|size_bytes| NewContent {
        file_id,
        expected,
        encrypted_filename,
        encrypted_data_key,
        size_bytes,
        expected_digest,
    }))
}

async fn remove(
    segment: &FileSegment,
    number: &str,
    context: RequestContext,
    caller: Authenticated,
    own: Arc<OwnFiles>,
) -> Result<Response, Problem> {
    let (file_id, number) = (segment.file_id()?, content_number(number)?);
    let removing = async move { own.remove_version(&caller, file_id, number, context.origin).await };
    if to_the_end(removing).await?.map_err(|cause| fault(&cause))? {
        Ok(reply::no_content())
    } else {
        Err(Problem::not_found())
    }
}
