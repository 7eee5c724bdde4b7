//! Documents: one kind a file, how it is written and how it is read.
//!
//! Each holds its format in `v`. Ids are binary values of the UUID kind, times are BSON dates, counters are 64-bit.

pub(crate) mod anchor;
pub(crate) mod change;
pub(crate) mod content;
pub(crate) mod doomed_blob;
pub(crate) mod file;
pub(crate) mod file_link;
pub(crate) mod file_link_queries;
pub(crate) mod file_queries;
pub(crate) mod format;
pub(crate) mod key_mark;
pub(crate) mod limit;
pub(crate) mod link;
pub(crate) mod moving_mark;
pub(crate) mod moving_queries;
pub(crate) mod node;
pub(crate) mod pages;
pub(crate) mod removed_account;
pub(crate) mod request;
pub(crate) mod session;
pub(crate) mod session_queries;
pub(crate) mod share;
pub(crate) mod share_queries;
pub(crate) mod signed_head;
pub(crate) mod storage;
pub(crate) mod upload;
pub(crate) mod upload_queries;
pub(crate) mod user;
pub(crate) mod user_queries;
pub(crate) mod values;

use crate::errors::Failure;

/// The newest format of documents that this server knows.
pub(crate) const FORMAT: i32 = 1;

/// Refuses a document of a format that this server does not know.
fn check_format(v: i32) -> Result<(), Failure> {
    if v == FORMAT { Ok(()) } else { Err(Failure::Damaged("format")) }
}
