//! Which shares a call looks for.

use super::values::date;
use epic_domain::Timestamp;
use epic_domain::id::{FileId, ShareId, UserId};
use mongodb::bson::{Document, Uuid, doc};

/// The share with this id.
pub(crate) fn by_id(share_id: ShareId) -> Document {
    doc! { "_id": Uuid::from_bytes(*share_id.as_bytes()) }
}

/// The one share that a person has of a file.
pub(crate) fn held(file_id: FileId, recipient: UserId) -> Document {
    doc! {
        "file_id": Uuid::from_bytes(*file_id.as_bytes()),
        "recipient": Uuid::from_bytes(*recipient.as_bytes()),
    }
}

/// A share of this file that is `by`'s to end, as its owner or its recipient.
pub(crate) fn endable(file_id: FileId, share_id: ShareId, by: UserId) -> Document {
    let by = Uuid::from_bytes(*by.as_bytes());
    doc! {
        "_id": Uuid::from_bytes(*share_id.as_bytes()),
        "file_id": Uuid::from_bytes(*file_id.as_bytes()),
        "$or": [{ "owner": by }, { "recipient": by }],
    }
}

/// All shares of a file.
pub(crate) fn of_file(file_id: FileId) -> Document {
    doc! { "file_id": Uuid::from_bytes(*file_id.as_bytes()) }
}

/// Shares of a file that are live at `now`.
pub(crate) fn live_of_file(file_id: FileId, now: Timestamp) -> Document {
    live_at(of_file(file_id), now)
}

/// Shares with a person that are live at `now`.
pub(crate) fn live_incoming(recipient: UserId, now: Timestamp) -> Document {
    live_at(doc! { "recipient": Uuid::from_bytes(*recipient.as_bytes()) }, now)
}

/// Shares that are past their end at `now`.
pub(crate) fn expired(now: Timestamp) -> Document {
    doc! { "expires_at": { "$lte": date(now) } }
}

/// The rule is the domain's `is_live_at`; what has no end is not past it.
fn live_at(mut shares: Document, now: Timestamp) -> Document {
    shares.insert("expires_at", doc! { "$not": { "$lte": date(now) } });
    shares
}
