//! What sealer and passes share: keys, nonces, envelopes, and what an envelope is bound to.

use crate::SealingKey;
use crate::envelope::{Envelope, NONCE_BYTES, VERSION};
use crate::keys::{KeysRefused, SealingKeys};
use chacha20poly1305::aead::{Aead, Payload};
use core::fmt;
use epic_domain::id::{LinkId, UserId};
use epic_outbound::Source;
use epic_outbound::entropy::{Entropy, random_bytes};
use epic_outbound::passes::PassKind;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What an envelope is for: made for one purpose, it does not open for another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// The TOTP secret of a user.
    Totp(UserId),
    /// The token of a link.
    LinkToken(LinkId),
    /// A pass of a kind.
    Pass(PassKind),
}

impl Purpose {
    /// The associated data. The first five bytes tell the purposes apart, and all that follows has a length of its own
    /// but the key id, which comes last: no two different tuples give the same bytes.
    fn associated_data(self, key_id: &str) -> Vec<u8> {
        let mut aad = Vec::with_capacity(64);
        aad.push(VERSION);
        match self {
            Self::Totp(user_id) => {
                aad.extend_from_slice(b"totp");
                aad.extend_from_slice(user_id.as_bytes());
            }
            Self::LinkToken(link_id) => {
                aad.extend_from_slice(b"link");
                aad.extend_from_slice(link_id.as_bytes());
            }
            Self::Pass(kind) => {
                aad.extend_from_slice(b"pass");
                aad.push(code_of(kind));
            }
        }
        aad.extend_from_slice(key_id.as_bytes());
        aad
    }
}

/// The number of a kind of pass, in the envelope's binding and in its text.
pub(crate) const fn code_of(kind: PassKind) -> u8 {
    match kind {
        PassKind::KnownDevice => 1,
        PassKind::Recovery => 2,
    }
}

/// Why an envelope does not open; it carries nothing that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the envelope is damaged or of an unknown version")]
    Malformed,
    #[error("the envelope is under a key this server does not have")]
    UnknownKey,
    #[error("the envelope is damaged, or belongs to another user or purpose")]
    NotAuthentic,
    #[error("the envelope holds a secret of another length")]
    WrongLength,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cipher failed")]
struct CipherFailed;

/// Seals with its first key and opens with all of them.
pub(crate) struct Vault {
    keys: SealingKeys,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    pub(crate) fn new(keys: Vec<SealingKey>, entropy: Arc<dyn Entropy>) -> Result<Self, KeysRefused> {
        Ok(Self { keys: SealingKeys::new(keys)?, entropy })
    }

    /// The envelope of `plain`.
    pub(crate) fn seal(&self, purpose: Purpose, plain: &[u8]) -> Result<Vec<u8>, Source> {
        let nonce: [u8; NONCE_BYTES] = random_bytes(self.entropy.as_ref())?;
        let (key_id, cipher) = self.keys.sealing();
        let aad = purpose.associated_data(key_id);
        let ciphertext =
            cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: &aad }).map_err(|_| CipherFailed)?;
        Ok(Envelope { key_id, nonce, ciphertext: &ciphertext }.to_bytes()?)
    }

    /// What is in an envelope made for this purpose.
    pub(crate) fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let envelope = Envelope::parse(sealed).ok_or(OpenError::Malformed)?;
        let cipher = self.keys.find(envelope.key_id).ok_or(OpenError::UnknownKey)?;
        let aad = purpose.associated_data(envelope.key_id);
        cipher
            .decrypt(&envelope.nonce.into(), Payload { msg: envelope.ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::NotAuthentic)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vault").field("keys", &self.keys).finish_non_exhaustive()
    }
}
