//! What goes wrong, in words that carry no stored value.
//!
//! The driver's errors quote documents: a duplicate key error holds the key. None of their text goes on; codes do.

use epic_outbound::{Source, StoreError};
use mongodb::error::{Error, ErrorKind, WriteFailure};

const DUPLICATE_KEY: i32 = 11_000;
/// `OutOfDiskSpace`.
const OUT_OF_DISK_SPACE: i32 = 14_031;

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The connection string does not parse. It is not quoted here: it may hold a password.
    #[error("the connection string is not a valid MongoDB URI")]
    InvalidUri,
    /// The server stands alone: it has no transactions.
    #[error("the MongoDB server must be a replica set member or a mongos: it has no transactions otherwise")]
    NoTransactions,
    /// A direct connection to one member of several.
    #[error(
        "the connection string asks for a direct connection to one of several members: leave directConnection out, so that the primary is asked"
    )]
    OneOfSeveral,
    /// A newer server wrote the database; this one does not know its documents.
    #[error("the database has format {found}, this server knows up to {known}")]
    TooNew {
        /// The format found.
        found: i64,
        /// The newest format this server knows.
        known: i64,
    },
    /// Another store was moving in, and is not here whole.
    #[error("a move into this database has not been finished: run the same migrate command again")]
    HalfMoved,
    /// What says how the database is laid out is damaged.
    #[error("the database is damaged")]
    Corrupt(#[source] Source),
    /// The servers do not answer, or refuse to serve.
    #[error("the database cannot be used")]
    Unavailable(#[source] Source),
}

/// Why a call failed. It can be copied, since one failed append fails every call of its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("MongoDB reports error {0}")]
    Server(i32),
    #[error("MongoDB did not make a write durable, error {0}")]
    WriteConcern(i32),
    #[error("a connection to MongoDB broke")]
    Network,
    #[error("no MongoDB server can be reached")]
    NoServer,
    #[error("MongoDB refuses the credentials or the TLS settings")]
    Refused,
    #[error("the MongoDB driver refuses the call")]
    Driver,
    #[error("a stored {0} does not parse")]
    Damaged(&'static str),
    #[error("a number is larger than the store can hold")]
    TooLarge,
    #[error("an id is taken")]
    IdTaken,
    #[error("others changed the same documents too often")]
    Contended,
    #[error("too many calls are waiting")]
    QueueFull,
    #[error("the store is closed")]
    Closed,
    #[error("the store did not answer in time")]
    TimedOut,
    #[error("the call was broken off")]
    BrokenOff,
}

impl Failure {
    pub(crate) const fn is_duplicate_key(self) -> bool {
        matches!(self, Self::Server(DUPLICATE_KEY))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &*error.kind {
            ErrorKind::Command(error) => Self::Server(error.code),
            ErrorKind::Write(WriteFailure::WriteError(error)) => Self::Server(error.code),
            ErrorKind::Write(WriteFailure::WriteConcernError(error)) => Self::WriteConcern(error.code),
            ErrorKind::InsertMany(many) => {
                let first = many.write_errors.as_ref().and_then(|errors| errors.first());
                match (first, &many.write_concern_error) {
                    (Some(error), _) => Self::Server(error.code),
                    (None, Some(error)) => Self::WriteConcern(error.code),
                    (None, None) => Self::Driver,
                }
            }
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => Self::Network,
            ErrorKind::ServerSelection { .. } | ErrorKind::DnsResolve { .. } => Self::NoServer,
            ErrorKind::Authentication { .. } | ErrorKind::InvalidTlsConfig { .. } => Self::Refused,
            ErrorKind::Bson(_) | ErrorKind::BsonDeserialization(_) | ErrorKind::InvalidResponse { .. } => {
                Self::Damaged("document")
            }
            ErrorKind::Custom(_) => error.get_custom::<Self>().copied().unwrap_or(Self::Driver),
            _ => Self::Driver,
        }
    }
}

/// For the driver's transactions, whose steps fail with its errors alone.
impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::custom(failure)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Damaged(_) => Self::Corrupt(failure.into()),
            Failure::Server(OUT_OF_DISK_SPACE) | Failure::WriteConcern(OUT_OF_DISK_SPACE) => {
                Self::Full(failure.into())
            }
            _ => Self::Unavailable(failure.into()),
        }
    }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Damaged(_) => Self::Corrupt(failure.into()),
            _ => Self::Unavailable(failure.into()),
        }
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mongodb::bson::{Document, deserialize_from_document, doc};
    use mongodb::error::CommandError;
    use std::sync::Arc;

    fn command(code: i32) -> Error {
        let reply: Document =
            doc! { "code": code, "codeName": "Name", "errmsg": "dup key: { username: \"alice\" }" };
        let error: CommandError = deserialize_from_document(reply).expect("a command error");
        ErrorKind::Command(error).into()
    }

    fn store_error(code: i32) -> StoreError {
        Failure::from(command(code)).into()
    }

    #[test]
    fn a_full_disk_is_told_from_an_unavailable_store() {
        assert!(matches!(store_error(OUT_OF_DISK_SPACE), StoreError::Full(_)));
        for not_writable_primary_or_write_conflict in [10_107, 13_435, 112, 11_600] {
            assert!(matches!(
                store_error(not_writable_primary_or_write_conflict),
                StoreError::Unavailable(_)
            ));
        }
    }

    #[test]
    fn a_broken_connection_is_an_unavailable_store() {
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let failure = Failure::from(Error::from(ErrorKind::Io(Arc::new(broken))));
        assert!(matches!(failure.into(), StoreError::Unavailable(_)));
    }

    #[test]
    fn a_duplicate_key_is_known_by_its_code() {
        assert!(Failure::from(command(11_000)).is_duplicate_key());
        assert!(!Failure::from(command(112)).is_duplicate_key());
    }

    #[test]
    fn the_text_of_an_error_holds_no_stored_value() {
        let StoreError::Unavailable(source) = store_error(11_000) else { panic!("another error") };
        assert!(!format!("{source} {source:?}").contains("alice"));
    }

    #[test]
    fn a_failure_passes_through_the_driver_unchanged() {
        let failure = Failure::Damaged("time");
        assert_eq!(Failure::from(Error::from(failure)), failure);
    }
}
