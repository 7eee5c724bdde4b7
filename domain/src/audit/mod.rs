//! What happened, as a chain in which nothing can be changed, removed, moved or cut off unseen.

mod chain;
mod event;
mod signed_head;

pub use chain::{Anchor, Break, BreakCause, Head, Link, verify};
pub use event::{Event, EventKind, FailureReason};
pub use signed_head::SignedHead;
