//! How a store is reached and how long it may take.

use core::time::Duration;
use epic_domain::secret::SecretText;

/// How a store works.
#[derive(Debug, Clone)]
pub struct MongoOptions {
    /// Where the servers are, with credentials and TLS (`mongodb://…` or `mongodb+srv://…`). Concerns, retries, timeouts and
    /// the pool are set by this adapter, whatever it says about them.
    pub uri: SecretText,
    /// The database that is the store's alone.
    pub database: String,
    /// The most connections to one server.
    pub pool_size_max: u32,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a call may take; past it the store is unavailable.
    pub deadline: Duration,
    /// How long the database keeps what has expired before it removes it by itself, should nobody sweep. A clock of a
    /// database server that is ahead by less takes nothing away too early.
    pub expired_kept_for: Duration,
}

impl MongoOptions {
    /// 32 connections, 2 seconds to connect, 5 seconds for a call, and a day for what has expired.
    #[must_use]
    pub const fn new(uri: SecretText, database: String) -> Self {
        Self {
            uri,
            database,
            pool_size_max: 32,
            connect_timeout: Duration::from_secs(2),
            deadline: Duration::from_secs(5),
            expired_kept_for: Duration::from_secs(24 * 3_600),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credentials_in_the_uri_are_not_shown() {
        let uri = SecretText::new("mongodb://epic:hunter2@localhost".into());
        let shown = format!("{:?}", MongoOptions::new(uri, "epic".into()));
        assert!(shown.contains("epic") && !shown.contains("hunter2"), "{shown}");
    }
}
