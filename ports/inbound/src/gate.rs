//! The limit of ordinary calls, as a proof that a call has passed it.

use epic_domain::id::UserId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, Standing, Subject};
use epic_outbound::clock::Clock;
use epic_outbound::limiter::Limiter;
use std::sync::Arc;

/// Counts ordinary calls and lets them in.
#[derive(Clone)]
pub struct Gate {
    limiter: Arc<dyn Limiter>,
    clock: Arc<dyn Clock>,
}

/// Proof that a call was counted and may go on. Use cases that are limited by call ask for one.
#[derive(Debug)]
#[must_use]
pub struct Admission {
    standing: Option<Standing>,
}

impl Admission {
    /// Where the caller stands now.
    #[must_use]
    pub const fn standing(&self) -> Option<Standing> {
        self.standing
    }
}

impl Gate {
    /// A gate that counts with `limiter`.
    #[must_use]
    pub fn new(limiter: Arc<dyn Limiter>, clock: Arc<dyn Clock>) -> Self {
        Self { limiter, clock }
    }

    /// Counts a call by nobody in particular, against its address.
    ///
    /// # Errors
    /// The [`Denial`] when the address has used its quota up.
    pub fn admit_address(&self, origin: IpPrefix) -> Result<Admission, Denial> {
        self.admit(Subject::Address(origin))
    }

    /// Counts a call by an account.
    ///
    /// # Errors
    /// The [`Denial`] when the account has used its quota up.
    pub fn admit_account(&self, user_id: UserId) -> Result<Admission, Denial> {
        self.admit(Subject::Account(user_id))
    }

    fn admit(&self, subject: Subject) -> Result<Admission, Denial> {
        match self.limiter.check(&[Attempt::new(Action::Api, subject)], self.clock.monotonic()) {
            Decision::Allowed(standing) => Ok(Admission { standing }),
            Decision::Denied(denial) => Err(denial),
        }
    }
}
