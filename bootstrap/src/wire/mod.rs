//! The wiring by hand: settings choose adapters, adapters are the parts, parts make the application.

mod application;
mod parts;

pub use application::Application;
pub use parts::{Machine, Parts, PartsError, Store, database_of};
