//! `POST /api/user/totp`, `POST /api/user/totp/confirm`: another authenticator.

use super::{Route, post, with};
use crate::api::Api;
use crate::auth::{context, fresh_user, unauthorized_plain};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::unbroken::to_the_end;
use crate::{qr, reply};
use core::time::Duration;
use epic_domain::secret::SecretText;
use epic_domain::user::OtpCode;
use epic_inbound::fresh::Fresh;
use epic_inbound::replace_totp::{ReplaceTotp, ReplaceTotpError};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;
use zeroize::Zeroizing;

#[derive(Serialize)]
struct ProposedReply<'a> {
    otpauth_uri: &'a str,
    qr_code: &'a str,
}

/// Both routes.
pub(super) fn routes(api: &Api, body_timeout: Duration) -> Route {
    let proposing = warp::path!("api" / "user" / "totp")
        .and(post())
        .and(context())
        .and(fresh_user(api.authenticate.clone(), api.freshness.clone()))
        .and(unread(body_timeout))
        .and(with(&api.replace_totp))
        .then(propose);
    let confirming = warp::path!("api" / "user" / "totp" / "confirm")
        .and(post())
        .and(context())
        .and(fresh_user(api.authenticate.clone(), api.freshness.clone()))
        .and(unread(body_timeout))
        .and(with(&api.replace_totp))
        .then(confirm);
    proposing.or(confirming).unify().boxed()
}

async fn propose(
    context: RequestContext,
    fresh: Fresh,
    body: UnreadBody,
    replace: Arc<ReplaceTotp>,
) -> Response {
    let standing = fresh.caller().standing();
    let proposed = async {
        body.optional_fields().await?.finish(Some(()))?;
        let proposing = async move { replace.propose(&fresh, context.origin).await };
        let otpauth_uri = to_the_end(proposing).await?.map_err(|error| refused(&error))?;
        shown(&otpauth_uri)
    };
    let mut response = proposed.await.unwrap_or_else(Problem::into_response);
    add_standing(response.headers_mut(), standing);
    response
}

fn shown(otpauth_uri: &SecretText) -> Result<Response, Problem> {
    let otpauth_uri = otpauth_uri.expose();
    let qr_code = Zeroizing::new(qr::data_uri(otpauth_uri).map_err(|error| {
        tracing::error!(%error, "the QR code could not be drawn");
        Problem::internal()
    })?);
    Ok(reply::json(StatusCode::OK, &ProposedReply { otpauth_uri, qr_code: &qr_code }))
}

async fn confirm(
    context: RequestContext,
    fresh: Fresh,
    body: UnreadBody,
    replace: Arc<ReplaceTotp>,
) -> Response {
    let standing = fresh.caller().standing();
    let confirmed = async {
        let code = read(body.fields().await?)?;
        let confirming = async move { replace.confirm(&fresh, &code, context.origin).await };
        to_the_end(confirming).await?.map_err(|error| refused(&error))?;
        Ok(reply::no_content())
    };
    match confirmed.await {
        Ok(mut response) => {
            add_standing(response.headers_mut(), standing);
            response
        }
        Err(problem) => Problem::into_response(problem),
    }
}

fn read(mut fields: Fields) -> Result<OtpCode, Problem> {
    let code = fields.text("otp", OtpCode::parse);
    fields.finish(code)
}

fn refused(error: &ReplaceTotpError) -> Problem {
    match error {
        ReplaceTotpError::Limited(denial) => too_many_requests(denial),
        ReplaceTotpError::Refused => unauthorized_plain(
            "invalid_code",
            "The code is not of the new authenticator, or none was proposed in the last 15 minutes.",
        ),
        ReplaceTotpError::Fault(cause) => fault(cause),
    }
}
