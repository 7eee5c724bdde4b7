//! What happened, as a chain in which nothing can be changed, removed, moved or cut off unseen.

mod chain;
mod event;
mod file_chain;
mod signed_head;

pub use chain::{Anchor, Break, BreakCause, Head, Link, verify};
pub(crate) use event::named_variants;
pub use event::{Event, EventKind, FailureReason, FileMark, GrantMark};
pub use file_chain::{FileLink, FilePlace, verify_file};
pub use signed_head::SignedHead;
