//! `POST /api/auth/introspect`: is this token good? (RFC 7662)

use super::{Route, post, with};
use crate::api::Api;
use crate::auth::context;
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::limit_reply::too_many_requests;
use crate::problem::{FieldError, Problem};
use crate::reply;
use core::time::Duration;
use data_encoding::BASE64;
use epic_domain::session::{Claims, TokenKind};
use epic_inbound::introspect::{Introspect, IntrospectError};
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap};
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;
use zeroize::Zeroizing;

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    username: &'a str,
    sub: &'a str,
    token_type: &'static str,
    r#type: &'static str,
    exp: u64,
    iat: u64,
    auth_time: u64,
    jti: String,
    session_id: String,
    user_id: String,
}

/// The route.
pub(super) fn route(api: &Api, body_timeout: Duration) -> Route {
    warp::path!("api" / "auth" / "introspect")
        .and(post())
        .and(context())
        .and(unread(body_timeout))
        .and(with(&api.introspect))
        .then(answer)
        .boxed()
}

async fn answer(context: RequestContext, body: UnreadBody, introspect: Arc<Introspect>) -> Response {
    match ask(context, body, &introspect).await {
        Ok(Some(claims)) => reply::json(StatusCode::OK, &active(&claims)),
        Ok(None) => reply::json(StatusCode::OK, &Inactive { active: false }),
        Err(problem) => problem.into_response(),
    }
}

async fn ask(
    context: RequestContext,
    body: UnreadBody,
    introspect: &Introspect,
) -> Result<Option<Arc<Claims>>, Problem> {
    // A call without a credential that can be read is one with a wrong one: it counts, and gets the same answer.
    let (id, secret) = basic_credential(body.headers()).unwrap_or_default();
    let form = body.form().await?;
    let mut tokens = form.iter().filter(|(name, _)| name == "token").map(|(_, value)| value);
    let (Some(token), None) = (tokens.next(), tokens.next()) else { return Err(token_required()) };
    introspect.introspect(&id, &secret, token, context.origin).await.map_err(|error| match error {
        IntrospectError::Limited(denial) => too_many_requests(&denial),
        IntrospectError::UnknownClient => unknown_client(),
        IntrospectError::Fault(cause) => fault(&cause),
    })
}

/// The id and secret of HTTP Basic authentication (RFC 7617).
fn basic_credential(headers: &HeaderMap) -> Option<(String, Zeroizing<String>)> {
    let field = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = field.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(String::from_utf8(BASE64.decode(encoded.as_bytes()).ok()?).ok()?);
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), Zeroizing::new(secret.to_owned())))
}

fn token_required() -> Problem {
    Problem::invalid_fields(vec![FieldError {
        pointer: "/token".to_owned(),
        code: "required",
        detail: "token is required, once".to_owned(),
    }])
}

fn unknown_client() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "Unauthorized",
        "Send the credential of a service that may ask, by HTTP Basic authentication.",
    )
    .with_challenge("Basic realm=\"EPIC Server\", charset=\"UTF-8\"")
}

fn active(claims: &Claims) -> Active<'_> {
    Active {
        active: true,
        username: claims.username.as_str(),
        sub: claims.username.as_str(),
        token_type: "Bearer",
        r#type: match claims.kind {
            TokenKind::Access => "access",
            TokenKind::Refresh => "refresh",
        },
        exp: claims.expires_at.as_seconds(),
        iat: claims.issued_at.as_seconds(),
        auth_time: claims.auth_time.as_seconds(),
        jti: claims.token_id.to_string(),
        session_id: claims.session_id.to_string(),
        user_id: claims.user_id.to_string(),
    }
}
