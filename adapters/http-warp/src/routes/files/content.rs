//! `GET /api/files/{id}/content`, `GET /api/files/{id}/versions/{number}/content`: the bytes of a file.

use super::{FileSegment, id};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::content::choose;
use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::limit_reply::answered;
use crate::problem::Problem;
use crate::reply_body;
use crate::routes::{Route, get, with};
use crate::unbroken::to_the_end;
use epic_domain::file::ContentNumber;
use epic_inbound::Fault;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::download::{ContentStream, Download, Fetchable};
use futures_util::stream;
use http::{HeaderMap, Method};
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

/// Both routes.
pub(super) fn routes(api: &Api) -> Route {
    let newest = warp::path!(FileSegment / "content").map(|segment| (segment, None));
    let earlier = warp::path!(FileSegment / "versions" / String / "content")
        .map(|segment, number: String| (segment, Some(number)));
    newest
        .or(earlier)
        .unify()
        .and(get())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(warp::method())
        .and(warp::header::headers_cloned())
        .and(with(&api.download))
        .then(answer)
        .boxed()
}

async fn answer(
    (segment, number): (FileSegment, Option<String>),
    context: RequestContext,
    caller: Authenticated,
    method: Method,
    headers: HeaderMap,
    download: Arc<Download>,
) -> Response {
    let standing = caller.standing();
    let result = match find(&segment, number.as_deref(), &caller, &download).await {
        Ok(found) => send(found, context, caller, &method, &headers, download).await,
        Err(problem) => Err(problem),
    };
    answered(standing, result)
}

async fn find(
    segment: &FileSegment,
    number: Option<&str>,
    caller: &Authenticated,
    download: &Download,
) -> Result<Fetchable, Problem> {
    let file_id = segment.file_id()?;
    let found = match number {
        None => download.find(caller, file_id).await,
        Some(number) => download.find_version(caller, file_id, content_number(number)?).await,
    };
    found.map_err(|cause| fault(&cause))?.ok_or_else(Problem::not_found)
}

async fn send(
    found: Fetchable,
    context: RequestContext,
    caller: Authenticated,
    method: &Method,
    headers: &HeaderMap,
    download: Arc<Download>,
) -> Result<Response, Problem> {
    let sending = match choose(method, headers, found.content()) {
        Ok(sending) => sending,
        Err(response) => return Ok(*response),
    };
    if *method == Method::HEAD {
        return Ok(sending.head(found.content()));
    }
    let range = sending.range.clone();
    let fetching = async move {
        let stream = download.fetch(&caller, &found, range, context.origin).await;
        stream.map(|stream| (found, stream))
    };
    let (found, stream) = to_the_end(fetching).await?.map_err(|cause| fault(&cause))?;
    Ok(sending.reply(found.content(), content_stream(sending.length_bytes(), stream)))
}

/// The number of a content, as a segment.
pub(super) fn content_number(segment: &str) -> Result<ContentNumber, Problem> {
    let number: u32 = id(segment)?;
    // One number has one spelling.
    if number.to_string() == segment {
        Ok(ContentNumber::from_number(number))
    } else {
        Err(Problem::not_found())
    }
}

/// The bytes of a content as the body of a reply.
pub(in crate::routes) fn content_stream(
    length_bytes: u64,
    stream: ContentStream,
) -> reply_body::ContentStream {
    let pieces = stream::try_unfold(stream, async |mut stream| {
        let piece = stream.next().await?;
        Ok::<_, Fault>(piece.map(|piece| (piece, stream)))
    });
    reply_body::ContentStream::new(length_bytes, pieces)
}
