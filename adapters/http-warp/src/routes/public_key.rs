//! `GET /api/user/{username}/public-key`: the keys to encrypt to and verify with.

use super::username_segment::username;
use super::{Route, get, with};
use crate::api::Api;
use crate::auth::current_user;
use crate::encoding::base64url;
use crate::fault_reply::fault;
use crate::limit_reply::add_standing;
use crate::problem::Problem;
use crate::reply;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::public_keys::{LookUpPublicKeys, PublicKeys};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct PublicKeyReply {
    public_key: String,
    signing_key: String,
    key_id: String,
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!("api" / "user" / String / "public-key")
        .and(get())
        .and(current_user(api.authenticate.clone()))
        .and(with(&api.public_keys))
        .then(answer)
        .boxed()
}

async fn answer(segment: String, caller: Authenticated, keys: Arc<LookUpPublicKeys>) -> Response {
    let mut response = match look_up(&segment, &caller, &keys).await {
        Ok(found) => reply::json(StatusCode::OK, &PublicKeyReply::from(&found)),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), caller.standing());
    response
}

async fn look_up(
    segment: &str,
    caller: &Authenticated,
    keys: &LookUpPublicKeys,
) -> Result<PublicKeys, Problem> {
    let username = username(segment)?;
    keys.look_up(caller, &username).await.map_err(|cause| fault(&cause))?.ok_or_else(Problem::not_found)
}

impl From<&PublicKeys> for PublicKeyReply {
    fn from(keys: &PublicKeys) -> Self {
        Self {
            public_key: base64url(keys.public_key.as_bytes()),
            signing_key: base64url(keys.signing_key.as_bytes()),
            key_id: base64url(&keys.key_id()),
        }
    }
}
