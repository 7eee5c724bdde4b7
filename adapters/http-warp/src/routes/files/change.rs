//! `DELETE /api/files/{id}`, `POST /api/files/{id}/restore`: into the trash, out of it, and gone for good.

use super::show::own_file;
use super::{FileSegment, OF_FILE};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::if_match::{self, Subject};
use crate::limit_reply::answered;
use crate::problem::Problem;
use crate::reply;
use crate::routes::{Route, on, post, with};
use crate::unbroken::to_the_end;
use epic_domain::file::File;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::own_files::{ChangeOutcome, DeleteOutcome, OwnFiles};
use http::{HeaderMap, Method, StatusCode};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// Both routes.
pub(super) fn routes(api: &Api) -> Route {
    let deleting = warp::path!(FileSegment)
        .and(on(OF_FILE, &[Method::DELETE]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(warp::header::headers_cloned())
        .and(with(&api.own_files))
        .then(async |segment, context, caller: Authenticated, headers, own| {
            let standing = caller.standing();
            answered(standing, delete(segment, context, caller, headers, own).await)
        });
    let restoring = warp::path!(FileSegment / "restore")
        .and(post())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(warp::header::headers_cloned())
        .and(with(&api.own_files))
        .then(async |segment, context, caller: Authenticated, headers, own| {
            let standing = caller.standing();
            answered(standing, restore(segment, context, caller, headers, own).await)
        });
    deleting.or(restoring).unify().boxed()
}

async fn delete(
    segment: FileSegment,
    context: RequestContext,
    caller: Authenticated,
    headers: HeaderMap,
    own: Arc<OwnFiles>,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let expected = if_match::version(&headers, Subject::File)?;
    let deleting = async move { own.delete(&caller, file_id, expected, context.origin).await };
    match to_the_end(deleting).await?.map_err(|cause| fault(&cause))? {
        DeleteOutcome::Trashed(file) => {
            let mut response = reply::no_content();
            if_match::add_etag(response.headers_mut(), file.version);
            Ok(response)
        }
        DeleteOutcome::Removed => Ok(reply::no_content()),
        DeleteOutcome::Stale => Err(if_match::stale(Subject::File)),
        DeleteOutcome::NotFound => Err(Problem::not_found()),
    }
}

async fn restore(
    segment: FileSegment,
    context: RequestContext,
    caller: Authenticated,
    headers: HeaderMap,
    own: Arc<OwnFiles>,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let expected = if_match::version(&headers, Subject::File)?;
    let restoring = async move { own.restore(&caller, file_id, expected, context.origin).await };
    let outcome = to_the_end(restoring).await?.map_err(|cause| fault(&cause))?;
    Ok(own_file(StatusCode::OK, &*made(outcome)?))
}

/// The file after a change.
///
/// # Errors
/// The problem for a change that was not made.
pub(super) fn made(outcome: ChangeOutcome) -> Result<Box<File>, Problem> {
    match outcome {
        ChangeOutcome::Made(file) => Ok(file),
        ChangeOutcome::Stale => Err(if_match::stale(Subject::File)),
        ChangeOutcome::NotFound => Err(Problem::not_found()),
    }
}
