//! `GET /api/user/profile`: who the caller is.

use super::{Route, get};
use crate::api::Api;
use crate::auth::current_user;
use crate::encoding::rfc3339;
use crate::limit_reply::add_standing;
use crate::reply;
use epic_domain::user::{Status, User};
use epic_inbound::authenticate::Authenticated;
use http::StatusCode;
use http::header::{ETAG, HeaderValue};
use serde::Serialize;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct Profile<'a> {
    user_id: String,
    username: &'a str,
    created_at: String,
    quota: Quota,
    confirmed: bool,
}

#[derive(Serialize)]
struct Quota {
    limit_bytes: u64,
    used_bytes: u64,
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!("api" / "user" / "profile")
        .and(get())
        .and(current_user(api.authenticate.clone()))
        .map(|caller: Authenticated| show(&caller))
        .boxed()
}

fn show(caller: &Authenticated) -> Response {
    let user = caller.user();
    let mut response = reply::json(StatusCode::OK, &profile(user));
    // The version that `If-Match` of a later change takes.
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{}\"", user.version.number())) {
        response.headers_mut().insert(ETAG, etag);
    }
    add_standing(response.headers_mut(), caller.standing());
    response
}

fn profile(user: &User) -> Profile<'_> {
    Profile {
        user_id: user.id.to_string(),
        username: user.username.as_str(),
        created_at: rfc3339(user.created_at),
        quota: Quota { limit_bytes: user.quota.limit_bytes, used_bytes: user.quota.used_bytes },
        confirmed: user.status == Status::Active,
    }
}
