//! The data folder: who may read it, and the lock that keeps a second process out.

use crate::OpenError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A locked data folder. The lock is the kernel's and goes with the process, however it ends; that its file stays
/// behind blocks nobody. The file has content once there was a whole database in the folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
}

/// The least that a database which was ever written can be: SQLite's header.
const DATABASE_BYTES_MIN: u64 = 100;

impl Folder {
    /// Makes the folder if it is missing, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, OpenError> {
        create_private_folder(path).map_err(unavailable)?;
        let lock = open_private_file(&path.join("epic.lock")).map_err(unavailable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// The database file, made empty and private if it is missing: SQLite gives its other files the same mode.
    pub(crate) fn database(&self) -> Result<PathBuf, OpenError> {
        let path = self.path.join("epic.db");
        if !path.exists() {
            open_private_file(&path).map_err(unavailable)?;
            // The new names themselves must survive a power cut.
            File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(unavailable)?;
        } else if self.is_cut_short(&path).map_err(unavailable)? {
            return Err(OpenError::Corrupt("the file is too short to be a database".into()));
        }
        Ok(path)
    }

    /// Remembers that there is a whole database now.
    pub(crate) fn remember_database(&self) -> Result<(), OpenError> {
        let note = b"The lock of a data folder. It may stay behind; it blocks nobody.\n";
        if self.lock.metadata().map_err(unavailable)?.len() == 0 {
            (&self.lock).write_all(note).map_err(unavailable)?;
        }
        Ok(())
    }

    /// SQLite would take such a file for a new, empty database. An empty one it may be when the first start was cut
    /// off before there was anything in it.
    fn is_cut_short(&self, database: &Path) -> io::Result<bool> {
        let had_database = self.lock.metadata()?.len() > 0;
        let bytes = database.metadata()?.len();
        Ok(bytes < DATABASE_BYTES_MIN && (bytes > 0 || had_database))
    }
}

fn unavailable(error: io::Error) -> OpenError {
    OpenError::Unavailable(error.into())
}

fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
