//! `/api/files/{id}/links`: links to a file.

use super::shares::{ends_in_the_past, time};
use super::{FileSegment, OF_LIST};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::encoding::{base64url, rfc3339};
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::answered;
use crate::paging::{Page, Query, position_cursor};
use crate::problem::Problem;
use crate::routes::{Route, id, on, query, with};
use crate::unbroken::to_the_end;
use crate::{idempotency, reply};
use core::time::Duration;
use epic_domain::Invalid;
use epic_domain::file::Link;
use epic_domain::id::FileId;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::linking::{LinkRefused, Linking, MadeLink, NewLink};
use http::header::{HeaderValue, LOCATION};
use http::{Method, StatusCode};
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;
use zeroize::Zeroizing;

/// A new link: the one reply that holds its token.
#[derive(Serialize)]
struct MadeItem<'a> {
    link_id: String,
    token: &'a str,
    url: &'a str,
    created_at: String,
    expires_at: Option<String>,
    max_downloads: Option<u32>,
}

#[derive(Serialize)]
struct LinkItem {
    link_id: String,
    created_at: String,
    expires_at: Option<String>,
    max_downloads: Option<u32>,
    downloads: u32,
}

/// All of them.
pub(super) fn routes(api: &Api, body_timeout: Duration) -> Route {
    let making = warp::path!(FileSegment / "links")
        .and(on(OF_LIST, &[Method::POST]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.linking))
        .then(async |segment: FileSegment, context, caller: Authenticated, body, linking| {
            let standing = caller.standing();
            answered(standing, make(&segment, context, caller, body, linking).await)
        });
    let listing = warp::path!(FileSegment / "links")
        .and(on(OF_LIST, &[Method::GET, Method::HEAD]))
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.linking))
        .then(async |segment: FileSegment, caller: Authenticated, query: Query, linking: Arc<Linking>| {
            let result = list(&segment, &caller, &query, &linking).await;
            answered(caller.standing(), result)
        });
    let ending = warp::path!(FileSegment / "links" / String)
        .and(crate::routes::delete())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(with(&api.linking))
        .then(async |segment: FileSegment, link: String, context, caller: Authenticated, linking| {
            let standing = caller.standing();
            answered(standing, end(&segment, &link, context, caller, linking).await)
        });
    making.or(listing).unify().or(ending).unify().boxed()
}

async fn make(
    segment: &FileSegment,
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    linking: Arc<Linking>,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let key = idempotency::key(body.headers())?;
    let new_link = read(body.optional_fields().await?, file_id)?;
    let making = async move { linking.make(&caller, &new_link, key.as_ref(), context.origin).await };
    let made = to_the_end(making).await?.map_err(|error| refused(&error))?;
    Ok(made_reply(&new_link, &made))
}

fn read(mut fields: Fields, file_id: FileId) -> Result<NewLink, Problem> {
    let expires_at = fields.optional_text("expires_at", time);
    let max_downloads = fields.optional_number("max_downloads");
    let max_downloads = max_downloads.and_then(|most| {
        let positive =
            if most == 0 { Err(Invalid::new("invalid_number", "must be 1 or more")) } else { Ok(most) };
        fields.accept("max_downloads", positive)
    });
    fields.finish(Some(NewLink { file_id, expires_at, max_downloads }))
}

fn made_reply(new_link: &NewLink, made: &MadeLink) -> Response {
    let token = Zeroizing::new(base64url(made.token.expose()));
    let url = Zeroizing::new(format!("/api/links/{}", token.as_str()));
    let item = MadeItem {
        link_id: made.link_id.to_string(),
        token: &token,
        url: &url,
        created_at: rfc3339(made.created_at),
        expires_at: new_link.expires_at.map(rfc3339),
        max_downloads: new_link.max_downloads,
    };
    let mut response = reply::json(StatusCode::CREATED, &item);
    let location = format!("/api/files/{}/links/{}", new_link.file_id, made.link_id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn refused(error: &LinkRefused) -> Problem {
    match error {
        LinkRefused::NotFound => Problem::not_found(),
        LinkRefused::EndsInThePast => ends_in_the_past(),
        LinkRefused::TooMany => Problem::new(
            StatusCode::CONFLICT,
            "too_many_links",
            "Too many links",
            "The file has as many links as it may. End one first.",
        ),
        LinkRefused::KeyReused => idempotency::reused(),
        LinkRefused::Fault(cause) => fault(cause),
    }
}

async fn list(
    segment: &FileSegment,
    caller: &Authenticated,
    query: &Query,
    linking: &Linking,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let (limit, after) = (query.limit()?, query.position()?);
    let listed = linking.list(caller, file_id, after, limit).await.map_err(|cause| fault(&cause))?;
    let listed = listed.ok_or_else(Problem::not_found)?;
    Ok(reply::json(StatusCode::OK, &Page::of(&listed, item, position_cursor)))
}

fn item(link: &Link) -> LinkItem {
    LinkItem {
        link_id: link.id.to_string(),
        created_at: rfc3339(link.created_at),
        expires_at: link.expires_at.map(rfc3339),
        max_downloads: link.max_downloads,
        downloads: link.downloads,
    }
}

async fn end(
    segment: &FileSegment,
    link: &str,
    context: RequestContext,
    caller: Authenticated,
    linking: Arc<Linking>,
) -> Result<Response, Problem> {
    let (file_id, link_id) = (segment.file_id()?, id(link)?);
    let ending = async move { linking.end(&caller, file_id, link_id, context.origin).await };
    if to_the_end(ending).await?.map_err(|cause| fault(&cause))? {
        Ok(reply::no_content())
    } else {
        Err(Problem::not_found())
    }
}
