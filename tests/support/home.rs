//! Where a server finds what it has stored when it is started again.

use super::mongodb::NamedDatabase;
use super::store::StoreKind;
use std::path::Path;
use tempfile::TempDir;

/// The file in a home's folder that names its database.
const STORE_FILE: &str = "store";

/// A folder and, if the tests are about MongoDB, a database. Both go with it; no server may use them any more then.
pub(crate) struct Home {
    database: Option<NamedDatabase>,
    folder: TempDir,
}

impl Home {
    /// An empty one, on the store that this run of the tests is about.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = (StoreKind::of_this_run() == StoreKind::Mongodb).then(NamedDatabase::new);
        if let Some(database) = &database {
            std::fs::write(folder.path().join(STORE_FILE), database.uri()).unwrap();
        }
        Self { database, folder }
    }

    /// The folder. The server's data folder is in it.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The database beside the folder.
    pub(crate) const fn database(&self) -> Option<&NamedDatabase> {
        self.database.as_ref()
    }
}

/// What the setting `store` is for a server with its data in this folder, unless it is the default.
pub(crate) fn store_setting(folder: &Path) -> Option<String> {
    std::fs::read_to_string(folder.join(STORE_FILE)).ok()
}
