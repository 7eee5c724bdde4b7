//! The wiring by hand: settings choose adapters, adapters are the parts, parts make the application.

mod application;
mod blobs;
mod parts;
mod ports;

pub use application::Application;
pub use blobs::BlobsRefused;
pub use parts::{Machine, Parts, PartsError, Store, StorePorts, database_of};
