//! Time.

use epic_domain::{Monotonic, Timestamp};

/// Two clocks: the wall clock for what is stored and told, and one that only goes forward for limits.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// The clock that only goes forward; it never jumps with the wall clock.
    fn monotonic(&self) -> Monotonic;
}
