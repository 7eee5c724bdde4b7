//! Moving house: everything that a store keeps, as records that another store takes over.
//!
//! A record is made of the domain's own values and holds all that a store must know, whatever its tables or documents look
//! like. Equal records have equal hashes and stand in the same order in every store, so that two stores can be compared.

mod canonical;
mod encodings;
mod key;
mod kind;
mod mark;
mod record;
mod tally;

pub use canonical::RecordHash;
pub use key::Key;
pub use kind::Kind;
pub use mark::{Mark, Progress};
pub use record::{
    DoomedBlob, EarlierContent, Record, RememberedRequest, RemovedFile, StoredAccount, StoredFile,
    StoredUsage,
};
pub use tally::Tally;
