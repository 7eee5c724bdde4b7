//! Memory in front of the store: what every protected call would otherwise ask the disk.
//!
//! Nothing here is the only copy of anything. A node may start with all of it empty and fill it from the store.

mod access_log;
mod cached_usages;
mod cached_users;
mod id_hash;
mod revocation_index;
mod unsettled;

pub use access_log::MemoryAccessLog;
pub use cached_usages::CachedUsages;
pub use cached_users::CachedUsers;
pub use revocation_index::RevocationIndex;
