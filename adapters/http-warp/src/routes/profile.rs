//! `GET /api/user/profile`: who the caller is.

use super::{Route, get, with};
use crate::api::Api;
use crate::auth::current_user;
use crate::encoding::rfc3339;
use crate::fault_reply::fault;
use crate::if_match::add_etag;
use crate::limit_reply::answered;
use crate::problem::Problem;
use crate::reply;
use epic_domain::file::Usage;
use epic_domain::user::{Status, User};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::storage_usage::StorageUsage;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
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
    reserved_bytes: u64,
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!("api" / "user" / "profile")
        .and(get())
        .and(current_user(api.authenticate.clone()))
        .and(with(&api.storage_usage))
        .then(async |caller: Authenticated, usage: Arc<StorageUsage>| {
            let result = show(&caller, &usage).await;
            answered(caller.standing(), result)
        })
        .boxed()
}

async fn show(caller: &Authenticated, usage: &StorageUsage) -> Result<Response, Problem> {
    let user = caller.user();
    let usage = usage.of(caller).await.map_err(|cause| fault(&cause))?;
    let mut response = reply::json(StatusCode::OK, &profile(user, usage));
    // The version that `If-Match` of a later change takes.
    add_etag(response.headers_mut(), user.version);
    Ok(response)
}

fn profile(user: &User, usage: Usage) -> Profile<'_> {
    Profile {
        user_id: user.id.to_string(),
        username: user.username.as_str(),
        created_at: rfc3339(user.created_at),
        quota: Quota {
            limit_bytes: user.quota.limit_bytes,
            used_bytes: usage.used_bytes,
            reserved_bytes: usage.reserved_bytes,
        },
        confirmed: user.status == Status::Active,
    }
}
