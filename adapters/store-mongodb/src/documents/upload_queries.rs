//! Which uploads a call looks for, and what it changes about them.

use super::upload::ProgressDocument;
use super::values::{date, integer, parsed};
use crate::errors::Failure;
use epic_domain::Timestamp;
use epic_domain::file::{Fence, Progress, Upload};
use epic_domain::id::{UploadId, UserId};
use mongodb::bson::{Document, Uuid, doc, serialize_to_bson};

fn uuid(upload_id: UploadId) -> Uuid {
    Uuid::from_bytes(*upload_id.as_bytes())
}

fn account(user_id: UserId) -> Uuid {
    Uuid::from_bytes(*user_id.as_bytes())
}

/// The upload with this id.
pub(crate) fn by_id(upload_id: UploadId) -> Document {
    doc! { "_id": uuid(upload_id) }
}

/// The uploader's upload.
pub(crate) fn sent_by(upload_id: UploadId, uploader: UserId) -> Document {
    doc! { "_id": uuid(upload_id), "uploader": account(uploader) }
}

/// The uploader's upload, if it is live at `now`.
pub(crate) fn live(upload_id: UploadId, uploader: UserId, now: Timestamp) -> Document {
    let mut filter = sent_by(upload_id, uploader);
    filter.insert("$or", vec![doc! { "is_whole": true }, doc! { "expires_at": { "$gt": date(now) } }]);
    filter
}

/// The upload, if its fence is still this.
pub(crate) fn fenced(upload_id: UploadId, fence: Fence) -> Result<Document, Failure> {
    Ok(doc! { "_id": uuid(upload_id), "fence": integer(fence.get())? })
}

/// These uploads.
pub(crate) fn among(uploads: &[Upload]) -> Document {
    let uploads: Vec<Uuid> = uploads.iter().map(|upload| uuid(upload.id)).collect();
    doc! { "_id": { "$in": uploads } }
}

/// Uploads that are not live at `now`.
pub(crate) fn expired(now: Timestamp) -> Document {
    doc! { "is_whole": false, "expires_at": { "$lte": date(now) } }
}

pub(crate) fn longest_expired_first() -> Document {
    doc! { "expires_at": 1 }
}

/// Uploads that are whole.
pub(crate) fn whole() -> Document {
    doc! { "is_whole": true }
}

pub(crate) fn oldest_first() -> Document {
    doc! { "created_at": 1 }
}

/// The next fence.
pub(crate) fn take_over() -> Document {
    doc! { "$inc": { "fence": 1_i64 } }
}

/// The upload with this fence, as `progress` leaves it: whole, or not.
pub(crate) fn coming_to(
    upload_id: UploadId,
    fence: Fence,
    progress: &Progress,
    is_whole: bool,
) -> Result<Document, Failure> {
    let offset = integer(progress.offset_bytes)?;
    let mut filter = fenced(upload_id, fence)?;
    filter.insert(
        "exact_bytes",
        if is_whole {
            doc! { "$eq": offset }
        } else {
            doc! { "$ne": offset }
        },
    );
    Ok(filter)
}

pub(crate) fn advance(
    progress: &Progress,
    expires_at: Timestamp,
    is_whole: bool,
) -> Result<Document, Failure> {
    let progress = parsed("progress", serialize_to_bson(&ProgressDocument::encode(progress)?))?;
    Ok(doc! { "$set": { "progress": progress, "expires_at": date(expires_at), "is_whole": is_whole } })
}
