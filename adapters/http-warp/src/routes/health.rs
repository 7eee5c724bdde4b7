//! `GET /healthz` and `GET /readyz`: alive, and able to work.

use super::{Route, get, with};
use crate::api::Api;
use crate::fault_reply::fault;
use crate::reply;
use epic_inbound::readiness::Readiness;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Both routes. They are for whoever runs the server and are not limited.
pub(super) fn routes(api: &Api) -> Route {
    let alive =
        warp::path!("healthz").and(get()).map(|| reply::json(StatusCode::OK, &Health { status: "ok" }));
    let ready = warp::path!("readyz").and(get()).and(with(&api.readiness)).then(check);
    alive.or(ready).unify().boxed()
}

async fn check(readiness: Arc<Readiness>) -> Response {
    match readiness.check().await {
        Ok(()) => reply::json(StatusCode::OK, &Health { status: "ready" }),
        Err(cause) => fault(&cause).into_response(),
    }
}
