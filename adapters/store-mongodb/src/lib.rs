//! The store for several nodes: users, sessions, revocations, audit, files, uploads, shares and links in MongoDB.
//!
//! What must not race is decided by one document where one serves: a version or the very token that is replaced stands
//! in the filter of the update. Where several documents change in one step, a transaction does it, and it writes first
//! what its rivals write too, so that of two one is refused and tries again. What changes an account's sessions or its
//! files writes the account's document first: there they all meet, its removal among them.
//!
//! Every write waits for the journals of a majority and every read sees what a majority holds: what is acknowledged
//! survives the loss of a node. Every call has a deadline, and goes on to its end when its caller has gone.
//!
//! Architecture invariant: nothing here reads a clock or draws the id of anything that is kept. Indexes with a lifetime only
//! clean up; queries look at expiry themselves, by the time that the caller gives.

mod account_changes;
mod account_clearing;
mod append_queue;
mod audit;
mod blob_ledger;
mod chain_end;
mod collections;
mod completion;
mod connection;
mod documents;
mod errors;
mod feed;
mod file_changes;
mod file_links;
mod file_lists;
mod file_reading;
mod file_removal;
mod files;
mod format;
mod grants;
mod indexes;
mod key_mark;
mod limiter;
mod limiter_count;
mod limiter_denials;
mod limiter_key;
mod limiter_step;
mod moving;
mod moving_export;
mod moving_import;
mod moving_mark;
mod nodes;
mod options;
mod presence;
#[cfg(test)]
mod query_plans;
mod registration;
mod removed_accounts;
mod requests;
mod second_factor;
mod session_endings;
mod session_opening;
mod sessions;
mod share_granting;
mod share_lists;
mod shares;
mod storage;
mod store;
mod sweep;
#[cfg(test)]
#[path = "../tests/support/server.rs"]
#[allow(dead_code, reason = "tests of their own use more of it")]
mod test_server;
mod touches;
mod transaction;
mod turns;
mod upload_beginning;
mod upload_changes;
mod uploads;
mod users;

pub use errors::OpenError;
pub use limiter::{LimitTooLarge, SharedLimiter};
pub use options::MongoOptions;
pub use store::MongoStore;
