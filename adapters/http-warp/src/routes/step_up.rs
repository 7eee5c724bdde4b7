//! `POST /api/auth/step-up`: prove again who one is.

use super::{Route, post, with};
use crate::api::Api;
use crate::auth::{context, current_user, unauthorized_plain};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_domain::user::{AuthKey, SecondFactor};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::step_up::{StepUp, StepUpError, StepUpRequest, SteppedUp};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct SteppedUpReply<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
}

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("api" / "auth" / "step-up")
        .and(post())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.step_up))
        .then(answer)
        .boxed()
}

async fn answer(
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    step_up: Arc<StepUp>,
) -> Response {
    let standing = caller.standing();
    match prove(context, caller, body, step_up).await {
        Ok(stepped_up) => {
            let (access_token, expires_in) =
                (stepped_up.access_token.expose(), stepped_up.expires_in_seconds);
            let reply = SteppedUpReply { access_token, token_type: "Bearer", expires_in };
            let mut response = reply::json(StatusCode::OK, &reply);
            add_standing(response.headers_mut(), standing);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn prove(
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    step_up: Arc<StepUp>,
) -> Result<SteppedUp, Problem> {
    let standing = caller.standing();
    let read = body.fields().await.and_then(|fields| read(fields, context.origin));
    let request = read.map_err(|problem| problem.with_standing(standing))?;
    let proving = async move { step_up.step_up(&caller, &request).await };
    to_the_end(proving).await?.map_err(|error| match error {
        StepUpError::Limited(denial) => too_many_requests(&denial),
        StepUpError::Refused => unauthorized_plain(
            "invalid_credentials",
            "auth_key or code is wrong, or the code was used before. Check them and try with the next code.",
        )
        .with_standing(standing),
        StepUpError::Fault(cause) => fault(&cause).with_standing(standing),
    })
}

fn read(mut fields: Fields, origin: IpPrefix) -> Result<StepUpRequest, Problem> {
    let auth_key = fields.bytes("auth_key", AuthKey::parse);
    let factor = fields.text("otp", SecondFactor::parse);
    let request = auth_key.zip(factor).map(|(auth_key, factor)| StepUpRequest { auth_key, factor, origin });
    fields.finish(request)
}
