//! The limiter as its callers see it.

mod limits;
mod memory_cap;
mod model;
mod races;
mod support;
