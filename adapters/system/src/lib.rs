//! The machine's own clocks and random numbers: the one place that reads them.

mod clock;
mod entropy;

pub use clock::SystemClock;
pub use entropy::SystemEntropy;
