//! The rate limiter.

use epic_domain::Monotonic;
use epic_domain::rate_limit::{Attempt, Decision};

/// Counts attempts in exact sliding windows, in memory. It cannot fail: when its memory is full it refuses new
/// subjects and keeps those it knows.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Limiter: Send + Sync {
    /// Takes one attempt of each key, or none if any key is used up. Decided in one step: of racing calls exactly as
    /// many pass as the quota allows. The decision is that of the tightest key; a denial's wait is the longest.
    fn check(&self, attempts: &[Attempt], now: Monotonic) -> Decision;

    /// What [`Limiter::check`] would say, taking nothing.
    fn peek(&self, attempts: &[Attempt], now: Monotonic) -> Decision;

    /// Gives back one attempt of each key: the newest that still counts. For actions whose quota is of failures: the
    /// attempt is taken before the outcome is known, so that racing guesses cannot overrun the quota, and given back
    /// when it succeeds. A key with nothing counted is left alone.
    fn give_back(&self, attempts: &[Attempt], now: Monotonic);

    /// Forgets what no window counts any more. Called in the background; correctness does not depend on it.
    fn prune(&self, now: Monotonic);
}
