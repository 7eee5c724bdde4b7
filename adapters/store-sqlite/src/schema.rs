//! The tables, as versioned migrations.

use crate::OpenError;
use rusqlite::{Connection, TransactionBehavior};

/// "EPIC" in ASCII: marks the file as ours, for us and for `file(1)`.
const APPLICATION_ID: i64 = 0x4550_4943;

/// Migrations in order; the database's `user_version` counts those it has. One that was released never changes.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_accounts_files_audit.sql")];

/// Brings the tables up to date, each migration in a transaction of its own.
///
/// # Errors
/// [`OpenError::NotOurs`] or [`OpenError::TooNew`] before anything is written, otherwise what SQLite reports.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found = check_ours(connection)?;
    let done = usize::try_from(found).unwrap_or(0);
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
        tracing::info!(version, "the database was migrated");
    }
    Ok(())
}

/// The schema version of a database that is ours, or 0 of an empty one.
///
/// # Errors
/// [`OpenError::NotOurs`], [`OpenError::TooNew`], otherwise what SQLite reports.
pub(crate) fn check_ours(connection: &Connection) -> Result<i64, OpenError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let application_id: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_empty = application_id == 0 && found == 0 && tables == 0;
    if application_id != APPLICATION_ID && !is_empty {
        return Err(OpenError::NotOurs);
    }
    if found > known || found < 0 {
        return Err(OpenError::TooNew { found, known });
    }
    Ok(found)
}
