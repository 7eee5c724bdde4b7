//! `POST /api/auth/refresh`: the next pair of tokens for a refresh token.

use super::{Route, post, with};
use crate::api::Api;
use crate::auth::{context, unauthorized_plain};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_domain::secret::SecretText;
use epic_inbound::TokenPair;
use epic_inbound::gate::{Admission, Gate};
use epic_inbound::refresh::{Refresh, RefreshError};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct TokenPairReply<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_expires_in: u64,
}

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("api" / "auth" / "refresh")
        .and(post())
        .and(context())
        .and(unread(body_timeout))
        .and(with(&api.gate))
        .and(with(&api.refresh))
        .then(answer)
        .boxed()
}

async fn answer(
    context: RequestContext,
    body: UnreadBody,
    gate: Arc<Gate>,
    refresh: Arc<Refresh>,
) -> Response {
    let admission = match gate.admit_address(context.origin) {
        Ok(admission) => admission,
        Err(denial) => return too_many_requests(&denial).into_response(),
    };
    let standing = admission.standing();
    let mut response = match renew(context, body, admission, refresh).await {
        Ok(pair) => reply::json(StatusCode::OK, &TokenPairReply::from(&pair)),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), standing);
    response
}

async fn renew(
    context: RequestContext,
    body: UnreadBody,
    admission: Admission,
    refresh: Arc<Refresh>,
) -> Result<TokenPair, Problem> {
    let refresh_token = read(body.fields().await?)?;
    let renewing = async move { refresh.refresh(&admission, refresh_token.expose(), context.origin).await };
    to_the_end(renewing).await?.map_err(|error| match error {
        RefreshError::Refused => unauthorized_plain(
            "invalid_refresh_token",
            "The refresh token is expired, used or revoked. Sign in again.",
        ),
        RefreshError::Fault(cause) => fault(&cause),
    })
}

fn read(mut fields: Fields) -> Result<SecretText, Problem> {
    let token = fields.text("refresh_token", |text| Ok(SecretText::new(text.to_owned())));
    fields.finish(token)
}

impl<'a> From<&'a TokenPair> for TokenPairReply<'a> {
    fn from(pair: &'a TokenPair) -> Self {
        Self {
            access_token: pair.access_token.expose(),
            refresh_token: pair.refresh_token.expose(),
            token_type: "Bearer",
            expires_in: pair.expires_in_seconds,
            refresh_expires_in: pair.refresh_expires_in_seconds,
        }
    }
}
