//! `POST /api/auth/register`: a new account.

use super::credential_fields::{read_kdf, read_salts};
use super::{Route, post, with};
use crate::api::Api;
use crate::auth::context;
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::unbroken::to_the_end;
use crate::{qr, reply};
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_domain::user::{AuthKey, EncryptionPublicKey, KeyMaterial, SigningPublicKey, Username, WrappedKey};
use epic_inbound::register::{Register, RegisterError, Registered, Registration};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;
use zeroize::Zeroizing;

#[derive(Serialize)]
struct RegisteredReply<'a> {
    user_id: String,
    otpauth_uri: &'a str,
    qr_code: &'a str,
}

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("api" / "auth" / "register")
        .and(post())
        .and(context())
        .and(unread(body_timeout))
        .and(with(&api.register))
        .then(answer)
        .boxed()
}

async fn answer(context: RequestContext, body: UnreadBody, register: Arc<Register>) -> Response {
    if let Some(denial) = register.refuses_address(context.origin) {
        return too_many_requests(&denial).into_response();
    }
    let registration = match body.fields().await.and_then(|fields| read(fields, context.origin)) {
        Ok(registration) => registration,
        Err(problem) => return problem.into_response(),
    };
    let registering = async move { register.register(registration).await };
    let answer = match to_the_end(registering).await {
        Ok(answer) => answer,
        Err(problem) => return problem.into_response(),
    };
    let mut response = match answer.result {
        Ok(registered) => created(&registered),
        Err(error) => refused(&error).into_response(),
    };
    add_standing(response.headers_mut(), answer.standing);
    response
}

fn read(mut fields: Fields, origin: IpPrefix) -> Result<Registration, Problem> {
    let username = fields.text("username", Username::parse);
    let salts = read_salts(&mut fields);
    let kdf = fields.object("kdf", read_kdf);
    let auth_key = fields.bytes("auth_key", AuthKey::parse);
    let keys = read_keys(&mut fields);
    let registration = username.zip(salts).zip(kdf).zip(auth_key).zip(keys);
    let registration = registration.map(|((((username, salts), kdf), auth_key), keys)| Registration {
        username,
        salts,
        kdf,
        auth_key,
        keys,
        origin,
    });
    fields.finish(registration)
}

fn read_keys(fields: &mut Fields) -> Option<KeyMaterial> {
    let encrypted_mek = fields.bytes("encrypted_mek", WrappedKey::parse);
    let public_key = fields.bytes("public_key", EncryptionPublicKey::parse);
    let signing_key = fields.bytes("signing_key", SigningPublicKey::parse);
    let encrypted_private_key = fields.bytes("encrypted_private_key", WrappedKey::parse);
    Some(KeyMaterial {
        encrypted_mek: encrypted_mek?,
        public_key: public_key?,
        signing_key: signing_key?,
        encrypted_private_key: encrypted_private_key?,
    })
}

fn created(registered: &Registered) -> Response {
    let otpauth_uri = registered.otpauth_uri.expose();
    match qr::data_uri(otpauth_uri) {
        Ok(qr_code) => {
            let user_id = registered.user_id.to_string();
            let qr_code = Zeroizing::new(qr_code);
            reply::json(StatusCode::CREATED, &RegisteredReply { user_id, otpauth_uri, qr_code: &qr_code })
        }
        Err(error) => {
            tracing::error!(%error, "the QR code could not be drawn");
            Problem::internal().into_response()
        }
    }
}

fn refused(error: &RegisterError) -> Problem {
    match error {
        RegisterError::Limited(denial) => too_many_requests(denial),
        RegisterError::NameTaken => Problem::new(
            StatusCode::CONFLICT,
            "username_taken",
            "Username taken",
            "Someone has this username. Choose another, or sign in if it is yours.",
        ),
        RegisterError::Fault(cause) => fault(cause),
    }
}
