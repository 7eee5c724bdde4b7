//! The embedded store: accounts, sessions, files, shares and audit in one SQLite file. The bytes of contents are elsewhere.
//!
//! One thread writes. It takes every job that waits, runs each in its own savepoint of one transaction, commits once,
//! and only then answers: many callers share one flush to disk, and what is acknowledged is durable. A few threads
//! with read-only connections read; readers and the writer never wait for each other (write-ahead log).
//!
//! Architecture invariant: nothing here reads a clock or draws an id, and every decision is the domain's.

mod account_changes;
mod audit;
mod audit_row;
mod blob_ledger;
mod completion;
mod connection;
mod content_row;
mod error;
mod file_changes;
mod file_lists;
mod file_removal;
mod file_row;
mod files;
mod folder;
mod job;
mod link_row;
mod links;
mod moving;
mod moving_export;
mod moving_import;
mod moving_mark;
mod readers;
mod removed_accounts;
mod requests;
mod rows;
mod schema;
mod second_factor;
mod session_row;
mod sessions;
mod share_row;
mod shares;
mod statements;
mod storage;
mod store;
mod upload_changes;
mod upload_row;
mod uploads;
mod user_row;
mod users;
mod writer;

pub use error::OpenError;
pub use store::{SqliteStore, StoreOptions};
