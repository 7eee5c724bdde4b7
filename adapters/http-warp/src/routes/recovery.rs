//! `POST /api/user/recovery-codes`, `PUT /api/user/recovery-key`, `POST /api/auth/recover` and `…/recover/complete`: ways back.

use super::credential_fields::read_new_credentials;
use super::credentials::refused as change_refused;
use super::{Route, post, put, with};
use crate::api::Api;
use crate::auth::{context, fresh_user, unauthorized_plain};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::encoding::base64url;
use crate::fault_reply::fault;
use crate::if_match::{self, Subject};
use crate::json::Fields;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_domain::secret::SecretText;
use epic_domain::user::{AuthKey, RecoveryCode, SecondFactor, Username, WrappedKey};
use epic_inbound::change_credentials::NewCredentials;
use epic_inbound::fresh::Fresh;
use epic_inbound::gate::{Admission, Gate};
use epic_inbound::recover::{Recover, RecoverError, RecoveryRequest, RecoveryStarted};
use epic_inbound::recovery_codes::{RenewCodesError, RenewRecoveryCodes};
use epic_inbound::recovery_key::SetRecoveryKey;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct CodesReply {
    recovery_codes: Vec<String>,
}

#[derive(Serialize)]
struct StartedReply<'a> {
    encrypted_mek: String,
    encrypted_private_key: String,
    recovery_token: &'a str,
    expires_in: u64,
}

/// All four routes.
pub(super) fn routes(api: &Api, body_timeout: Duration) -> Route {
    let fresh = || fresh_user(api.authenticate.clone(), api.freshness.clone());
    let renewing = warp::path!("api" / "user" / "recovery-codes")
        .and(post())
        .and(context())
        .and(fresh())
        .and(unread(body_timeout))
        .and(with(&api.renew_recovery_codes))
        .then(renew);
    let setting = warp::path!("api" / "user" / "recovery-key")
        .and(put())
        .and(context())
        .and(fresh())
        .and(unread(body_timeout))
        .and(with(&api.set_recovery_key))
        .then(set);
    let starting = warp::path!("api" / "auth" / "recover")
        .and(post())
        .and(context())
        .and(unread(body_timeout))
        .and(with(&api.recover))
        .then(start);
    let completing = warp::path!("api" / "auth" / "recover" / "complete")
        .and(post())
        .and(context())
        .and(unread(body_timeout))
        .and(with(&api.gate))
        .and(with(&api.recover))
        .then(complete);
    renewing.or(setting).unify().or(starting).unify().or(completing).unify().boxed()
}

async fn renew(
    context: RequestContext,
    fresh: Fresh,
    body: UnreadBody,
    renew: Arc<RenewRecoveryCodes>,
) -> Response {
    let standing = fresh.caller().standing();
    let renewed = async {
        body.optional_fields().await?.finish(Some(()))?;
        let renewing = async move { renew.renew(&fresh, context.origin).await };
        let codes = to_the_end(renewing).await?.map_err(|error| match error {
            RenewCodesError::NotAllowed => Problem::not_found(),
            RenewCodesError::Fault(cause) => fault(&cause),
        })?;
        let recovery_codes = codes.iter().map(RecoveryCode::reveal).collect();
        Ok(reply::json(StatusCode::OK, &CodesReply { recovery_codes }))
    };
    let mut response = renewed.await.unwrap_or_else(Problem::into_response);
    add_standing(response.headers_mut(), standing);
    response
}

async fn set(context: RequestContext, fresh: Fresh, body: UnreadBody, set: Arc<SetRecoveryKey>) -> Response {
    let standing = fresh.caller().standing();
    let done = async {
        let expected = if_match::version(body.headers(), Subject::Account)?;
        let mut fields = body.fields().await?;
        let key = fields.bytes("recovery_auth_key", AuthKey::parse);
        let mek = fields.bytes("encrypted_mek", WrappedKey::parse);
        let (key, mek) = fields.finish(key.zip(mek))?;
        let setting = async move { set.set(&fresh, expected, &key, mek, context.origin).await };
        to_the_end(setting).await?.map_err(|error| change_refused(&error))?;
        Ok(reply::no_content())
    };
    let mut response = done.await.unwrap_or_else(Problem::into_response);
    add_standing(response.headers_mut(), standing);
    response
}

async fn start(context: RequestContext, body: UnreadBody, recover: Arc<Recover>) -> Response {
    if let Some(denial) = recover.refuses_address(context.origin) {
        return too_many_requests(&denial).into_response();
    }
    let request = match body.fields().await.and_then(|fields| read_request(fields, context.origin)) {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let answer = match to_the_end(async move { recover.start(&request).await }).await {
        Ok(answer) => answer,
        Err(problem) => return problem.into_response(),
    };
    let mut response = match answer.result {
        Ok(started) => reply::json(StatusCode::OK, &started_reply(&started)),
        Err(error) => refused(&error).into_response(),
    };
    add_standing(response.headers_mut(), answer.standing);
    response
}

fn read_request(mut fields: Fields, origin: IpPrefix) -> Result<RecoveryRequest, Problem> {
    let username = fields.text("username", Username::parse);
    let key = fields.bytes("recovery_auth_key", AuthKey::parse);
    let factor = fields.text("otp", SecondFactor::parse);
    let request = username.zip(key).zip(factor).map(|((username, recovery_auth_key), factor)| {
        RecoveryRequest { username, recovery_auth_key, factor, origin }
    });
    fields.finish(request)
}

fn started_reply(started: &RecoveryStarted) -> StartedReply<'_> {
    StartedReply {
        encrypted_mek: base64url(started.encrypted_mek.as_bytes()),
        encrypted_private_key: base64url(started.encrypted_private_key.as_bytes()),
        recovery_token: started.recovery_token.expose(),
        expires_in: started.expires_in_seconds,
    }
}

async fn complete(
    context: RequestContext,
    body: UnreadBody,
    gate: Arc<Gate>,
    recover: Arc<Recover>,
) -> Response {
    let admission = match gate.admit_address(context.origin) {
        Ok(admission) => admission,
        Err(denial) => return too_many_requests(&denial).into_response(),
    };
    let standing = admission.standing();
    let mut response = match set_new(context, body, admission, recover).await {
        Ok(()) => reply::no_content(),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), standing);
    response
}

async fn set_new(
    context: RequestContext,
    body: UnreadBody,
    admission: Admission,
    recover: Arc<Recover>,
) -> Result<(), Problem> {
    let (token, new) = read_completion(body.fields().await?)?;
    let completing = async move { recover.complete(&admission, token.expose(), new, context.origin).await };
    to_the_end(completing).await?.map_err(|error| refused(&error))
}

fn read_completion(mut fields: Fields) -> Result<(SecretText, NewCredentials), Problem> {
    let token = fields.text("recovery_token", |text| Ok(SecretText::new(text.to_owned())));
    let new = read_new_credentials(&mut fields);
    fields.finish(token.zip(new))
}

fn refused(error: &RecoverError) -> Problem {
    match error {
        RecoverError::Limited(denial) => too_many_requests(denial),
        RecoverError::Refused => unauthorized_plain(
            "invalid_credentials",
            "Username, recovery_auth_key or code is wrong, or the recovery_token is used or expired. Start again.",
        ),
        RecoverError::Fault(cause) => fault(cause),
    }
}
