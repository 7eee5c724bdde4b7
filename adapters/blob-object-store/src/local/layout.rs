//! The folders: who may enter them, and where a blob stands.

use crate::listing::{STAGING, shelf_names};
use epic_domain::id::BlobId;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const FOLDER_MODE: u32 = 0o700;
/// Mode of every file.
pub(super) const FILE_MODE: u32 = 0o600;

/// Where things stand below the root folder.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    staging: PathBuf,
}

impl Layout {
    /// Makes the root and the staging folder, and closes them to others.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let layout = Self { root: root.to_owned(), staging: root.join(STAGING) };
        for folder in [&layout.root, &layout.staging] {
            DirBuilder::new().mode(FOLDER_MODE).recursive(true).create(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
        }
        sync_folder(&layout.root)?;
        if let Some(parent) = layout.root.parent() {
            // Best effort: it may be closed to the server, and then someone else has made the root.
            drop(sync_folder(parent));
        }
        Ok(layout)
    }

    /// The folder of what is not published.
    pub(super) fn staging(&self) -> &Path {
        &self.staging
    }

    /// The root, with the outer shelves in it.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where a blob is staged.
    pub(super) fn staged(&self, blob_id: BlobId) -> PathBuf {
        self.staging.join(blob_id.to_string())
    }

    /// Where a blob stands once it is published.
    pub(super) fn published(&self, blob_id: BlobId) -> PathBuf {
        let [outer, inner] = shelf_names(blob_id);
        [&outer, &inner, &blob_id.to_string()].iter().fold(self.root.clone(), |path, part| path.join(part))
    }

    /// Makes the folders that a published blob stands in, durably, and returns the inner one.
    pub(super) fn make_shelf(&self, blob_id: BlobId) -> io::Result<PathBuf> {
        shelf_names(blob_id).iter().try_fold(self.root.clone(), |parent, name| {
            let folder = parent.join(name);
            match DirBuilder::new().mode(FOLDER_MODE).create(&folder) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => made?,
            }
            // Even if it was there: who made it may not have come to this.
            sync_folder(&parent)?;
            Ok(folder)
        })
    }

    /// Removes a blob wherever it is. Not made durable: whoever asks, asks again after a crash.
    pub(super) fn remove(&self, blob_id: BlobId) -> io::Result<()> {
        for path in [self.staged(blob_id), self.published(blob_id)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
        Ok(())
    }

    /// Whether the folder is there and may be written to.
    pub(super) fn check(&self) -> io::Result<()> {
        use rustix::fs::{Access, access};
        Ok(access(&self.staging, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)?)
    }
}

/// Makes durable which files are in a folder.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
