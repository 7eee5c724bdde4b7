//! The server for tests that speaks MongoDB's protocol, and databases on it. They are those of the adapter's own tests.

#[path = "../../adapters/store-mongodb/tests/support/named_database.rs"]
pub(crate) mod named_database;
#[path = "../../adapters/store-mongodb/tests/support/own_server.rs"]
pub(crate) mod own_server;
#[path = "../../adapters/store-mongodb/tests/support/server.rs"]
pub(crate) mod server;

pub(crate) use named_database::NamedDatabase;
