//! `PUT /api/user/credentials`: a new password.

use super::credential_fields::read_new_credentials;
use super::{Route, put, with};
use crate::api::Api;
use crate::auth::{context, fresh_user};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::if_match::{self, Subject};
use crate::limit_reply::add_standing;
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_inbound::change_credentials::{ChangeCredentials, ChangeError};
use epic_inbound::fresh::Fresh;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("api" / "user" / "credentials")
        .and(put())
        .and(context())
        .and(fresh_user(api.authenticate.clone(), api.freshness.clone()))
        .and(unread(body_timeout))
        .and(with(&api.change_credentials))
        .then(answer)
        .boxed()
}

async fn answer(
    context: RequestContext,
    fresh: Fresh,
    body: UnreadBody,
    change: Arc<ChangeCredentials>,
) -> Response {
    let standing = fresh.caller().standing();
    let mut response = match set(context, fresh, body, change).await {
        Ok(()) => reply::no_content(),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), standing);
    response
}

async fn set(
    context: RequestContext,
    fresh: Fresh,
    body: UnreadBody,
    change: Arc<ChangeCredentials>,
) -> Result<(), Problem> {
    let expected = if_match::version(body.headers(), Subject::Account)?;
    let mut fields = body.fields().await?;
    let new = read_new_credentials(&mut fields);
    let new = fields.finish(new)?;
    let changing = async move { change.change(&fresh, expected, new, context.origin).await };
    to_the_end(changing).await?.map_err(|error| refused(&error))
}

/// The problem for a change that was not made.
pub(super) fn refused(error: &ChangeError) -> Problem {
    match error {
        ChangeError::Stale => if_match::stale(Subject::Account),
        ChangeError::Fault(cause) => fault(cause),
    }
}
