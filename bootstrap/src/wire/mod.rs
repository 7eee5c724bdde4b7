//! The wiring by hand: settings choose adapters, adapters are the parts, parts make the application.

mod application;
mod blobs;
mod clocks;
mod entry_limiter;
mod keyed_store;
mod parts;
mod ports;
mod store;

pub use application::Application;
pub use blobs::BlobsRefused;
pub use clocks::{ClockRefused, check_clock};
pub use entry_limiter::EntryLimiterRefused;
pub use keyed_store::claim;
pub use parts::{Machine, OtherNodes, Parts, PartsError};
pub use store::{Store, StorePorts, StoreRefused, database_of};
