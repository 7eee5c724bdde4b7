//! The port [`Sealer`].

use crate::vault::{OpenError, Purpose, Vault};
use crate::{KeysRefused, SealingKey};
use epic_domain::id::UserId;
use epic_domain::secret::Secret;
use epic_domain::user::{SealedSecret, TotpSecret};
use epic_outbound::entropy::Entropy;
use epic_outbound::sealer::{Sealer, SealerError};
use std::sync::Arc;

/// The port [`Sealer`] over XChaCha20-Poly1305.
#[derive(Debug)]
pub struct AeadSealer {
    vault: Vault,
}

impl AeadSealer {
    /// A sealer: the first of `keys` seals, all of them open.
    ///
    /// # Errors
    /// [`KeysRefused`] when there is no key, or when two have one id.
    pub fn new(keys: Vec<SealingKey>, entropy: Arc<dyn Entropy>) -> Result<Self, KeysRefused> {
        Ok(Self { vault: Vault::new(keys, entropy)? })
    }
}

impl Sealer for AeadSealer {
    fn seal_totp(&self, user_id: UserId, secret: &TotpSecret) -> Result<SealedSecret, SealerError> {
        let envelope =
            self.vault.seal(Purpose::Totp(user_id), secret.expose()).map_err(SealerError::Unavailable)?;
        SealedSecret::parse(&envelope).map_err(|error| SealerError::Unavailable(Box::new(error)))
    }

    fn open_totp(&self, user_id: UserId, sealed: &SealedSecret) -> Result<TotpSecret, SealerError> {
        self.vault
            .open(Purpose::Totp(user_id), sealed.as_bytes())
            .and_then(|plain| Secret::from_slice(&plain).map_err(|_| OpenError::WrongLength))
            .map(TotpSecret::new)
            .map_err(|error| SealerError::Corrupt(Box::new(error)))
    }
}
