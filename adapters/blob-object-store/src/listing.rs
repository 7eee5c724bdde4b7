//! Where blobs stand below the root, and how their names are read back.

use epic_domain::Timestamp;
use epic_domain::id::BlobId;
use std::time::{SystemTime, UNIX_EPOCH};

/// The folder, or the part of the key, of everything that is not published.
pub(crate) const STAGING: &str = "staging";

/// The names of the two folders that a published blob stands in, outer first.
pub(crate) fn shelf_names(blob_id: BlobId) -> [String; 2] {
    let [outer, inner, ..] = *blob_id.as_bytes();
    [shelf_name(outer), shelf_name(inner)]
}

/// The name of the outer folder of the blobs whose id begins with this byte.
pub(crate) fn shelf_name(shelf: u8) -> String {
    format!("{shelf:02x}")
}

/// The blob of this name, if it is one that belongs on this shelf.
pub(crate) fn blob_on_shelf(name: &str, shelf: u8) -> Option<BlobId> {
    name.parse::<BlobId>().ok().filter(|blob_id| blob_id.as_bytes().first() == Some(&shelf))
}

/// A file system's time; before 1970 counts as 1970.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::MIN.saturating_add(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_stands_under_its_first_two_bytes() {
        let blob_id = BlobId::from_bytes([0x0A; 16]);
        assert_eq!(shelf_names(blob_id), ["0a", "0a"]);
        assert_eq!(blob_on_shelf(&blob_id.to_string(), 0x0A), Some(blob_id));
    }

    #[test]
    fn other_names_are_no_blobs_of_the_shelf() {
        let blob_id = BlobId::from_bytes([0xAB; 16]);
        assert_eq!(blob_on_shelf(&blob_id.to_string(), 0xAC), None);
        for name in [&blob_id.to_string().to_uppercase(), "", ".", "ab", "lost+found"] {
            assert_eq!(blob_on_shelf(name, 0xAB), None, "{name}");
        }
    }
}
