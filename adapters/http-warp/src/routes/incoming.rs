//! `GET /api/shares/incoming`: what others have shared with the caller.

use super::{Route, get, query, with};
use crate::api::Api;
use crate::auth::current_user;
use crate::encoding::{base64url, rfc3339};
use crate::fault_reply::fault;
use crate::limit_reply::answered;
use crate::paging::{Page, Query, position_cursor};
use crate::problem::Problem;
use crate::reply;
use epic_domain::user::key_pair_id;
use epic_inbound::authenticate::Authenticated;
use epic_inbound::sharing::{IncomingShare, Sharing};
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use warp::Filter;
use warp::reply::Response;

#[derive(Serialize)]
struct Item {
    share_id: String,
    file_id: String,
    owner: String,
    owner_id: String,
    owner_key_id: String,
    recipient_key_id: String,
    encrypted_filename: String,
    encrypted_data_key: String,
    permission: &'static str,
    size: u64,
    sha256: String,
    content_number: u32,
    created_at: String,
    expires_at: Option<String>,
}

/// The route.
pub(super) fn route(api: &Api) -> Route {
    warp::path!("api" / "shares" / "incoming")
        .and(get())
        .and(current_user(api.authenticate.clone()))
        .and(query())
        .and(with(&api.sharing))
        .then(async |caller: Authenticated, query: Query, sharing: Arc<Sharing>| {
            let result = list(&caller, &query, &sharing).await;
            answered(caller.standing(), result)
        })
        .boxed()
}

async fn list(caller: &Authenticated, query: &Query, sharing: &Sharing) -> Result<Response, Problem> {
    let (limit, after) = (query.limit()?, query.position()?);
    let listed = sharing.incoming(caller, after, limit).await.map_err(|cause| fault(&cause))?;
    Ok(reply::json(StatusCode::OK, &Page::of(&listed, item, position_cursor)))
}

fn item(incoming: &IncomingShare) -> Item {
    let IncomingShare { share, file, owner } = incoming;
    Item {
        share_id: share.id.to_string(),
        file_id: file.id.to_string(),
        owner: owner.username.as_str().to_owned(),
        owner_id: owner.id.to_string(),
        owner_key_id: base64url(&key_pair_id(&owner.keys.public_key, &owner.keys.signing_key)),
        recipient_key_id: base64url(&share.recipient_key_id),
        encrypted_filename: base64url(file.encrypted_filename.as_bytes()),
        encrypted_data_key: base64url(share.encrypted_data_key.as_bytes()),
        permission: share.permission.as_str(),
        size: file.content.size_bytes,
        sha256: base64url(file.content.digest.as_bytes()),
        content_number: file.content.number.get(),
        created_at: rfc3339(share.created_at),
        expires_at: share.expires_at.map(rfc3339),
    }
}
