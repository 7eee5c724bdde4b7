//! The keys that seal and open.

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use core::fmt;
use epic_domain::key_id::KeyId;
use epic_domain::secret::Secret;

/// A key with its name; wiped when dropped, silent in `Debug`.
#[derive(Clone)]
pub struct SealingKey {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

impl SealingKey {
    /// Names a key of 32 random bytes.
    #[must_use]
    pub fn new(id: KeyId, secret: &Secret<32>) -> Self {
        Self { id, cipher: XChaCha20Poly1305::new(secret.expose().into()) }
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealingKey({}, redacted)", self.id)
    }
}

/// Keys that cannot be used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysRefused {
    /// There is none.
    #[error("at least one sealing key is needed")]
    None,
    /// Two have one id.
    #[error("two sealing keys have the same id")]
    Duplicate,
}

/// At least one key; the first seals.
#[derive(Debug)]
pub(crate) struct SealingKeys {
    first: SealingKey,
    others: Vec<SealingKey>,
}

impl SealingKeys {
    pub(crate) fn new(keys: Vec<SealingKey>) -> Result<Self, KeysRefused> {
        let mut others: Vec<SealingKey> = Vec::with_capacity(keys.len());
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(KeysRefused::None)?;
        for key in keys {
            if key.id == first.id || others.iter().any(|other| other.id == key.id) {
                return Err(KeysRefused::Duplicate);
            }
            others.push(key);
        }
        Ok(Self { first, others })
    }

    pub(crate) fn sealing(&self) -> (&str, &XChaCha20Poly1305) {
        (self.first.id.as_str(), &self.first.cipher)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&XChaCha20Poly1305> {
        core::iter::once(&self.first)
            .chain(&self.others)
            .find(|key| key.id.as_str() == id)
            .map(|key| &key.cipher)
    }
}
