//! `GET /api/user/{username}/salts`: what a client needs to derive its keys.

use super::username_segment::username;
use super::{Route, get, with};
use crate::api::Api;
use crate::auth::context;
use crate::context::RequestContext;
use crate::encoding::base64url;
use crate::fault_reply::fault;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::reply;
use epic_domain::user::KdfParameters;
use epic_inbound::gate::{Admission, Gate};
use epic_inbound::salts::{LookUpSalts, PublicSalts};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct SaltsReply {
    auth_salt: String,
    enc_salt: String,
    kdf: KdfReply,
}

#[derive(Serialize)]
struct KdfReply {
    algorithm: &'static str,
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!("api" / "user" / String / "salts")
        .and(get())
        .and(context())
        .and(with(&api.gate))
        .and(with(&api.salts))
        .then(answer)
        .boxed()
}

async fn answer(
    segment: String,
    context: RequestContext,
    gate: Arc<Gate>,
    salts: Arc<LookUpSalts>,
) -> Response {
    let admission = match gate.admit_address(context.origin) {
        Ok(admission) => admission,
        Err(denial) => return too_many_requests(&denial).into_response(),
    };
    let mut response = match look_up(&segment, &admission, &salts).await {
        Ok(found) => reply::json(StatusCode::OK, &found),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), admission.standing());
    response
}

async fn look_up(segment: &str, admission: &Admission, salts: &LookUpSalts) -> Result<SaltsReply, Problem> {
    let username = username(segment)?;
    let found = salts.look_up(admission, &username).await.map_err(|cause| fault(&cause))?;
    Ok(SaltsReply::from(found))
}

impl From<PublicSalts> for SaltsReply {
    fn from(found: PublicSalts) -> Self {
        Self {
            auth_salt: base64url(found.salts.auth().as_bytes()),
            enc_salt: base64url(found.salts.enc().as_bytes()),
            kdf: KdfReply::from(found.kdf),
        }
    }
}

impl From<KdfParameters> for KdfReply {
    fn from(kdf: KdfParameters) -> Self {
        Self {
            algorithm: "argon2id",
            memory_kib: kdf.memory_kib(),
            iterations: kdf.iterations(),
            parallelism: kdf.parallelism(),
        }
    }
}
