//! What goes wrong, in words that carry no stored value.

use core::ffi::c_int;
use epic_outbound::{Source, StoreError};
use rusqlite::ffi;

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or another store in this one, works on the folder.
    #[error("the data folder is in use by another process")]
    InUse,
    /// A newer server wrote the database; this one does not know its tables.
    #[error("the database has schema version {found}, this server knows up to {known}")]
    TooNew {
        /// The version found.
        found: i64,
        /// The newest version this server knows.
        known: i64,
    },
    /// The file is a database of another application.
    #[error("the database belongs to another application")]
    NotOurs,
    /// Another store was moving in, and is not here whole.
    #[error("a move into this database has not been finished: run the same migrate command again")]
    HalfMoved,
    /// The file is damaged, or is no database.
    #[error("the database is damaged")]
    Corrupt(#[source] Source),
    /// The folder or file cannot be used.
    #[error("the data folder cannot be used")]
    Unavailable(#[source] Source),
}

/// Why a job failed. It can be copied, since one failed commit fails every job of its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("SQLite reports {}", ffi::code_to_str(*.0))]
    Sqlite(c_int),
    #[error("SQLite was used wrongly")]
    Misuse,
    #[error("a stored {0} does not parse")]
    Damaged(&'static str),
    #[error("a number is larger than the store can hold")]
    TooLarge,
    #[error("too many calls are waiting")]
    QueueFull,
    #[error("the store is closed")]
    Closed,
    #[error("the store did not answer in time")]
    TimedOut,
    #[error("a job panicked")]
    Panicked,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error;
        match error {
            Error::SqliteFailure(error, _) | Error::SqlInputError { error, .. } => {
                Self::Sqlite(error.extended_code)
            }
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::Utf8Error(..)
            | Error::InvalidColumnType(..) => Self::Damaged("column"),
            _ => Self::Misuse,
        }
    }
}

impl Failure {
    /// SQLite's result code without its extension, where there is one.
    pub(crate) const fn primary_code(self) -> Option<c_int> {
        match self {
            Self::Sqlite(extended) => Some(extended & 0xFF),
            _ => None,
        }
    }

    pub(crate) const fn is_corruption(self) -> bool {
        matches!(self, Self::Damaged(_))
            || matches!(self.primary_code(), Some(ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        if failure.is_corruption() {
            Self::Corrupt(failure.into())
        } else if failure.primary_code() == Some(ffi::SQLITE_FULL) {
            Self::Full(failure.into())
        } else {
            Self::Unavailable(failure.into())
        }
    }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        if failure.is_corruption() {
            Self::Corrupt(failure.into())
        } else {
            Self::Unavailable(failure.into())
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Failure::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(extended_code: c_int) -> StoreError {
        let error =
            rusqlite::Error::SqliteFailure(ffi::Error::new(extended_code), Some("row 'alice'".into()));
        Failure::from(error).into()
    }

    #[test]
    fn a_full_disk_is_told_from_an_unavailable_store() {
        assert!(matches!(sqlite(ffi::SQLITE_FULL), StoreError::Full(_)));
        assert!(matches!(sqlite(ffi::SQLITE_IOERR_WRITE), StoreError::Unavailable(_)));
        assert!(matches!(sqlite(ffi::SQLITE_BUSY), StoreError::Unavailable(_)));
    }

    #[test]
    fn damage_is_told_from_an_unavailable_store() {
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX, ffi::SQLITE_NOTADB] {
            assert!(matches!(sqlite(code), StoreError::Corrupt(_)), "{code}");
        }
        let out_of_range = rusqlite::Error::IntegralValueOutOfRange(3, -77);
        assert!(matches!(Failure::from(out_of_range).into(), StoreError::Corrupt(_)));
    }

    #[test]
    fn the_text_of_an_error_holds_no_stored_value() {
        let StoreError::Unavailable(source) = sqlite(ffi::SQLITE_CONSTRAINT_UNIQUE) else { panic!() };
        assert!(!format!("{source} {source:?}").contains("alice"));
    }
}
