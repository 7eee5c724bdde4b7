//! The shape of the workspace, checked: who may depend on whom, and what every crate and module must have.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod edges;
mod files;
mod workspace;
