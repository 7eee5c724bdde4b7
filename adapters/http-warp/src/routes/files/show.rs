//! `GET /api/files/{id}`: what is said of a file.

use super::item::FileItem;
use super::{FileSegment, OF_FILE};
use crate::api::Api;
use crate::auth::current_user;
use crate::fault_reply::fault;
use crate::if_match::add_etag;
use crate::limit_reply::answered;
use crate::problem::Problem;
use crate::reply;
use crate::routes::{Route, on, with};
use epic_domain::file::File;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::own_files::OwnFiles;
use http::{Method, StatusCode};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!(FileSegment)
        .and(on(OF_FILE, &[Method::GET, Method::HEAD]))
        .and(current_user(api.authenticate.clone()))
        .and(with(&api.own_files))
        .then(answer)
        .boxed()
}

async fn answer(segment: FileSegment, caller: Authenticated, own: Arc<OwnFiles>) -> Response {
    let result = look(&segment, &caller, &own).await;
    answered(caller.standing(), result)
}

async fn look(segment: &FileSegment, caller: &Authenticated, own: &OwnFiles) -> Result<Response, Problem> {
    let seen = own.look(caller, segment.file_id()?).await.map_err(|cause| fault(&cause))?;
    let seen = seen.ok_or_else(Problem::not_found)?;
    let mut response = reply::json(StatusCode::OK, &FileItem::seen(&seen));
    add_etag(response.headers_mut(), seen.access.file().version);
    Ok(response)
}

/// One's own file as a reply.
pub(super) fn own_file(status: StatusCode, file: &File) -> Response {
    let mut response = reply::json(status, &FileItem::own(file));
    add_etag(response.headers_mut(), file.version);
    response
}
