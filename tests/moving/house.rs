//! Stores to move from and into.

use crate::support::mongodb::NamedDatabase;
use core::time::Duration;
use epic_domain::secret::SecretText;
use epic_outbound::moving::Import;
use epic_store_mongodb::{MongoOptions, MongoStore};
use epic_store_sqlite::{SqliteStore, StoreOptions};
use epic_tests::contract::Stores;
use epic_tests::contract::moving_fill::fill;
use std::sync::Arc;
use tempfile::TempDir;

/// The times of the kit lie in the past: the database must not take away by its own clock what has expired.
const NEVER: Duration = Duration::from_secs(50 * 365 * 24 * 3_600);

/// A store's ports, and those of moving.
pub(crate) struct House {
    pub(crate) stores: Stores,
    pub(crate) moving: Arc<dyn Import>,
}

impl House {
    /// An empty SQLite store.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(open_sqlite(&folder));
        Self { stores: Stores::of(Arc::clone(&store), folder), moving: store }
    }

    /// A SQLite store with something of everything.
    pub(crate) async fn filled() -> Self {
        let house = Self::sqlite();
        fill(&house.stores).await;
        house
    }

    /// An empty MongoDB store. Its database must outlive it.
    pub(crate) async fn mongodb(database: &NamedDatabase) -> Self {
        let options = MongoOptions::from_uri(SecretText::new(database.uri())).unwrap();
        let options = MongoOptions { deadline: Duration::from_secs(30), expired_kept_for: NEVER, ..options };
        let store = Arc::new(MongoStore::open_to_move_in(options).await.unwrap());
        Self { stores: Stores::of(Arc::clone(&store), ()), moving: store }
    }
}

fn open_sqlite(folder: &TempDir) -> SqliteStore {
    SqliteStore::open_to_move_in(folder.path(), StoreOptions::default()).unwrap()
}
