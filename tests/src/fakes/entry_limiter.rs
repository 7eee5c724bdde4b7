//! Limits of the ways in, counted by a fake limiter, which several nodes may share.

use super::FaultSwitch;
use async_trait::async_trait;
use epic_domain::rate_limit::{Attempt, Decision, Denial};
use epic_outbound::StoreError;
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::EntryLimiter;
use epic_outbound::limiter::Limiter;
use std::sync::Arc;

/// Counts with a limiter, and fails on demand.
pub struct FakeEntryLimiter {
    limiter: Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
    faults: FaultSwitch,
}

impl FakeEntryLimiter {
    /// Counts with `limiter`.
    #[must_use]
    pub fn new(limiter: Arc<dyn Limiter>, clock: Arc<dyn Clock>) -> Self {
        Self { limiter, clock, faults: FaultSwitch::default() }
    }

    /// Makes calls of this limiter fail.
    #[must_use]
    pub const fn faults(&self) -> &FaultSwitch {
        &self.faults
    }
}

#[async_trait]
impl EntryLimiter for FakeEntryLimiter {
    async fn check(&self, attempts: &[Attempt]) -> Result<Decision, StoreError> {
        self.faults.guard(|| self.limiter.check(attempts, self.clock.monotonic()))
    }

    fn known_denial(&self, attempts: &[Attempt]) -> Option<Denial> {
        match self.limiter.peek(attempts, self.clock.monotonic()) {
            Decision::Denied(denial) => Some(denial),
            Decision::Allowed(_) => None,
        }
    }

    async fn give_back(&self, attempts: &[Attempt]) -> Result<(), StoreError> {
        self.faults.guard(|| self.limiter.give_back(attempts, self.clock.monotonic()))
    }
}
