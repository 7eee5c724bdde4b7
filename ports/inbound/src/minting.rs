//! Makes ids: the one place where time and randomness become identifiers.

use crate::Fault;
use epic_domain::Timestamp;
use epic_domain::id::{EventId, SessionId, TokenId, UserId};
use epic_domain::secret::Secret;
use epic_domain::user::{RecoveryCode, TotpSecret};
use epic_outbound::entropy::{Entropy, random_bytes};
use std::sync::Arc;

/// Makes ids and secrets from the entropy port.
#[derive(Clone)]
pub struct Minting {
    entropy: Arc<dyn Entropy>,
}

impl Minting {
    /// Makes them from `entropy`.
    #[must_use]
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy }
    }

    pub(crate) fn user_id(&self, now: Timestamp) -> Result<UserId, Fault> {
        Ok(UserId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn session_id(&self, now: Timestamp) -> Result<SessionId, Fault> {
        Ok(SessionId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn token_id(&self, now: Timestamp) -> Result<TokenId, Fault> {
        Ok(TokenId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn event_id(&self, now: Timestamp) -> Result<EventId, Fault> {
        Ok(EventId::from_parts(now, &random_bytes(self.entropy.as_ref())?))
    }

    pub(crate) fn totp_secret(&self) -> Result<TotpSecret, Fault> {
        Ok(TotpSecret::new(Secret::new(random_bytes(self.entropy.as_ref())?)))
    }

    pub(crate) fn recovery_codes(&self) -> Result<Vec<RecoveryCode>, Fault> {
        (0..RecoveryCode::PER_SET)
            .map(|_| Ok(RecoveryCode::from_randomness(&random_bytes(self.entropy.as_ref())?)))
            .collect()
    }
}
