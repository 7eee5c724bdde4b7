//! The store behind accounts, sessions, files and audit log: opened, seen as its ports, closed.

use crate::config::{StorageSettings, StoreChoice};
use epic_outbound::audit::Audit;
use epic_outbound::changes::Changes;
use epic_outbound::files::{Files, Usages};
use epic_outbound::links::Links;
use epic_outbound::sessions::Sessions;
use epic_outbound::shares::Shares;
use epic_outbound::uploads::{BlobLedger, Uploads};
use epic_outbound::users::Users;
use epic_store_mongodb::{MongoOptions, MongoStore};
use epic_store_sqlite::{OpenError, SqliteStore, StoreOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::{JoinError, spawn_blocking};

/// The store, to be closed when all else is done.
#[derive(Debug, Clone)]
pub enum Store {
    /// SQLite in the data folder.
    Sqlite(SqliteStore),
    /// MongoDB, which other nodes may use too.
    Mongodb(MongoStore),
}

/// Why a store does not open.
#[derive(Debug, thiserror::Error)]
pub enum StoreRefused {
    /// The one in the data folder.
    #[error("the store in {data_dir} cannot be opened")]
    Sqlite {
        /// The data folder.
        data_dir: PathBuf,
        /// Why.
        #[source]
        error: OpenError,
    },
    /// The one in MongoDB.
    #[error("the store in the MongoDB database {database} cannot be opened")]
    Mongodb {
        /// The database.
        database: String,
        /// Why.
        #[source]
        error: epic_store_mongodb::OpenError,
    },
    /// A step on a thread of its own broke off.
    #[error("opening the store was broken off")]
    BrokenOff(#[from] JoinError),
}

/// The database that SQLite keeps in the data folder.
#[must_use]
pub fn database_of(data_dir: &Path) -> PathBuf {
    data_dir.join("epic.db")
}

/// The ports that a store implements.
pub struct StorePorts {
    /// Accounts.
    pub users: Arc<dyn Users>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The audit log.
    pub audit: Arc<dyn Audit>,
    /// Files.
    pub files: Arc<dyn Files>,
    /// How much accounts store.
    pub usages: Arc<dyn Usages>,
    /// Uploads under way.
    pub uploads: Arc<dyn Uploads>,
    /// Shares.
    pub shares: Arc<dyn Shares>,
    /// Links.
    pub links: Arc<dyn Links>,
    /// Which blobs are needed.
    pub blob_ledger: Arc<dyn BlobLedger>,
}

impl StorePorts {
    /// The ports of a store that implements them all.
    #[must_use]
    pub fn of<S>(store: &Arc<S>) -> Self
    where
        S: Users + Sessions + Audit + Files + Usages + Uploads + Shares + Links + BlobLedger + 'static,
    {
        Self {
            users: Arc::<S>::clone(store),
            sessions: Arc::<S>::clone(store),
            audit: Arc::<S>::clone(store),
            files: Arc::<S>::clone(store),
            usages: Arc::<S>::clone(store),
            uploads: Arc::<S>::clone(store),
            shares: Arc::<S>::clone(store),
            links: Arc::<S>::clone(store),
            blob_ledger: Arc::<S>::clone(store),
        }
    }
}

/// Opens a store in MongoDB.
pub(super) async fn open_mongodb(options: &MongoOptions) -> Result<MongoStore, StoreRefused> {
    let opened = MongoStore::open(options.clone()).await;
    opened.map_err(|error| StoreRefused::Mongodb { database: options.database.clone(), error })
}

impl Store {
    /// Opens the store that the settings choose. It serves on the runtime on which it was opened.
    ///
    /// # Errors
    /// [`StoreRefused`].
    pub async fn open(settings: &StorageSettings) -> Result<Self, StoreRefused> {
        match &settings.store {
            StoreChoice::Sqlite => {
                let data_dir = settings.data_dir.clone();
                let opened = spawn_blocking(move || {
                    SqliteStore::open(&data_dir, StoreOptions::default())
                        .map_err(|error| StoreRefused::Sqlite { data_dir, error })
                });
                opened.await?.map(Self::Sqlite)
            }
            StoreChoice::Mongodb(options) => open_mongodb(options).await.map(Self::Mongodb),
        }
    }

    /// Its ports.
    #[must_use]
    pub fn ports(&self) -> StorePorts {
        match self {
            Self::Sqlite(store) => StorePorts::of(&Arc::new(store.clone())),
            Self::Mongodb(store) => StorePorts::of(&Arc::new(store.clone())),
        }
    }

    /// What other nodes change in it, if it can have others.
    #[must_use]
    pub fn changes(&self) -> Option<Arc<dyn Changes>> {
        match self {
            Self::Sqlite(_) => None,
            Self::Mongodb(store) => Some(Arc::new(store.clone())),
        }
    }

    /// Finishes what it has accepted and closes; later calls are refused.
    pub async fn close(self) {
        match self {
            Self::Sqlite(store) => {
                if spawn_blocking(move || store.close()).await.is_err() {
                    tracing::error!("the store did not close in order");
                }
            }
            Self::Mongodb(store) => store.close().await,
        }
    }
}
