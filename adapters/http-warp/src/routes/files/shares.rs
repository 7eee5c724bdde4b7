//! `/api/files/{id}/shares`: with whom a file is shared.

use super::{FileSegment, OF_LIST};
use crate::api::Api;
use crate::auth::{context, current_user};
use crate::body::{UnreadBody, unread};
use crate::context::RequestContext;
use crate::encoding::{base64url, from_rfc3339, rfc3339};
use crate::fault_reply::fault;
use crate::json::Fields;
use crate::limit_reply::answered;
use crate::paging::{Page, Query, position_cursor};
use crate::problem::Problem;
use crate::routes::{Route, id, on, query, with};
use crate::unbroken::to_the_end;
use crate::{idempotency, reply};
use core::time::Duration;
use epic_domain::file::{EncryptedDataKey, Permission};
use epic_domain::id::FileId;
use epic_domain::user::Username;
use epic_domain::{Invalid, Timestamp};
use epic_inbound::authenticate::Authenticated;
use epic_inbound::sharing::{MadeShare, NewShare, OutgoingShare, ShareRefused, Sharing};
use http::header::{HeaderValue, LOCATION};
use http::{Method, StatusCode};
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct ShareItem {
    share_id: String,
    recipient: Option<String>,
    recipient_key_id: String,
    permission: &'static str,
    created_at: String,
    expires_at: Option<String>,
}

/// All of them.
pub(super) fn routes(api: &Api, body_timeout: Duration) -> Route {
    let sharing = warp::path!(FileSegment / "shares")
        .and(on(OF_LIST, &[Method::POST]))
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(unread(body_timeout))
        .and(with(&api.sharing))
        .then(async |segment: FileSegment, context, caller: Authenticated, body, sharing| {
            let standing = caller.standing();
            answered(standing, share(&segment, context, caller, body, sharing).await)
        });
    let listing = warp::path!(FileSegment / "shares")
        .and(on(OF_LIST, &[Method::GET, Method::HEAD]))
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.sharing))
        .then(async |segment: FileSegment, caller: Authenticated, query: Query, sharing: Arc<Sharing>| {
            let result = list(&segment, &caller, &query, &sharing).await;
            answered(caller.standing(), result)
        });
    let ending = warp::path!(FileSegment / "shares" / String)
        .and(crate::routes::delete())
        .and(context())
        .and(current_user(api.authenticate.clone()))
        .and(with(&api.sharing))
        .then(async |segment: FileSegment, share: String, context, caller: Authenticated, sharing| {
            let standing = caller.standing();
            answered(standing, end(&segment, &share, context, caller, sharing).await)
        });
    sharing.or(listing).unify().or(ending).unify().boxed()
}

async fn share(
    segment: &FileSegment,
    context: RequestContext,
    caller: Authenticated,
    body: UnreadBody,
    sharing: Arc<Sharing>,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let key = idempotency::key(body.headers())?;
    let new_share = read(body.fields().await?, file_id)?;
    let shown = new_share.clone();
    let making = async move { sharing.share(&caller, new_share, key.as_ref(), context.origin).await };
    let made = to_the_end(making).await?.map_err(|error| refused(&error))?;
    Ok(made_reply(file_id, &made, &shown))
}

fn read(mut fields: Fields, file_id: FileId) -> Result<NewShare, Problem> {
    let recipient = fields.text("recipient", Username::parse);
    let recipient_key_id = fields.bytes("recipient_key_id", |bytes| {
        <[u8; 16]>::try_from(bytes).map_err(|_| Invalid::new("invalid_length", "must be 16 bytes"))
    });
    let encrypted_data_key = fields.bytes("encrypted_data_key", EncryptedDataKey::parse);
    let permission = fields.text("permission", |text| {
        Permission::parse(text).map_err(|_| Invalid::new("unknown_permission", "must be read or write"))
    });
    let expires_at = fields.optional_text("expires_at", time);
    let new_share = (|| {
        Some(NewShare {
            file_id,
            recipient: recipient?,
            recipient_key_id: recipient_key_id?,
            encrypted_data_key: encrypted_data_key?,
            permission: permission?,
            expires_at,
        })
    })();
    fields.finish(new_share)
}

/// A time as a field holds it.
pub(super) fn time(text: &str) -> Result<Timestamp, Invalid> {
    from_rfc3339(text).ok_or(Invalid::new("invalid_time", "must be an RFC 3339 time between 1970 and 9999"))
}

fn made_reply(file_id: FileId, made: &MadeShare, new_share: &NewShare) -> Response {
    let item = ShareItem {
        share_id: made.share_id.to_string(),
        recipient: Some(new_share.recipient.as_str().to_owned()),
        recipient_key_id: base64url(&new_share.recipient_key_id),
        permission: new_share.permission.as_str(),
        created_at: rfc3339(made.created_at),
        expires_at: new_share.expires_at.map(rfc3339),
    };
    let status = if made.replaced { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = reply::json(status, &item);
    if let Ok(location) = HeaderValue::from_str(&format!("/api/files/{file_id}/shares/{}", made.share_id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn refused(error: &ShareRefused) -> Problem {
    match error {
        ShareRefused::NotFound => Problem::not_found(),
        ShareRefused::WithOwner => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "shared_with_owner",
            "Shared with its owner",
            "A file cannot be shared with its owner. Name another recipient.",
        ),
        ShareRefused::EndsInThePast => ends_in_the_past(),
        ShareRefused::RecipientKeyChanged => Problem::new(
            StatusCode::CONFLICT,
            "recipient_key_changed",
            "Recipient key changed",
            "The recipient has no key with this id. Get GET /api/user/{username}/public-key again, verify it, and wrap the \
             data key for it.",
        ),
        ShareRefused::TooMany => Problem::new(
            StatusCode::CONFLICT,
            "too_many_shares",
            "Too many shares",
            "The file has as many shares as it may. End one first.",
        ),
        ShareRefused::KeyReused => idempotency::reused(),
        ShareRefused::Fault(cause) => fault(cause),
    }
}

/// The problem for an end that lies in the past, or too far ahead.
pub(super) fn ends_in_the_past() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_expiry",
        "Invalid expiry",
        "expires_at must lie in the future, at most ten years ahead. Leave it out for no end.",
    )
}

async fn list(
    segment: &FileSegment,
    caller: &Authenticated,
    query: &Query,
    sharing: &Sharing,
) -> Result<Response, Problem> {
    let file_id = segment.file_id()?;
    let (limit, after) = (query.limit()?, query.position()?);
    let listed = sharing.list(caller, file_id, after, limit).await.map_err(|cause| fault(&cause))?;
    let listed = listed.ok_or_else(Problem::not_found)?;
    Ok(reply::json(StatusCode::OK, &Page::of(&listed, item, position_cursor)))
}

fn item(outgoing: &OutgoingShare) -> ShareItem {
    let share = &outgoing.share;
    ShareItem {
        share_id: share.id.to_string(),
        recipient: outgoing.recipient.as_ref().map(|name| name.as_str().to_owned()),
        recipient_key_id: base64url(&share.recipient_key_id),
        permission: share.permission.as_str(),
        created_at: rfc3339(share.created_at),
        expires_at: share.expires_at.map(rfc3339),
    }
}

async fn end(
    segment: &FileSegment,
    share: &str,
    context: RequestContext,
    caller: Authenticated,
    sharing: Arc<Sharing>,
) -> Result<Response, Problem> {
    let (file_id, share_id) = (segment.file_id()?, id(share)?);
    let ending = async move { sharing.end(&caller, file_id, share_id, context.origin).await };
    if to_the_end(ending).await?.map_err(|cause| fault(&cause))? {
        Ok(reply::no_content())
    } else {
        Err(Problem::not_found())
    }
}
