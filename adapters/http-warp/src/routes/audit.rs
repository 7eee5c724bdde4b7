//! `GET /api/user/audit`: what happened to one's account.

use super::{Route, get, query, with};
use crate::api::Api;
use crate::auth::current_user;
use crate::encoding::rfc3339;
use crate::fault_reply::fault;
use crate::limit_reply::add_standing;
use crate::paging::{Page, Query, cursor};
use crate::problem::Problem;
use crate::reply;
use epic_domain::Invalid;
use epic_domain::audit::{EventKind, FailureReason, GrantMark, Link};
use epic_inbound::audit_trail::AuditTrail;
use epic_inbound::authenticate::Authenticated;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct Item {
    event_id: String,
    kind: &'static str,
    at: String,
    session_id: Option<String>,
    ip_prefix: Option<String>,
    reason: Option<&'static str>,
    count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_id: Option<String>,
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!("api" / "user" / "audit")
        .and(get())
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.audit_trail))
        .then(list)
        .boxed()
}

async fn list(caller: Authenticated, query: Query, trail: Arc<AuditTrail>) -> Response {
    let mut response = match page(&caller, &query, &trail).await {
        Ok(page) => reply::json(StatusCode::OK, &page),
        Err(problem) => problem.into_response(),
    };
    add_standing(response.headers_mut(), caller.standing());
    response
}

async fn page(caller: &Authenticated, query: &Query, trail: &AuditTrail) -> Result<Page<Item>, Problem> {
    let (limit, before) = (query.limit()?, query.cursor::<8>()?.map(u64::from_be_bytes));
    let kind = query.take("kind", |text| {
        EventKind::parse(text).map_err(|_| Invalid::new("unknown_kind", "must be a kind of event"))
    })?;
    let page = trail.list(caller, kind, before, limit).await.map_err(|cause| fault(&cause))?;
    Ok(Page {
        items: page.links.iter().map(item).collect(),
        next_cursor: page.next.map(|sequence| cursor(&sequence.to_be_bytes())),
    })
}

fn item(link: &Link) -> Item {
    let event = &link.event;
    let grant = event.file.and_then(|mark| mark.grant);
    Item {
        event_id: event.id.to_string(),
        kind: event.kind.as_str(),
        at: rfc3339(event.at),
        session_id: event.session_id.map(|id| id.to_string()),
        ip_prefix: event.origin.map(|origin| origin.to_string()),
        reason: event.reason.map(FailureReason::as_str),
        count: event.count,
        file_id: event.file.map(|mark| mark.file_id.to_string()),
        share_id: grant.and_then(GrantMark::share).map(|id| id.to_string()),
        link_id: grant.and_then(GrantMark::link).map(|id| id.to_string()),
    }
}
