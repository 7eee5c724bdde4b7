//! `GET /api/auth/sessions`, `DELETE /api/auth/sessions/{id}`: one's sessions.

use super::{Route, delete, get, query, with};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::context::RequestContext;
use crate::encoding::rfc3339;
use crate::fault_reply::fault;
use crate::limit_reply::add_standing;
use crate::paging::{Page, Query, cursor};
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use epic_domain::id::SessionId;
use epic_domain::session::Session;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::sessions::{EndOutcome, OwnSessions};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct Item {
    session_id: String,
    device_name: Option<String>,
    created_at: String,
    last_seen_at: String,
    ip_prefix: String,
    current: bool,
}

/// Both routes.
pub(super) fn routes(api: &Api) -> Route {
    let listing = warp::path!("api" / "auth" / "sessions")
        .and(get())
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.own_sessions))
        .then(list);
    let ending = warp::path!("api" / "auth" / "sessions" / String)
        .and(delete())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(with(&api.own_sessions))
        .then(end);
    listing.or(ending).unify().boxed()
}

async fn list(caller: Authenticated, query: Query, own: Arc<OwnSessions>) -> Response {
    let mut response = match page(&caller, &query, &own).await {
        Ok(page) => reply::json(StatusCode::OK, &page),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), caller.standing());
    response
}

async fn page(caller: &Authenticated, query: &Query, own: &OwnSessions) -> Result<Page<Item>, Problem> {
    let (limit, after) = (query.limit()?, query.cursor::<16>()?);
    let page =
        own.list(caller, after.map(SessionId::from_bytes), limit).await.map_err(|cause| fault(&cause))?;
    let current = caller.claims().session_id;
    Ok(Page {
        items: page.sessions.iter().map(|session| item(session, current)).collect(),
        next_cursor: page.next.map(|session_id| cursor(session_id.as_bytes())),
    })
}

fn item(session: &Session, current: SessionId) -> Item {
    Item {
        session_id: session.id.to_string(),
        device_name: session.device_name.as_ref().map(|name| name.as_str().to_owned()),
        created_at: rfc3339(session.created_at),
        last_seen_at: rfc3339(session.last_seen_at),
        ip_prefix: session.origin.to_string(),
        current: session.id == current,
    }
}

async fn end(
    segment: String,
    context: RequestContext,
    caller: Authenticated,
    own: Arc<OwnSessions>,
) -> Response {
    let standing = caller.standing();
    let mut response = match end_one(&segment, context, caller, own).await {
        Ok(()) => reply::no_content(),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), standing);
    response
}

async fn end_one(
    segment: &str,
    context: RequestContext,
    caller: Authenticated,
    own: Arc<OwnSessions>,
) -> Result<(), Problem> {
    // What is no id names no session.
    let session_id: SessionId = segment.parse().map_err(|_| Problem::not_found())?;
    let ending = async move { own.end(&caller, session_id, context.origin).await };
    match to_the_end(ending).await?.map_err(|cause| fault(&cause))? {
        EndOutcome::Ended => Ok(()),
        EndOutcome::NotFound => Err(Problem::not_found()),
    }
}
