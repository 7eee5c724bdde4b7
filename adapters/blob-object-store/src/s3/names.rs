//! The keys of what a blob consists of.

use super::stage::Tail;
use crate::listing::{STAGING, shelf_name, shelf_names};
use data_encoding::HEXLOWER;
use epic_domain::id::BlobId;
use object_store::path::Path;
use sha2::{Digest as _, Sha256};

/// What the keys of notes about multipart uploads begin with, below the blob.
pub(super) const NOTE: &str = "multipart-";
const TAIL: &str = "tail-";

/// Keys below a prefix.
#[derive(Debug)]
pub(super) struct Names {
    root: Path,
}

impl Names {
    /// Keys below this prefix, which may be empty.
    pub(super) fn below(prefix: &str) -> Result<Self, object_store::path::Error> {
        Ok(Self { root: Path::parse(prefix)? })
    }

    /// What every key begins with, with the slash after it.
    pub(super) fn staging(&self) -> String {
        format!("{}/", self.root.clone().join(STAGING))
    }

    /// What the published blobs of a shelf have in common.
    pub(super) fn shelf(&self, shelf: u8) -> Path {
        self.root.clone().join(shelf_name(shelf))
    }

    /// What the staged blobs of a shelf have in common.
    pub(super) fn staging_shelf(&self, shelf: u8) -> Path {
        self.root.clone().join(STAGING).join(shelf_name(shelf))
    }

    /// Where a blob is, once it is published.
    pub(super) fn published(&self, blob_id: BlobId) -> Path {
        let [outer, inner] = shelf_names(blob_id);
        self.root.clone().join(outer).join(inner).join(blob_id.to_string())
    }

    /// What everything staged of a blob has in common.
    pub(super) fn staged(&self, blob_id: BlobId) -> Path {
        let [outer, _] = shelf_names(blob_id);
        self.root.clone().join(STAGING).join(outer).join(blob_id.to_string())
    }

    /// Where a tail is. Another tail at the same place in the blob has another name, so that a late one replaces none.
    pub(super) fn tail(&self, blob_id: BlobId, tail: &Tail) -> Path {
        let digest = short(&tail.digest);
        self.staged(blob_id).join(format!("{TAIL}{}-{digest}", tail.end_bytes))
    }

    /// Where it is noted that a multipart upload was begun.
    pub(super) fn note(&self, blob_id: BlobId, multipart_id: &str) -> Path {
        let digest: [u8; 32] = Sha256::digest(multipart_id.as_bytes()).into();
        self.staged(blob_id).join(format!("{NOTE}{}", short(&digest)))
    }
}

/// Half of a digest is enough to tell two apart.
fn short(digest: &[u8; 32]) -> String {
    HEXLOWER.encode(digest.first_chunk::<16>().map_or(&[][..], |half| half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_below_the_prefix() {
        let blob_id = BlobId::from_bytes([0xAB; 16]);
        for (prefix, before) in [("", ""), ("epic/blobs", "epic/blobs/")] {
            let names = Names::below(prefix).unwrap();
            assert_eq!(names.published(blob_id).as_ref(), format!("{before}ab/ab/{blob_id}"));
            assert_eq!(names.staged(blob_id).as_ref(), format!("{before}staging/ab/{blob_id}"));
            assert_eq!(names.staging(), format!("{before}staging/"));
        }
    }

    #[test]
    fn tails_with_other_bytes_have_other_names() {
        let names = Names::below("").unwrap();
        let blob_id = BlobId::from_bytes([0xAB; 16]);
        let tail = |end_bytes, byte| names.tail(blob_id, &Tail { end_bytes, digest: [byte; 32] });
        assert_ne!(tail(1, 1), tail(1, 2));
        assert_ne!(tail(1, 1), tail(2, 1));
    }
}
