//! The binary `epic-server`: settings, keys, wiring, life and end of the process, and the commands around it.
//!
//! As a library it lets tests build the same application in their own process, with other parts.

pub mod audit_heads;
pub mod background;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod keys;
pub mod lifecycle;
pub mod logging;
pub mod wire;

mod signals;
