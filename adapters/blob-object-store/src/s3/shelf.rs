//! Which blobs are on a shelf.

use super::bucket::Bucket;
use super::failure::failure;
use crate::listing::blob_on_shelf;
use epic_domain::Timestamp;
use epic_domain::id::BlobId;
use epic_outbound::blobs::{BlobError, ListedBlob};
use futures_util::TryStreamExt as _;
use object_store::ObjectMeta;
use object_store::path::Path;
use std::collections::BTreeMap;

/// The blobs, staged and published, whose id begins with this byte. Of the objects of one blob the youngest tells the time.
pub(super) async fn list(bucket: &Bucket, shelf: u8) -> Result<Vec<ListedBlob>, BlobError> {
    let mut youngest = BTreeMap::<BlobId, Timestamp>::new();
    let folders = [(bucket.names.shelf(shelf), 1), (bucket.names.staging_shelf(shelf), 0)];
    for (folder, depth) in folders {
        let mut objects = bucket.list(&folder);
        while let Some(object) = objects.try_next().await.map_err(failure)? {
            let Some(blob_id) = blob_of(&object.location, &folder, depth, shelf) else {
                tracing::warn!(key = %object.location, "something that is no blob stands among the blobs");
                continue;
            };
            let written_at = youngest.entry(blob_id).or_insert(Timestamp::MIN);
            *written_at = (*written_at).max(last_modified(&object));
        }
    }
    Ok(youngest.into_iter().map(|(blob_id, written_at)| ListedBlob { blob_id, written_at }).collect())
}

/// The blob that a key below `folder` names, `depth` names further in.
fn blob_of(key: &Path, folder: &Path, depth: usize, shelf: u8) -> Option<BlobId> {
    let name = key.prefix_match(folder)?.nth(depth)?;
    blob_on_shelf(name.as_ref(), shelf)
}

fn last_modified(object: &ObjectMeta) -> Timestamp {
    Timestamp::from_millis(u64::try_from(object.last_modified.timestamp_millis()).unwrap_or_default())
}
