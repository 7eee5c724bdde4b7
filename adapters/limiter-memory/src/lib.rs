//! An exact sliding-window limiter in memory, with a hard cap on the memory it takes.
//!
//! Each action has its own shards, each behind a lock of its own; a key is remembered as a keyed 64-bit fingerprint
//! and the moments of its attempts, never as the address or name it stands for. The rule itself is
//! [`epic_domain::rate_limit::judge`]; what lies here is where its memory lives and when it is given back.

mod budget;
mod clock_floor;
mod decision;
mod entry;
mod fingerprint;
mod lane;
mod limiter;
mod shard;
mod slot;
mod table;

pub use budget::Budget;
pub use entry::NodeEntryLimiter;
pub use limiter::MemoryLimiter;
