//! Files that hold secrets: only their owner reads them, they appear whole or not at all, and none is overwritten.

use epic_domain::secret::SecretText;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{self, Path};
use zeroize::Zeroizing;

/// Only the owner reads and writes.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// The permission bits of group and others.
const FOREIGN_BITS: u32 = 0o077;
/// Longer than any key file there can sensibly be.
const BYTES_MAX: u64 = 64 * 1_024;

/// Why a private file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// Others than the owner can read it.
    #[error(
        "others than its owner can read or write it (mode {mode:03o}): chmod 600 it, and make new keys if it was exposed"
    )]
    Exposed {
        /// Its permission bits.
        mode: u32,
    },
    /// It is a folder, a device or the like, far too long, or not text.
    #[error("it is not a key file")]
    Strange,
    /// The system refused.
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Makes a folder that only its owner enters, with its parents; one that is there stays as it is.
///
/// # Errors
/// The system's.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)?;
    // The umask may have taken bits away that the owner needs.
    fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
}

/// Whether others than its owner can enter or list a folder.
///
/// # Errors
/// The system's.
pub fn is_exposed(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.mode() & FOREIGN_BITS != 0)
}

/// The text of a private file; `None` when there is no such file.
///
/// # Errors
/// [`PrivateFileError`].
pub(super) fn read_private(path: &Path) -> Result<Option<SecretText>, PrivateFileError> {
    // Looked at before it is opened: opening a pipe would wait for somebody to write into it.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(PrivateFileError::Strange),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let file = File::open(path)?;
    // Asked of the open file, so that it cannot be exchanged in between.
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > BYTES_MAX {
        return Err(PrivateFileError::Strange);
    }
    let mode = metadata.mode() & 0o777;
    if mode & FOREIGN_BITS != 0 {
        return Err(PrivateFileError::Exposed { mode });
    }
    // Room for all of it, so that growing leaves no copies behind.
    let capacity = usize::try_from(metadata.len()).map_err(|_| PrivateFileError::Strange)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity.saturating_add(1)));
    file.take(BYTES_MAX).read_to_end(&mut bytes)?;
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(SecretText::new(text.to_owned()))),
        Err(_) => Err(PrivateFileError::Strange),
    }
}

/// Writes a private file that is not there yet. After a crash at any moment it is there whole or not at all; that it
/// is there, [`sync_folder`] makes sure.
///
/// # Errors
/// The system's, or that the file is there by now; it was not touched then.
pub(super) fn write_private(folder: &Path, name: &str, text: &SecretText) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(Permissions::from_mode(FILE_MODE))
        .tempfile_in(folder)?;
    // The umask may have taken bits away that the owner needs.
    file.as_file().set_permissions(Permissions::from_mode(FILE_MODE))?;
    file.write_all(text.expose().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(folder.join(name)).map_err(|refused| refused.error)?;
    Ok(())
}

/// Makes what was written into a folder survive a power cut, and the names of the folder and the one around it, which
/// may be as new.
///
/// # Errors
/// The system's.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    path::absolute(folder)?.ancestors().take(3).try_for_each(|folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn what_is_written_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        write_private(folder.path(), "key", &SecretText::new("text\n".to_owned())).unwrap();
        let path = folder.path().join("key");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(read_private(&path).unwrap().unwrap().expose(), "text\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        write_private(folder.path(), "key", &SecretText::new("old".to_owned())).unwrap();
        assert!(write_private(folder.path(), "key", &SecretText::new("new".to_owned())).is_err());
        assert_eq!(read_private(&folder.path().join("key")).unwrap().unwrap().expose(), "old");
    }

    #[test]
    fn h10_a_file_that_others_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write_private(folder.path(), "key", &SecretText::new("text".to_owned())).unwrap();
        let path = folder.path().join("key");
        for exposed in [0o644, 0o640, 0o604, 0o620] {
            fs::set_permissions(&path, Permissions::from_mode(exposed)).unwrap();
            let refused = read_private(&path).unwrap_err();
            assert!(matches!(refused, PrivateFileError::Exposed { mode } if mode == exposed), "{refused}");
            assert!(refused.to_string().contains("chmod 600"));
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read_private(&path).is_ok());
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_private(folder.path()), Err(PrivateFileError::Strange)));
        let path = folder.path().join("key");
        let huge = SecretText::new("x".repeat(usize::try_from(BYTES_MAX).unwrap() + 1));
        write_private(folder.path(), "key", &huge).unwrap();
        assert!(matches!(read_private(&path), Err(PrivateFileError::Strange)));
        assert!(read_private(&folder.path().join("absent")).unwrap().is_none());
    }

    #[test]
    fn a_new_folder_is_private_and_an_old_one_keeps_its_mode() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        create_private_folder(&folder).unwrap();
        assert_eq!((mode(&folder), is_exposed(&folder).unwrap()), (0o700, false));
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        create_private_folder(&folder).unwrap();
        assert_eq!((mode(&folder), is_exposed(&folder).unwrap()), (0o755, true));
    }
}
