//! Proof that the caller has just shown who they are, which what guards an account asks for (RFC 9470).

use crate::authenticate::Authenticated;
use core::time::Duration;
use epic_domain::session::SessionPolicy;
use epic_outbound::clock::Clock;
use std::sync::Arc;

/// Judges whether a caller has shown lately who they are.
#[derive(Clone)]
pub struct Freshness {
    clock: Arc<dyn Clock>,
    policy: SessionPolicy,
}

/// A caller who has shown lately who they are.
#[derive(Debug)]
pub struct Fresh(Authenticated);

/// The caller must step up first.
#[derive(Debug)]
pub struct StepUpRequired {
    /// The caller, as far as known.
    pub caller: Authenticated,
    /// The most time that may have passed since the caller proved who they are.
    pub max_age: Duration,
}

impl Freshness {
    /// Judges under `policy`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, policy: SessionPolicy) -> Self {
        Self { clock, policy }
    }

    /// Asks for a recent proof.
    ///
    /// # Errors
    /// [`StepUpRequired`] when the last one is too old.
    pub fn require(&self, caller: Authenticated) -> Result<Fresh, StepUpRequired> {
        if self.policy.is_fresh(caller.claims().auth_time, self.clock.now()) {
            Ok(Fresh(caller))
        } else {
            Err(StepUpRequired { caller, max_age: self.policy.step_up() })
        }
    }
}

impl Fresh {
    /// The caller.
    #[must_use]
    pub const fn caller(&self) -> &Authenticated {
        &self.0
    }
}
