//! Secrets at rest under XChaCha20-Poly1305, with rotating keys.
//!
//! An envelope is `version (1) · key id length (1) · key id · nonce (24) · ciphertext and tag`. The associated data
//! names version, field, user and key, so an envelope opens only where it was made. Nonces are random: 192 bits make a
//! repetition under one key impossible in practice.

mod envelope;
mod keys;

pub use keys::{KeysRefused, SealingKey};

use crate::envelope::Envelope;
use crate::keys::SealingKeys;
use chacha20poly1305::aead::{Aead, Payload};
use epic_domain::Invalid;
use epic_domain::id::UserId;
use epic_domain::secret::Secret;
use epic_domain::user::{SealedSecret, TotpSecret};
use epic_outbound::entropy::{Entropy, random_bytes};
use epic_outbound::sealer::{Sealer, SealerError};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why an envelope does not open; it carries nothing that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum OpenError {
    #[error("the envelope is damaged or of an unknown version")]
    Malformed,
    #[error("the envelope is under a key this server does not have")]
    UnknownKey,
    #[error("the envelope is damaged, or belongs to another user or field")]
    NotAuthentic,
    #[error("the envelope holds a secret of another length")]
    WrongLength,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cipher failed")]
struct CipherFailed;

/// The port [`Sealer`] over XChaCha20-Poly1305.
pub struct AeadSealer {
    keys: SealingKeys,
    entropy: Arc<dyn Entropy>,
}

impl AeadSealer {
    /// A sealer: the first of `keys` seals, all of them open.
    ///
    /// # Errors
    /// [`KeysRefused`] when there is no key, or when two have one id.
    pub fn new(keys: Vec<SealingKey>, entropy: Arc<dyn Entropy>) -> Result<Self, KeysRefused> {
        Ok(Self { keys: SealingKeys::new(keys)?, entropy })
    }

    fn open(&self, field: Field, user_id: UserId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let envelope = Envelope::parse(sealed).ok_or(OpenError::Malformed)?;
        let cipher = self.keys.find(envelope.key_id).ok_or(OpenError::UnknownKey)?;
        let aad = associated_data(field, user_id, envelope.key_id);
        cipher
            .decrypt(&envelope.nonce.into(), Payload { msg: envelope.ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::NotAuthentic)
    }
}

impl core::fmt::Debug for AeadSealer {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("AeadSealer").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// What is sealed: an envelope made for one field does not open as another.
#[derive(Debug, Clone, Copy)]
enum Field {
    Totp,
}

impl Field {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Totp => b"totp",
        }
    }
}

/// The parts have fixed lengths but for the last, so no two different tuples give the same bytes.
fn associated_data(field: Field, user_id: UserId, key_id: &str) -> Vec<u8> {
    let mut aad = Vec::with_capacity(64);
    aad.push(envelope::VERSION);
    aad.extend_from_slice(field.name());
    aad.extend_from_slice(user_id.as_bytes());
    aad.extend_from_slice(key_id.as_bytes());
    aad
}

impl Sealer for AeadSealer {
    fn seal_totp(&self, user_id: UserId, secret: &TotpSecret) -> Result<SealedSecret, SealerError> {
        let nonce: [u8; envelope::NONCE_BYTES] =
            random_bytes(self.entropy.as_ref()).map_err(|error| SealerError::Unavailable(Box::new(error)))?;
        let (key_id, cipher) = self.keys.sealing();
        let aad = associated_data(Field::Totp, user_id, key_id);
        let ciphertext = cipher
            .encrypt(&nonce.into(), Payload { msg: secret.expose(), aad: &aad })
            .map_err(|_| SealerError::Unavailable(Box::new(CipherFailed)))?;
        Envelope { key_id, nonce, ciphertext: &ciphertext }
            .to_sealed()
            .map_err(|error: Invalid| SealerError::Unavailable(Box::new(error)))
    }

    fn open_totp(&self, user_id: UserId, sealed: &SealedSecret) -> Result<TotpSecret, SealerError> {
        self.open(Field::Totp, user_id, sealed.as_bytes())
            .and_then(|plain| Secret::from_slice(&plain).map_err(|_| OpenError::WrongLength))
            .map(TotpSecret::new)
            .map_err(|error| SealerError::Corrupt(Box::new(error)))
    }
}
