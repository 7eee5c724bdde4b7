//! Databases for the tests of this store.

#![allow(dead_code, reason = "each test target uses a part")]

pub(crate) mod named_database;
pub(crate) mod nodes;
pub(crate) mod own_server;
pub(crate) mod server;

use core::time::Duration;
use epic_domain::secret::SecretText;
use epic_store_mongodb::{MongoOptions, MongoStore};
use mongodb::Database;
use named_database::NamedDatabase;
use parking_lot::Mutex;
use server::server_uri;

/// Times of the kit lie in the past: nothing must remove what has expired by the real clock.
const NEVER: Duration = Duration::from_secs(50 * 365 * 24 * 3_600);

/// A deadline that a busy machine keeps, even when sixty-four racers wait for each other.
const PATIENT: Duration = Duration::from_secs(30);

/// How long a store may take to close at the end of a test.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);

/// Options for a database at `uri`.
pub(crate) fn options(uri: &str, database: &str) -> MongoOptions {
    let uri = SecretText::new(uri.to_owned());
    MongoOptions { deadline: PATIENT, expired_kept_for: NEVER, ..MongoOptions::new(uri, database.to_owned()) }
}

/// A database of its own, gone when this is dropped.
pub(crate) struct FreshDatabase {
    /// The stores in it. A call that was given up may still be under way at the end of a test; a database is not taken
    /// away under it.
    stores: Mutex<Vec<MongoStore>>,
    database: NamedDatabase,
}

impl FreshDatabase {
    pub(crate) fn new() -> Self {
        Self { stores: Mutex::default(), database: NamedDatabase::new() }
    }

    /// Options for a store in it.
    pub(crate) fn options(&self) -> MongoOptions {
        options(server_uri(), self.database.name())
    }

    /// A store in it.
    pub(crate) async fn store(&self) -> MongoStore {
        let store = MongoStore::open(self.options()).await.unwrap();
        self.stores.lock().push(store.clone());
        store
    }

    /// The database past the store.
    pub(crate) async fn raw(&self) -> Database {
        self.database.raw().await
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let stores = std::mem::take(self.stores.get_mut());
        // A runtime of its own: the test's is ending.
        let closed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                for store in stores {
                    // What is under way on the test's own thread stands still by now, and ends with it.
                    tokio::time::timeout(CLOSED_WITHIN, store.close()).await.ok();
                }
            });
        })
        .join();
        assert!(closed.is_ok() || std::thread::panicking(), "a store does not close");
    }
}
