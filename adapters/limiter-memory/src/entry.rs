//! The limits of the ways in, counted by this node for itself.

use async_trait::async_trait;
use epic_domain::rate_limit::{Attempt, Decision, Denial};
use epic_outbound::StoreError;
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::limiter::Limiter;
use std::sync::Arc;

/// Counts attempts at the ways in with the limiter that counts everything else, by the clock that only goes forward. It
/// never fails; what other nodes count it does not know.
#[derive(Clone)]
pub struct NodeEntryLimiter {
    limiter: Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
}

impl NodeEntryLimiter {
    /// Counts with `limiter`.
    #[must_use]
    pub fn new(limiter: Arc<dyn Limiter>, clock: Arc<dyn Clock>) -> Self {
        Self { limiter, clock }
    }
}

#[async_trait]
impl EntryLimiter for NodeEntryLimiter {
    async fn check(&self, attempts: &[Attempt]) -> Result<Decision, StoreError> {
        Ok(self.limiter.check(attempts, self.clock.monotonic()))
    }

    fn known_denial(&self, attempts: &[Attempt]) -> Option<Denial> {
        match self.limiter.peek(attempts, self.clock.monotonic()) {
            Decision::Denied(denial) => Some(denial),
            Decision::Allowed(_) => None,
        }
    }

    async fn give_back(&self, attempts: &[Attempt]) -> Result<(), StoreError> {
        self.limiter.give_back(attempts, self.clock.monotonic());
        Ok(())
    }
}
