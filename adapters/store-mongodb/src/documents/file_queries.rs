//! Which files a call looks for. Those that are removed for good have nothing that a file has but its id and its owner.

use super::values::date;
use epic_domain::Timestamp;
use epic_domain::file::Ownership;
use epic_domain::id::{FileId, UserId};
use epic_outbound::files::Position;
use mongodb::bson::{Document, Uuid, doc};

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

/// The document of a file that an ownership speaks of, there or removed.
pub(crate) fn owned(ownership: &Ownership) -> Document {
    doc! { "_id": uuid(ownership.file_id()), "owner": account(ownership.owner()) }
}

/// These files, there or removed.
pub(crate) fn among(files: &[FileId]) -> Document {
    let files: Vec<Uuid> = files.iter().copied().map(uuid).collect();
    doc! { "_id": { "$in": files } }
}

/// An owner's files in the trash or at hand, the newest first after a place.
pub(crate) fn of_owner(owner: UserId, is_trashed: bool, after: Option<Position>) -> Document {
    let mut filter = doc! { "owner": account(owner), "live.is_trashed": is_trashed };
    if let Some(Position { at, id }) = after {
        // The first condition bounds the walk through the index; the second leaves out what has the very same time and comes
        // no later.
        let at = date(at);
        filter.insert("live.created_at", doc! { "$lte": at });
        let later =
            [doc! { "live.created_at": { "$lt": at } }, doc! { "_id": { "$lt": Uuid::from_bytes(id) } }];
        filter.insert("$or", later.to_vec());
    }
    filter
}

pub(crate) fn newest_first() -> Document {
    doc! { "live.created_at": -1, "_id": -1 }
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
