//! The embedded store: users, sessions, revocations and audit in one SQLite file.
//!
//! One thread writes. It takes every job that waits, runs each in its own savepoint of one transaction, commits once,
//! and only then answers: many callers share one flush to disk, and what is acknowledged is durable. A few threads
//! with read-only connections read; readers and the writer never wait for each other (write-ahead log).
//!
//! Architecture invariant: nothing here reads a clock or draws an id, and every decision is the domain's.

mod account_changes;
mod audit;
mod audit_row;
mod connection;
mod error;
mod folder;
mod job;
mod readers;
mod rows;
mod schema;
mod second_factor;
mod session_row;
mod sessions;
mod store;
mod user_row;
mod users;
mod writer;

pub use error::OpenError;
pub use store::{SqliteStore, StoreOptions};
