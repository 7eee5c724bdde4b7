//! What lies in a server's data folder.

use super::TestServer;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every file under a folder, relative to it.
pub(crate) fn tree(folder: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    collect(folder, folder, &mut files);
    files
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.map_while(Result::ok) {
        if entry.path().is_dir() {
            collect(root, &entry.path(), files);
        } else {
            files.insert(entry.path().strip_prefix(root).unwrap().to_path_buf());
        }
    }
}

/// The files that hold contents, whole ones and ones on their way.
pub(crate) fn blobs(server: &TestServer) -> BTreeSet<PathBuf> {
    tree(&server.folder().join("data").join("blobs"))
}

/// Files and sockets that this process, in which the server runs, has open.
pub(crate) fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
