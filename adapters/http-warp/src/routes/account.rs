//! `DELETE /api/user`: delete the account.

use super::{Route, delete, with};
use crate::api::Api;
use crate::auth::{context, fresh_user};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::limit_reply::add_standing;
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use epic_inbound::delete_account::DeleteAccount;
use epic_inbound::fresh::Fresh;
use http::StatusCode;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!("api" / "user")
        .and(delete())
        .and(context())
        .and(fresh_user(api.authenticate.clone(), api.freshness.clone()))
        .and(with(&api.delete_account))
        .then(answer)
        .boxed()
}

async fn answer(context: RequestContext, fresh: Fresh, deletion: Arc<DeleteAccount>) -> Response {
    let standing = fresh.caller().standing();
    let deleting = async move { deletion.delete(&fresh, context.origin).await };
    let deleted = to_the_end(deleting).await.and_then(|outcome| outcome.map_err(|cause| fault(&cause)));
    let mut response = match deleted {
        Ok(()) => reply::empty(StatusCode::ACCEPTED),
        Err(problem) => Problem::into_response(problem),
    };
    add_standing(response.headers_mut(), standing);
    response
}
