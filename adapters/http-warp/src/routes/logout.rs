//! `POST /api/auth/logout`: end this session, the others, or all.

use super::{Route, post, with};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::add_standing;
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_domain::Invalid;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::sign_out::{SignOut, SignOutScope};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("api" / "auth" / "logout")
        .and(post())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.sign_out))
        .then(answer)
        .boxed()
}

async fn answer(
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    sign_out: Arc<SignOut>,
) -> Response {
    let standing = caller.standing();
    let mut response = match end(context, caller, body, sign_out).await {
        Ok(()) => reply::no_content(),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), standing);
    response
}

async fn end(
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    sign_out: Arc<SignOut>,
) -> Result<(), Problem> {
    let scope = read(body.optional_fields().await?)?;
    let ending = async move { sign_out.sign_out(&caller, scope, context.origin).await };
    to_the_end(ending).await?.map_err(|cause| fault(&cause))
}

fn read(mut fields: Fields) -> Result<SignOutScope, Problem> {
    let scope = fields.optional_text("scope", |text| match text {
        "session" => Ok(SignOutScope::Session),
        "others" => Ok(SignOutScope::Others),
        "all" => Ok(SignOutScope::All),
        _ => Err(Invalid::new("unknown_scope", "must be \"session\", \"others\" or \"all\"")),
    });
    fields.finish(Some(scope.unwrap_or_default()))
}
