//! The rate limiter of the ways in.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::rate_limit::{Attempt, Decision, Denial};

/// Counts attempts to sign in, to register and at one-time codes, in exact sliding windows. Apart from
/// [`Limiter`](crate::limiter::Limiter), since nodes may share these counts and asking for them may then take time and
/// fail, which the limit of ordinary calls must not.
///
/// It reads the clock itself: which of the two counts depends on whether the count is this node's alone.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EntryLimiter: Send + Sync {
    /// Takes one attempt of each key, or none if any key is used up. Decided in one step: of racing calls exactly as
    /// many pass as the quota allows, wherever they are made. The decision is that of the tightest key; a denial's wait is
    /// the longest.
    ///
    /// # Errors
    /// [`StoreError`] when nobody can tell; the attempt must not go on. It may have been counted.
    async fn check(&self, attempts: &[Attempt]) -> Result<Decision, StoreError>;

    /// The denial that [`EntryLimiter::check`] would give, if that is known here and now, taking nothing. For refusing
    /// early: `None` promises nothing.
    fn known_denial(&self, attempts: &[Attempt]) -> Option<Denial>;

    /// Gives back one attempt of each key: the newest that still counts. For actions whose quota is of failures: the
    /// attempt is taken before the outcome is known, so that racing guesses cannot overrun the quota, and given back
    /// when it succeeds. A key with nothing counted is left alone.
    ///
    /// # Errors
    /// [`StoreError`]; the attempts may count as if they had failed.
    async fn give_back(&self, attempts: &[Attempt]) -> Result<(), StoreError>;
}
