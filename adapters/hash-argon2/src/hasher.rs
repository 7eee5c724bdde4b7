//! The port [`Hasher`] over Argon2id.

use crate::memory::MemoryPool;
use crate::pepper::Pepper;
use crate::slots::Slots;
use crate::stored::{DIGEST_BYTES, SALT_BYTES, StoredHash};
use crate::{Argon2Cost, HasherSettings, HasherStats};
use async_trait::async_trait;
use core::fmt;
use epic_domain::id::UserId;
use epic_domain::secret::Secret;
use epic_domain::user::{AuthKey, AuthKeyHash, RecoveryCode, RecoveryCodeDigest};
use epic_outbound::Source;
use epic_outbound::entropy::{Entropy, random_bytes};
use epic_outbound::hasher::{Hasher, HasherError, Verification};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Argon2id over a peppered auth key, in a bounded number of slots.
pub struct Argon2Hasher {
    cost: Argon2Cost,
    pepper: Pepper,
    entropy: Arc<dyn Entropy>,
    slots: Slots,
    memory: Arc<MemoryPool>,
    /// Stands in for the hash of a name nobody has. Its digest is random, so no key matches it.
    dummy: StoredHash,
}

fn unavailable(error: impl Into<Source>) -> HasherError {
    HasherError::Unavailable(error.into())
}

impl Argon2Hasher {
    /// A hasher with the server's `pepper`. Memory is taken with the first hash.
    ///
    /// # Errors
    /// [`HasherError::Unavailable`] when there is no randomness.
    pub fn new(
        settings: HasherSettings,
        pepper: &Secret<32>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, HasherError> {
        let salt: [u8; SALT_BYTES] = random_bytes(entropy.as_ref()).map_err(unavailable)?;
        let digest: [u8; DIGEST_BYTES] = random_bytes(entropy.as_ref()).map_err(unavailable)?;
        Ok(Self {
            cost: settings.cost,
            pepper: Pepper::new(pepper),
            entropy,
            slots: Slots::new(settings),
            memory: Arc::new(MemoryPool::new(settings.cost)),
            dummy: StoredHash::new(settings.cost, &salt, digest).map_err(unavailable)?,
        })
    }

    /// Counts for metrics.
    #[must_use]
    pub fn stats(&self) -> HasherStats {
        self.slots.stats(self.memory.idle_bytes())
    }

    /// Gives the memory kept for the next hashes back to the system. A server that has been idle for a while may; the
    /// next hash of each slot is slower then.
    pub fn release_idle_memory(&self) {
        self.memory.release();
    }

    async fn derive(
        &self,
        cost: Argon2Cost,
        auth_key: &AuthKey,
        salt: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<Zeroizing<[u8; DIGEST_BYTES]>, HasherError> {
        let peppered = self.pepper.auth_key(auth_key);
        let memory = Arc::clone(&self.memory);
        self.slots
            .run(move || {
                let mut digest = Zeroizing::new([0; DIGEST_BYTES]);
                memory
                    .derive(cost, peppered.as_slice(), salt.as_ref(), digest.as_mut_slice())
                    .map(|()| digest)
            })
            .await?
            .map_err(unavailable)
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Argon2Hasher").field("cost", &self.cost).finish_non_exhaustive()
    }
}

#[async_trait]
impl Hasher for Argon2Hasher {
    async fn hash(&self, auth_key: &AuthKey) -> Result<AuthKeyHash, HasherError> {
        let salt: [u8; SALT_BYTES] = random_bytes(self.entropy.as_ref()).map_err(unavailable)?;
        let digest = self.derive(self.cost, auth_key, salt).await?;
        StoredHash::new(self.cost, &salt, *digest).and_then(|hash| hash.to_phc()).map_err(unavailable)
    }

    async fn verify(
        &self,
        auth_key: &AuthKey,
        stored: Option<AuthKeyHash>,
    ) -> Result<Verification, HasherError> {
        let (expected, known) = match &stored {
            Some(stored) => (StoredHash::parse(stored, self.cost).map_err(unavailable)?, true),
            None => (self.dummy.clone(), false),
        };
        let digest = self.derive(expected.cost, auth_key, expected.salt).await?;
        if expected.is(&digest) && known {
            Ok(Verification::Match { outdated: expected.cost != self.cost })
        } else {
            Ok(Verification::Mismatch)
        }
    }

    fn recovery_code_digest(&self, user_id: UserId, code: &RecoveryCode) -> RecoveryCodeDigest {
        self.pepper.recovery_code(user_id, code)
    }
}
