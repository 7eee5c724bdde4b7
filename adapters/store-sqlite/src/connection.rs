//! How connections are set up.

use crate::OpenError;
use crate::error::Failure;
use core::time::Duration;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// How long a connection waits for a foreign one, such as a backup's, before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// The log is cut back to this size after a checkpoint.
const WAL_SIZE_BYTES_MAX: i64 = 64 * 1024 * 1024;
const WRITER_CACHE_KIB: i64 = 8 * 1024;
const READER_CACHE_KIB: i64 = 2 * 1024;
/// More than there are.
const STATEMENTS_CACHED: usize = 192;

/// The one connection that writes.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    harden(&connection, WRITER_CACHE_KIB)?;
    Ok(connection)
}

/// Durability, switched on once the file is known to be ours: the journal mode is kept in it.
pub(crate) fn make_durable(connection: &Connection) -> Result<(), OpenError> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::Unavailable("the file system does not allow a write-ahead log".into()));
    }
    // FULL flushes the log at each commit; NORMAL would lose the last commits in a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_SIZE_BYTES_MAX)?;
    // What is deleted is overwritten where that costs no further write.
    connection.pragma_update_and_check(None, "secure_delete", "FAST", |_| Ok(()))?;
    Ok(())
}

/// A connection that cannot write.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    harden(&connection, READER_CACHE_KIB)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

pub(crate) fn harden(connection: &Connection, cache_kib: i64) -> Result<(), Failure> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    // Plans do not depend on what is bound. Otherwise SQLite compiles many a cached statement anew for each new value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A negative size counts KiB instead of pages.
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    Ok(())
}

/// Checks the structure of the whole file.
pub(crate) fn check_structure(connection: &Connection) -> Result<(), OpenError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Failure::Damaged("page").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn a_statement_is_compiled_once_whatever_is_bound() {
        let connection = Connection::open_in_memory().unwrap();
        harden(&connection, 1_024).unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER PRIMARY KEY)").unwrap();
        let mut page = connection
            .prepare("SELECT number FROM numbers WHERE number > ?1 ORDER BY number LIMIT ?2")
            .unwrap();
        for limit in 0..10 {
            assert!(!page.exists((limit * 1_000, limit)).unwrap());
        }
        assert_eq!(page.get_status(StatementStatus::RePrepare), 0);
    }
}
