//! The step from staged to published.

use super::failure::wrong_length;
use super::layout::{FILE_MODE, Layout, sync_folder};
use epic_domain::id::BlobId;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Renames the staged file, if it has exactly this length, to where readers look; both ends durably.
pub(super) fn publish(layout: &Layout, blob_id: BlobId, size_bytes: u64) -> io::Result<()> {
    let staged = layout.staged(blob_id);
    let published = layout.published(blob_id);
    let file = match File::open(&staged) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return publish_unstaged(layout, blob_id, size_bytes);
        }
        Err(error) => return Err(error),
    };
    let held_bytes = file.metadata()?.len();
    if held_bytes != size_bytes {
        return Err(wrong_length(held_bytes, size_bytes));
    }
    file.sync_all()?;
    let shelf = layout.make_shelf(blob_id)?;
    fs::rename(&staged, &published)?;
    sync_folder(&shelf)?;
    sync_folder(layout.staging())
}

/// Nothing is staged: the rename was done before, or there was nothing to stage.
fn publish_unstaged(layout: &Layout, blob_id: BlobId, size_bytes: u64) -> io::Result<()> {
    let path = layout.published(blob_id);
    match fs::metadata(&path) {
        Ok(metadata) if metadata.len() == size_bytes => {}
        Ok(metadata) => return Err(wrong_length(metadata.len(), size_bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound && size_bytes == 0 => {
            layout.make_shelf(blob_id)?;
            make_empty(&path)?;
        }
        Err(error) => return Err(error),
    }
    // Whoever renamed it may not have come to this.
    path.parent().map_or(Ok(()), sync_folder)?;
    sync_folder(layout.staging())
}

fn make_empty(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?.sync_all()
}
