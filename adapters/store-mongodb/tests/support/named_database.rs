//! A database of a test's own on the server for tests. Others than this store's tests use it too.

use super::server::{is_thrown_away, server_uri};
use core::sync::atomic::{AtomicU32, Ordering};
use mongodb::{Client, Database};

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A database, gone when this is dropped, or with its server if that is thrown away: SecantusDB takes databases away row by
/// row, each flushed to the disk, and lets everyone else wait. Nobody may use it any more then: a server can hang when a
/// database is taken away under an open transaction.
pub(crate) struct NamedDatabase {
    name: String,
}

impl NamedDatabase {
    pub(crate) fn new() -> Self {
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        Self { name: format!("epic_test_{}_{number}", std::process::id()) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The connection string of the server, with this database in it.
    pub(crate) fn uri(&self) -> String {
        in_database(server_uri(), &self.name)
    }

    /// The database past the store.
    pub(crate) async fn raw(&self) -> Database {
        Client::with_uri_str(server_uri()).await.unwrap().database(&self.name)
    }
}

/// The connection string `uri`, of any scheme, with this database in place of the one in it. Credentials stay those of the
/// database that knew them.
pub(crate) fn in_database(uri: &str, name: &str) -> String {
    let (address, options) = uri.split_once('?').unwrap_or((uri, ""));
    let (scheme, rest) = address.split_once("://").unwrap();
    let (hosts, known_by) = rest.split_once('/').unwrap_or((rest, ""));
    let mut options = options.to_owned();
    let is_told = ["authsource=", "authmechanism=mongodb-"];
    if hosts.contains('@') && !is_told.iter().any(|option| options.to_lowercase().contains(option)) {
        let known_by = if known_by.is_empty() { "admin" } else { known_by };
        let joint = if options.is_empty() { "" } else { "&" };
        options = format!("{options}{joint}authSource={known_by}");
    }
    let mark = if options.is_empty() { "" } else { "?" };
    format!("{scheme}://{hosts}/{name}{mark}{options}")
}

impl Drop for NamedDatabase {
    fn drop(&mut self) {
        if is_thrown_away() {
            return;
        }
        let name = self.name.clone();
        // A runtime of its own: the test's is ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = Client::with_uri_str(server_uri()).await.unwrap();
                client.database(&name).drop().await.unwrap();
            });
        })
        .join();
        assert!(dropped.is_ok() || std::thread::panicking(), "a test database stays behind");
    }
}
