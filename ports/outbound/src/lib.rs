//! Driven ports: what the core needs from the outside, as traits and their errors.
//!
//! A method is an atomic intent, not a row operation: what must not race is one call, and the adapter decides it in
//! one step with the domain's own functions. Use cases make ids and times and pass them in, so stores are
//! deterministic. What is absent is `Ok(None)`; an error means the port could not answer.
//!
//! A call may be dropped at any await: its client has hung up. Then all of it takes effect or none, and not later than a
//! later write to the same account's things has answered. One queue of writers, or a fair lock taken before the work
//! goes to another thread, gives both.
//!
//! With the feature `mock`, each trait has a mockall double named `Mock…`. Only dev-dependencies enable it.

pub mod access_log;
pub mod audit;
pub mod blobs;
pub mod changes;
pub mod clock;
pub mod entropy;
pub mod entry_limiter;
pub mod error;
pub mod files;
pub mod hasher;
pub mod head_signer;
pub mod limiter;
pub mod links;
pub mod moving;
pub mod otp;
pub mod passes;
pub mod revocations;
pub mod sealer;
pub mod sessions;
pub mod shares;
pub mod tokens;
pub mod uploads;
pub mod users;

pub use error::{Source, StoreError};
