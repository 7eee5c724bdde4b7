//! `GET /api/links/{token}`: what a link opens, for whoever holds it.

use super::files::content_stream;
use super::{Route, get, with};
use crate::api::Api;
use crate::auth::context;
use crate::content::choose;
use crate::context::RequestContext;
use crate::encoding::{base64url, from_base64url, rfc3339};
use crate::fault_reply::fault;
use crate::limit_reply::{answered, too_many_requests};
use crate::problem::Problem;
use crate::reply;
use crate::unbroken::to_the_end;
use epic_domain::file::{File, LinkToken};
use epic_inbound::download::{Download, LinkedContent};
use epic_inbound::gate::{Admission, Gate};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;
use zeroize::Zeroizing;

const ENCRYPTED_FILENAME: HeaderName = HeaderName::from_static("epic-encrypted-filename");

#[derive(Serialize)]
struct Metadata {
    encrypted_filename: String,
    size: u64,
    sha256: String,
    expires_at: Option<String>,
    remaining_downloads: Option<u32>,
}

/// Both routes.
pub(super) fn routes(api: &Api) -> Route {
    let fetching = warp::path!("api" / "links" / String)
        .and(get())
        .and(context())
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(with(&api.gate))
        .and(with(&api.download))
        .then(fetch);
    let looking = warp::path!("api" / "links" / String / "metadata")
        .and(get())
        .and(context())
        .and(with(&api.gate))
        .and(with(&api.download))
        .then(look);
    fetching.or(looking).unify().boxed()
}

async fn fetch(
    token: String,
    context: RequestContext,
    method: Method,
    headers: HeaderMap,
    gate: Arc<Gate>,
    download: Arc<Download>,
) -> Response {
    match gate.admit_address(context.origin) {
        Err(denial) => too_many_requests(&denial).into_response(),
        Ok(admission) => {
            let token = Zeroizing::new(token);
            let result = match find(&token, &admission, &download).await {
                Ok(linked) => send(linked, context, &method, &headers, download).await,
                Err(problem) => Err(problem),
            };
            answered(admission.standing(), result)
        }
    }
}

async fn look(token: String, context: RequestContext, gate: Arc<Gate>, download: Arc<Download>) -> Response {
    match gate.admit_address(context.origin) {
        Err(denial) => too_many_requests(&denial).into_response(),
        Ok(admission) => {
            let found = find(&Zeroizing::new(token), &admission, &download).await;
            answered(
                admission.standing(),
                found.map(|linked| reply::json(StatusCode::OK, &metadata(&linked))),
            )
        }
    }
}

/// The content that the token opens. What is no token opens nothing.
async fn find(token: &str, admission: &Admission, download: &Download) -> Result<LinkedContent, Problem> {
    let bytes = from_base64url(token).map(Zeroizing::new).ok_or_else(Problem::not_found)?;
    let token = LinkToken::parse(&bytes).map_err(|_| Problem::not_found())?;
    let found = download.find_linked(&token, admission).await.map_err(|cause| fault(&cause))?;
    found.ok_or_else(Problem::not_found)
}

async fn send(
    linked: LinkedContent,
    context: RequestContext,
    method: &Method,
    headers: &HeaderMap,
    download: Arc<Download>,
) -> Result<Response, Problem> {
    let content = linked.fetchable.content().clone();
    let sending = match choose(method, headers, &content) {
        Ok(sending) => sending,
        Err(response) => return Ok(*response),
    };
    let filename = encrypted_filename(linked.fetchable.access().file());
    let mut response = if *method == Method::HEAD {
        sending.head(&content)
    } else {
        let range = sending.range.clone();
        let fetching = async move { download.fetch_linked(&linked, range, context.origin).await };
        let stream = to_the_end(fetching).await?.map_err(|cause| fault(&cause))?;
        let stream = stream.ok_or_else(Problem::not_found)?;
        sending.reply(&content, content_stream(sending.length_bytes(), stream))
    };
    if let Ok(filename) = HeaderValue::from_str(&filename) {
        response.headers_mut().insert(ENCRYPTED_FILENAME, filename);
    }
    Ok(response)
}

fn encrypted_filename(file: &File) -> String {
    base64url(file.encrypted_filename.as_bytes())
}

fn metadata(linked: &LinkedContent) -> Metadata {
    let (content, link) = (linked.fetchable.content(), &linked.link);
    Metadata {
        encrypted_filename: encrypted_filename(linked.fetchable.access().file()),
        size: content.size_bytes,
        sha256: base64url(content.digest.as_bytes()),
        expires_at: link.expires_at.map(rfc3339),
        remaining_downloads: link.max_downloads.map(|most| most.saturating_sub(link.downloads)),
    }
}
