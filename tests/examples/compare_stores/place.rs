//! Where a store of the comparison is: a folder, and beside it a database or none.

use crate::filling;
use crate::support::mongodb::named_database::NamedDatabase;
use crate::support::mongodb::own_server::OwnServer;
use crate::support::nodes::NO_LIMITS;
use crate::support::{ServerProcess, StoreKind};
use core::time::Duration;
use epic_domain::secret::SecretText;
use epic_store_mongodb::{MongoOptions, MongoStore};
use epic_store_sqlite::{SqliteStore, StoreOptions};
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;

/// What the server's hashes cost without configuration.
const DEFAULT_HASHES: &[(&str, &str)] = &[("EPIC_ARGON2", "19456,2,1"), ("EPIC_INSECURE_ARGON2", "false")];

/// How the server for tests runs.
const OWN_SERVER: &[&str] = &[
    "--cache-size",
    "1G",
    "--config",
    concat!(env!("CARGO_MANIFEST_DIR"), "/examples/compare_stores/secantusdb.toml"),
];

/// How long a call may take while a store is filled: pages are large.
const PATIENCE: Duration = Duration::from_secs(120);

enum Database {
    None,
    /// Of this comparison alone.
    Own(OwnServer),
    /// On a server that runs already.
    There(NamedDatabase),
}

/// A store's place. Everything goes with it.
pub(crate) struct Place {
    database: Database,
    folder: TempDir,
}

impl Place {
    pub(crate) fn new(kind: StoreKind) -> Self {
        let database = match kind {
            StoreKind::Sqlite => Database::None,
            StoreKind::Mongodb if std::env::var_os("TEST_MONGODB_URI").is_some() => {
                Database::There(NamedDatabase::new())
            }
            StoreKind::Mongodb => Database::Own(OwnServer::started(OWN_SERVER)),
        };
        Self { database, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self.database {
            Database::None => "SQLite",
            Database::Own(_) | Database::There(_) => "MongoDB",
        }
    }

    fn uri(&self) -> Option<String> {
        match &self.database {
            Database::None => None,
            Database::Own(server) => Some(format!("{}epic", server.uri())),
            Database::There(database) => Some(database.uri()),
        }
    }

    /// Where the database is, if it is of this comparison alone.
    pub(crate) fn database_address(&self) -> Option<SocketAddr> {
        match &self.database {
            Database::Own(server) => Some(server.address()),
            Database::None | Database::There(_) => None,
        }
    }

    /// The database's process, if it is of this comparison alone.
    pub(crate) fn database_process(&self) -> Option<u32> {
        match &self.database {
            Database::Own(server) => Some(server.id()),
            Database::None | Database::There(_) => None,
        }
    }

    /// A server on the store, which it reaches by the connection string `past`, if it is not to go the straight way.
    pub(crate) fn serve(&self, past: Option<&str>) -> ServerProcess {
        let straight = self.uri().unwrap_or_else(|| "sqlite".to_owned());
        let store = [("EPIC_STORE", past.unwrap_or(&straight))];
        let settings = [NO_LIMITS, DEFAULT_HASHES, &store].concat();
        ServerProcess::start(self.folder.path(), &settings)
    }

    /// Fills the store with accounts and what they have. No server may use it meanwhile.
    pub(crate) async fn fill(&self, accounts: u64) {
        match self.uri() {
            None => {
                let options = StoreOptions { deadline: PATIENCE, ..StoreOptions::default() };
                let store = SqliteStore::open(&self.folder.path().join("data"), options).unwrap();
                filling::fill(&Arc::new(store.clone()), accounts).await;
                tokio::task::spawn_blocking(move || store.close()).await.unwrap();
            }
            Some(uri) => {
                let options = MongoOptions::from_uri(SecretText::new(uri)).unwrap();
                let store = MongoStore::open(MongoOptions { deadline: PATIENCE, ..options }).await.unwrap();
                filling::fill(&Arc::new(store.clone()), accounts).await;
                store.close().await;
            }
        }
    }
}
