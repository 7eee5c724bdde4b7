//! The port [`Sealer`].

use crate::vault::{OpenError, Purpose, Vault};
use crate::{KeysRefused, SealingKey};
use epic_domain::file::LinkToken;
use epic_domain::id::{LinkId, UserId};
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
        self.seal(Purpose::Totp(user_id), secret.expose())
    }

    fn open_totp(&self, user_id: UserId, sealed: &SealedSecret) -> Result<TotpSecret, SealerError> {
        self.open(Purpose::Totp(user_id), sealed).map(TotpSecret::new)
    }

    fn seal_link_token(&self, link_id: LinkId, token: &LinkToken) -> Result<SealedSecret, SealerError> {
        self.seal(Purpose::LinkToken(link_id), token.expose())
    }

    fn open_link_token(&self, link_id: LinkId, sealed: &SealedSecret) -> Result<LinkToken, SealerError> {
        self.open(Purpose::LinkToken(link_id), sealed).map(LinkToken::new)
    }
}

impl AeadSealer {
    fn seal(&self, purpose: Purpose, plain: &[u8]) -> Result<SealedSecret, SealerError> {
        let envelope = self.vault.seal(purpose, plain).map_err(SealerError::Unavailable)?;
        SealedSecret::parse(&envelope).map_err(|error| SealerError::Unavailable(Box::new(error)))
    }

    fn open<const N: usize>(
        &self,
        purpose: Purpose,
        sealed: &SealedSecret,
    ) -> Result<Secret<N>, SealerError> {
        self.vault
            .open(purpose, sealed.as_bytes())
            .and_then(|plain| Secret::from_slice(&plain).map_err(|_| OpenError::WrongLength))
            .map_err(|error| SealerError::Corrupt(Box::new(error)))
    }
}
