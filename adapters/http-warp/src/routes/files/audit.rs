//! `GET /api/files/{id}/audit`: what happened to a file, as a chain that its owner can verify.

use super::FileSegment;
use crate::api::Api;
use crate::auth::current_user;
use crate::encoding::{base64url, rfc3339};
use crate::fault_reply::fault;
use crate::limit_reply::answered;
use crate::paging::{Page, Query, cursor};
use crate::problem::Problem;
use crate::reply;
use crate::routes::{Route, get, query, with};
use epic_domain::audit::{FileLink, GrantMark};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::file_audit::FileAudit;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct Item {
    sequence: u64,
    event_id: String,
    at: String,
    kind: &'static str,
    actor_id: Option<String>,
    share_id: Option<String>,
    link_id: Option<String>,
    hash: String,
}

/// A page, and where the chain stands: a client that keeps both finds a chain that was cut off.
#[derive(Serialize)]
struct Chain {
    #[serde(flatten)]
    page: Page<Item>,
    length: u64,
    head: String,
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!(FileSegment / "audit")
        .and(get())
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.file_audit))
        .then(async |segment: FileSegment, caller: Authenticated, query: Query, audit: Arc<FileAudit>| {
            let result = list(&segment, &caller, &query, &audit).await;
            answered(caller.standing(), result)
        })
        .boxed()
}

async fn list(
    segment: &FileSegment,
    caller: &Authenticated,
    query: &Query,
    audit: &FileAudit,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let (limit, after) = (query.limit()?, query.cursor::<8>()?.map_or(0, u64::from_be_bytes));
    let events = audit.list(caller, file_id, after, limit).await.map_err(|cause| fault(&cause))?;
    let events = events.ok_or_else(Problem::not_found)?;
    let chain = Chain {
        page: Page::of(&events.page, item, |sequence| cursor(&sequence.to_be_bytes())),
        length: events.anchor.length,
        head: base64url(events.anchor.head.as_bytes()),
    };
    Ok(reply::json(StatusCode::OK, &chain))
}

fn item(link: &FileLink) -> Item {
    Item {
        sequence: link.sequence,
        event_id: link.event_id.to_string(),
        at: rfc3339(link.at),
        kind: link.kind.as_str(),
        actor_id: link.actor.map(|id| id.to_string()),
        share_id: link.grant.and_then(GrantMark::share).map(|id| id.to_string()),
        link_id: link.grant.and_then(GrantMark::link).map(|id| id.to_string()),
        hash: base64url(link.head.as_bytes()),
    }
}
