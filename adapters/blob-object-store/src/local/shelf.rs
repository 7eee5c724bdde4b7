//! Which blobs are on a shelf.

use super::layout::Layout;
use crate::listing::{blob_on_shelf, shelf_name, timestamp};
use epic_outbound::blobs::ListedBlob;
use std::fs::{self, DirEntry, ReadDir};
use std::io::{self, ErrorKind};
use std::path::Path;

/// The blobs, staged and published, whose id begins with this byte.
pub(super) fn list(layout: &Layout, shelf: u8) -> io::Result<Vec<ListedBlob>> {
    let mut listed = Vec::new();
    for entry in entries(layout.staging())? {
        let entry = entry?;
        let is_elsewhere =
            entry.file_name().to_str().is_some_and(|name| !name.starts_with(&shelf_name(shelf)));
        if !is_elsewhere {
            listed.extend(listed_blob(&entry, shelf)?);
        }
    }
    for inner in entries(&layout.root().join(shelf_name(shelf)))? {
        let inner = inner?;
        if !inner.file_type()?.is_dir() {
            tracing::warn!(name = ?inner.file_name(), "a file stands where only folders of blobs should");
            continue;
        }
        for entry in entries(&inner.path())? {
            listed.extend(listed_blob(&entry?, shelf)?);
        }
    }
    Ok(listed)
}

/// What is in a folder; nothing when it is not there.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    let entries: Option<ReadDir> = match fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(entries.into_iter().flatten())
}

/// The blob that a file holds. One that was removed since the folder was read is none; neither is what has a name of another kind.
fn listed_blob(entry: &DirEntry, shelf: u8) -> io::Result<Option<ListedBlob>> {
    let name = entry.file_name();
    let blob_id = name.to_str().and_then(|name| blob_on_shelf(name, shelf));
    let metadata = match entry.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    match blob_id {
        Some(blob_id) if metadata.is_file() => {
            Ok(Some(ListedBlob { blob_id, written_at: timestamp(metadata.modified()?) }))
        }
        _ => {
            tracing::warn!(?name, "something that is no blob stands among the blobs");
            Ok(None)
        }
    }
}
