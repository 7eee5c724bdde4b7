//! `PATCH /api/files/{id}`: give a file another name, or wrap its data key again.

use super::show::own_file;
use super::{FileSegment, OF_FILE, change};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::if_match::{self, Subject};
use crate::json::Fields;
use crate::limit_reply::answered;
use crate::problem::Problem;
use crate::routes::{Route, on, with};
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_domain::Invalid;
use epic_domain::file::{EncryptedDataKey, EncryptedFilename};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::own_files::{Edit, OwnFiles};
use http::{Method, StatusCode};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!(FileSegment)
        .and(on(OF_FILE, &[Method::PATCH]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.own_files))
        .then(answer)
        .boxed()
}

async fn answer(
    segment: FileSegment,
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    own: Arc<OwnFiles>,
) -> Response {
    let standing = caller.standing();
    answered(standing, edit(&segment, context, caller, body, own).await)
}

async fn edit(
    segment: &FileSegment,
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    own: Arc<OwnFiles>,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let expected = if_match::version(body.headers(), Subject::File)?;
    let edit = read(body.fields().await?)?;
    let editing = async move { own.edit(&caller, file_id, expected, &edit, context.origin).await };
    let outcome = to_the_end(editing).await?.map_err(|cause| fault(&cause))?;
    Ok(own_file(StatusCode::OK, &*change::made(outcome)?))
}

fn read(mut fields: Fields) -> Result<Edit, Problem> {
    let encrypted_filename = fields.optional_bytes("encrypted_filename", EncryptedFilename::parse);
    let encrypted_data_key = fields.optional_bytes("encrypted_data_key", EncryptedDataKey::parse);
    let edit = Edit { encrypted_filename, encrypted_data_key };
    let is_empty = edit.encrypted_filename.is_none() && edit.encrypted_data_key.is_none();
    if is_empty && fields.has_no_errors() {
        let nothing = Invalid::new("required", "or encrypted_data_key is required");
        fields.accept::<()>("encrypted_filename", Err(nothing));
    }
    fields.finish(Some(edit))
}
