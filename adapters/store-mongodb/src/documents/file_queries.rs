//! Which files a call looks for. Those that are removed for good have nothing that a file has but its id and its owner.

use super::pages::{self, following};
use super::values::date;
use epic_domain::Timestamp;
use epic_domain::id::{FileId, UserId};
use epic_outbound::files::Position;
use mongodb::bson::{Document, Uuid, doc};

/// Where it stands when a file was made.
const MADE_AT: &str = "live.created_at";

fn uuid(file_id: FileId) -> Uuid {
    Uuid::from_bytes(*file_id.as_bytes())
}

fn account(user_id: UserId) -> Uuid {
    Uuid::from_bytes(*user_id.as_bytes())
}

/// The document of a file, there or removed.
pub(crate) fn by_id(file_id: FileId) -> Document {
    doc! { "_id": uuid(file_id) }
}

/// The document of an owner's file, there or removed.
pub(crate) fn owned(file_id: FileId, owner: UserId) -> Document {
    doc! { "_id": uuid(file_id), "owner": account(owner) }
}

/// These files, there or removed.
pub(crate) fn among(files: &[FileId]) -> Document {
    let files: Vec<Uuid> = files.iter().copied().map(uuid).collect();
    doc! { "_id": { "$in": files } }
}

/// An owner's files in the trash or at hand, the newest first after a place.
pub(crate) fn of_owner(owner: UserId, is_trashed: bool, after: Option<Position>) -> Document {
    following(doc! { "owner": account(owner), "live.is_trashed": is_trashed }, MADE_AT, after)
}

/// The order of such a listing.
pub(crate) fn newest_first() -> Document {
    pages::newest_first(MADE_AT)
}

/// An owner's files by their last changes after a revision, removals among them.
pub(crate) fn changed_after(owner: UserId, revision: i64) -> Document {
    doc! { "owner": account(owner), "revision": { "$gt": revision } }
}

pub(crate) fn by_revision() -> Document {
    doc! { "revision": 1 }
}

/// An owner's files by their last changes from a time on, removals among them.
pub(crate) fn changed_from(owner: UserId, time: Timestamp) -> Document {
    doc! { "owner": account(owner), "ordered_at": { "$gte": date(time) } }
}

pub(crate) fn by_time() -> Document {
    doc! { "ordered_at": 1, "revision": 1 }
}

/// Files that were trashed at `until` or before.
pub(crate) fn trashed(until: Timestamp) -> Document {
    doc! { "live.trashed_at": { "$lte": date(until) } }
}

pub(crate) fn longest_trashed_first() -> Document {
    doc! { "live.trashed_at": 1 }
}

/// These files, if they were trashed at `until` or before.
pub(crate) fn trashed_among(files: &[FileId], until: Timestamp) -> Document {
    let mut filter = among(files);
    filter.extend(trashed(until));
    filter
}
