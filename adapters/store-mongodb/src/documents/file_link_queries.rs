//! Which links to files a call looks for, and what it changes about them.

use super::values::{binary, date};
use epic_domain::Timestamp;
use epic_domain::file::{LinkTokenDigest, Ownership};
use epic_domain::id::{FileId, LinkId};
use mongodb::bson::{Document, Uuid, doc};

/// The link that a token opens.
pub(crate) fn by_token(token: &LinkTokenDigest) -> Document {
    doc! { "token_digest": binary(token.as_bytes()) }
}

/// All links to a file.
pub(crate) fn of_file(file_id: FileId) -> Document {
    doc! { "file_id": Uuid::from_bytes(*file_id.as_bytes()) }
}

/// Links to a file that are live at `now`.
pub(crate) fn live_of_file(file_id: FileId, now: Timestamp) -> Document {
    live_at(of_file(file_id), now)
}

/// A link, if it is live at `now`.
pub(crate) fn live(link_id: LinkId, now: Timestamp) -> Document {
    live_at(doc! { "_id": Uuid::from_bytes(*link_id.as_bytes()) }, now)
}

/// A link to the owner's file.
pub(crate) fn owned(ownership: &Ownership, link_id: LinkId) -> Document {
    doc! {
        "_id": Uuid::from_bytes(*link_id.as_bytes()),
        "file_id": Uuid::from_bytes(*ownership.file_id().as_bytes()),
        "owner": Uuid::from_bytes(*ownership.owner().as_bytes()),
    }
}

/// Links that expired at `ended_until` or before.
pub(crate) fn expired(ended_until: Timestamp) -> Document {
    doc! { "expires_at": { "$lte": date(ended_until) } }
}

/// Counts a download.
pub(crate) fn count() -> Document {
    doc! { "$inc": { "downloads": 1_i64, "downloads_left": -1_i64 } }
}

/// The rule is the domain's `is_live_at`; what has no end is not past it.
fn live_at(mut links: Document, now: Timestamp) -> Document {
    links.insert("expires_at", doc! { "$not": { "$lte": date(now) } });
    links.insert("downloads_left", doc! { "$gt": 0_i64 });
    links
}
