//! Which sessions a call looks for, and what it changes about them.

use super::session::{encode_grant, encode_superseded, expiry};
use super::values::{date, parsed};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::session::Session;
use mongodb::bson::{Document, Uuid, doc, serialize_to_bson};

fn uuid(id: SessionId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

/// The document of a session, alive or ended.
pub(crate) fn by_id(session_id: SessionId) -> Document {
    doc! { "_id": uuid(session_id) }
}

/// A session that lives.
pub(crate) fn alive(session_id: SessionId) -> Document {
    doc! { "_id": uuid(session_id), "live": { "$exists": true } }
}

/// These sessions.
pub(crate) fn among(ids: &[SessionId]) -> Document {
    let ids: Vec<Uuid> = ids.iter().copied().map(uuid).collect();
    doc! { "_id": { "$in": ids } }
}

/// A session that has ended.
pub(crate) fn ended(session_id: SessionId) -> Document {
    doc! { "_id": uuid(session_id), "live": { "$exists": false } }
}

/// A session of this user's that lives.
pub(crate) fn owned(session_id: SessionId, user_id: UserId) -> Document {
    doc! { "_id": uuid(session_id), "live.user_id": Uuid::from_bytes(*user_id.as_bytes()) }
}

/// A session whose live refresh token is this one.
pub(crate) fn holding(session_id: SessionId, refresh_id: TokenId) -> Document {
    doc! { "_id": uuid(session_id), "live.current.refresh_id": Uuid::from_bytes(*refresh_id.as_bytes()) }
}

/// Sessions of a user that live.
pub(crate) fn of_user(user_id: UserId) -> Document {
    doc! { "live.user_id": Uuid::from_bytes(*user_id.as_bytes()) }
}

/// Sessions of a user that live at `now`, after one of them.
pub(crate) fn page_of_user(user_id: UserId, after: Option<SessionId>, now: Timestamp) -> Document {
    let mut filter = doc! { "live.user_id": Uuid::from_bytes(*user_id.as_bytes()), "live.expires_at": { "$gt": date(now) } };
    if let Some(after) = after {
        filter.insert("_id", doc! { "$gt": uuid(after) });
    }
    filter
}

/// Sessions that have expired at `now`.
pub(crate) fn expired(now: Timestamp) -> Document {
    doc! { "live.expires_at": { "$lte": date(now) } }
}

/// Revocations that still matter at `now`.
pub(crate) fn revoked(now: Timestamp) -> Document {
    doc! { "revoked_until": { "$gt": date(now) } }
}

/// Revocations that no longer matter at `now`.
pub(crate) fn forgettable(now: Timestamp) -> Document {
    doc! { "revoked_until": { "$lte": date(now) } }
}

/// Turns a session into its revocation.
pub(crate) fn end(revoked_until: Timestamp) -> Document {
    doc! { "$set": { "revoked_until": date(revoked_until) }, "$unset": { "live": "" } }
}

/// Moves a session on to what it has become; a later time at which it was seen meanwhile stays.
pub(crate) fn rotate_to(session: &Session) -> Result<Document, Failure> {
    let encoded = |value| parsed("grant", value);
    let superseded = session.superseded.as_ref().map(encode_superseded);
    Ok(doc! {
        "$set": {
            "live.current": encoded(serialize_to_bson(&encode_grant(&session.current)))?,
            "live.superseded": encoded(serialize_to_bson(&superseded))?,
            "live.expires_at": expiry(session),
        },
        "$max": { "live.last_seen_at": date(session.last_seen_at) },
    })
}

/// Notes when a session was seen; an earlier time changes nothing.
pub(crate) fn see(at: Timestamp) -> Document {
    doc! { "$max": { "live.last_seen_at": date(at) } }
}
