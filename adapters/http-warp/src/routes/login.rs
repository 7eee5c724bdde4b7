//! `POST /api/auth/login`: a session for a name, a key and a one-time code.

use super::{Route, post, with};
use crate::api::Api;
use crate::auth::{context, unauthorized_plain};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::encoding::base64url;
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_domain::secret::SecretText;
use epic_domain::session::DeviceName;
use epic_domain::user::{AuthKey, RecoveryCode, SecondFactor, Username};
use epic_inbound::sign_in::{SignIn, SignInError, SignInRequest, SignedIn};
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// Carries the token of a known device, in the reply of one login and the request of the next.
const DEVICE_TOKEN: HeaderName = HeaderName::from_static("epic-device-token");

#[derive(Serialize)]
struct SignedInReply<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_expires_in: u64,
    session_id: String,
    encrypted_mek: String,
    encrypted_private_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("api" / "auth" / "login")
        .and(post())
        .and(context())
        .and(unread(body_timeout))
        .and(with(&api.sign_in))
        .then(answer)
        .boxed()
}

async fn answer(context: RequestContext, body: UnreadBody, sign_in: Arc<SignIn>) -> Response {
    if let Some(denial) = sign_in.refuses_address(context.origin) {
        return too_many_requests(&denial).into_response();
    }
    let device_pass = device_pass(body.headers());
    let read = |fields| read(fields, context.origin, device_pass);
    let request = match body.fields().await.and_then(read) {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let answer = match to_the_end(async move { sign_in.sign_in(request).await }).await {
        Ok(answer) => answer,
        Err(problem) => return problem.into_response(),
    };
    let mut response = match answer.result {
        Ok(signed_in) => signed_in_response(&signed_in),
        Err(error) => refused(&error).into_response(),
    };
    add_standing(response.headers_mut(), answer.standing);
    response
}

/// What the device was given at its last sign-in. It travels in a header, since it is the device's and not the user's.
fn device_pass(headers: &HeaderMap) -> Option<SecretText> {
    let text = headers.get(DEVICE_TOKEN)?.to_str().ok()?;
    Some(SecretText::new(text.to_owned()))
}

fn read(
    mut fields: Fields,
    origin: IpPrefix,
    device_pass: Option<SecretText>,
) -> Result<SignInRequest, Problem> {
    let username = fields.text("username", Username::parse);
    let auth_key = fields.bytes("auth_key", AuthKey::parse);
    let factor = fields.text("otp", SecondFactor::parse);
    let device_name = fields.optional_text("device_name", DeviceName::parse);
    let request = username.zip(auth_key).zip(factor).map(|((username, auth_key), factor)| SignInRequest {
        username,
        auth_key,
        factor,
        device_name,
        origin,
        device_pass,
    });
    fields.finish(request)
}

fn signed_in_response(signed_in: &SignedIn) -> Response {
    let mut response = reply::json(StatusCode::OK, &signed_in_reply(signed_in));
    if let Ok(pass) = HeaderValue::from_str(signed_in.device_pass.expose()) {
        response.headers_mut().insert(DEVICE_TOKEN, pass);
    }
    response
}

fn signed_in_reply(signed_in: &SignedIn) -> SignedInReply<'_> {
    let tokens = &signed_in.tokens;
    SignedInReply {
        access_token: tokens.access_token.expose(),
        refresh_token: tokens.refresh_token.expose(),
        token_type: "Bearer",
        expires_in: tokens.expires_in_seconds,
        refresh_expires_in: tokens.refresh_expires_in_seconds,
        session_id: tokens.session_id.to_string(),
        encrypted_mek: base64url(signed_in.encrypted_mek.as_bytes()),
        encrypted_private_key: base64url(signed_in.encrypted_private_key.as_bytes()),
        recovery_codes: signed_in
            .recovery_codes
            .as_ref()
            .map(|codes| codes.iter().map(RecoveryCode::reveal).collect()),
    }
}

fn refused(error: &SignInError) -> Problem {
    match error {
        SignInError::Limited(denial) => too_many_requests(denial),
        SignInError::Refused => unauthorized_plain(
            "invalid_credentials",
            "Username, auth_key or code is wrong, or the code was used before. Check them and try with the next code.",
        ),
        SignInError::Fault(cause) => fault(cause),
    }
}
