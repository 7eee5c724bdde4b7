//! How a store is reached and how long it may take.

use crate::errors::OpenError;
use core::net::IpAddr;
use core::time::Duration;
use epic_domain::secret::SecretText;
use mongodb::options::{ConnectionString, HostInfo, ServerAddress};

/// The database of a connection string that names none.
const DATABASE: &str = "epic";

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

    /// [`MongoOptions::new`] for the database that the connection string names, or `epic` when it names none.
    ///
    /// # Errors
    /// [`OpenError::InvalidUri`] when it does not parse.
    pub fn from_uri(uri: SecretText) -> Result<Self, OpenError> {
        let database = parse(&uri)?.default_database.unwrap_or_else(|| DATABASE.to_owned());
        Ok(Self::new(uri, database))
    }

    /// Whether what is stored travels to another machine without TLS. The names of `mongodb+srv` are told only when they
    /// are looked up; TLS is on for them unless the connection string switches it off.
    ///
    /// # Errors
    /// [`OpenError::InvalidUri`] when the connection string does not parse.
    pub fn is_in_the_clear(&self) -> Result<bool, OpenError> {
        let ConnectionString { tls, host_info, .. } = parse(&self.uri)?;
        let has_tls = matches!(tls, Some(mongodb::options::Tls::Enabled(_)));
        Ok(!has_tls
            && match host_info {
                HostInfo::HostIdentifiers(hosts) => hosts.iter().any(is_elsewhere),
                HostInfo::DnsRecord(_) => tls.is_some(),
                _ => true,
            })
    }
}

fn parse(uri: &SecretText) -> Result<ConnectionString, OpenError> {
    ConnectionString::parse(uri.expose()).map_err(|_| OpenError::InvalidUri)
}

fn is_elsewhere(server: &ServerAddress) -> bool {
    match server {
        ServerAddress::Tcp { host, .. } => {
            let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
            !address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
        }
        ServerAddress::Unix { .. } => false,
        _ => true,
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
    fn from_uri(uri: &str) -> Result<MongoOptions, OpenError> {
        MongoOptions::from_uri(SecretText::new(uri.into()))
    }

    #[test]
    fn the_database_is_the_one_that_the_connection_string_names() {
        assert_eq!(from_uri("mongodb://localhost/notes?replicaSet=rs0").unwrap().database, "notes");
        assert_eq!(from_uri("mongodb://localhost").unwrap().database, "epic");
        assert!(matches!(from_uri("postgres://localhost"), Err(OpenError::InvalidUri)));
    }

    #[test]
    fn without_tls_only_this_machine_is_near_enough() {
        let clear = |uri| from_uri(uri).unwrap().is_in_the_clear().unwrap();
        for near in ["mongodb://localhost", "mongodb://127.0.0.1:1,[::1]:2", "mongodb://db/?tls=true"] {
            assert!(!clear(near), "{near}");
        }
        for far in ["mongodb://db", "mongodb://127.0.0.1,db", "mongodb://db/?tls=false"] {
            assert!(clear(far), "{far}");
        }
        assert!(!clear("mongodb+srv://db.example.org"));
        assert!(clear("mongodb+srv://db.example.org/?tls=false"));
    }
}
