//! A request that may be sent again: its key, what it asked for, and what came of it.

use crate::{Invalid, Timestamp};
use core::fmt;
use core::time::Duration;
use sha2::{Digest, Sha256};

/// A client's `Idempotency-Key`: 1 to 255 visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(Box<str>);

impl IdempotencyKey {
    /// How long a request is remembered.
    pub const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

    /// Parses a key.
    ///
    /// # Errors
    /// [`Invalid`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let is_fine = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_fine {
            Ok(Self(text.into()))
        } else {
            Err(Invalid::new("invalid_idempotency_key", "must be 1 to 255 visible ASCII characters"))
        }
    }

    /// What the server keeps of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdempotencyKey(..)")
    }
}

/// What a request asked for, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestFingerprint([u8; 32]);

impl RequestFingerprint {
    /// The fingerprint of a request: the name of the call, and what it holds, part by part.
    #[must_use]
    pub fn of(call: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in core::iter::once(call.as_bytes()).chain(parts.iter().copied()) {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// The stored fingerprint.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A request that is to take effect once. A store keeps it in the same step as the effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The digest of the client's key.
    pub key_digest: [u8; 32],
    /// What the request asks for.
    pub fingerprint: RequestFingerprint,
    /// What comes of it, if it takes effect: enough to give the same answer again. Opaque to the store.
    pub outcome: Box<[u8]>,
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}

/// What an earlier request with the same key means for this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// It asked for the same; this came of it.
    Same(Box<[u8]>),
    /// It asked for something else.
    Other,
}

impl Once {
    /// A request with a client's key that takes effect at `now`, remembered for as long as such keys are.
    #[must_use]
    pub fn new(
        key: &IdempotencyKey,
        fingerprint: RequestFingerprint,
        outcome: impl Into<Box<[u8]>>,
        now: Timestamp,
    ) -> Self {
        Self {
            key_digest: key.digest(),
            fingerprint,
            outcome: outcome.into(),
            expires_at: now.saturating_add(IdempotencyKey::REMEMBERED_FOR),
        }
    }

    /// Judges this request by an earlier one with its key, unless that is forgotten at `now`.
    #[must_use]
    pub fn judge(&self, earlier: &Self, now: Timestamp) -> Option<Earlier> {
        if now >= earlier.expires_at {
            None
        } else if earlier.fingerprint == self.fingerprint {
            Some(Earlier::Same(earlier.outcome.clone()))
        } else {
            Some(Earlier::Other)
        }
    }
}
