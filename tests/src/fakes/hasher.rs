//! Hashes that cost nothing.

use super::mix;
use async_trait::async_trait;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::time::Duration;
use epic_domain::id::UserId;
use epic_domain::user::{AuthKey, AuthKeyHash, RecoveryCode, RecoveryCodeDigest};
use epic_outbound::hasher::{Hasher, HasherError, Verification};

/// Hashes in the shape of an Argon2id string, and counts its work.
#[derive(Debug, Default)]
pub struct FakeHasher {
    generation: AtomicU32,
    computed: AtomicU32,
    is_overloaded: AtomicBool,
}

impl FakeHasher {
    /// Makes every hash so far outdated, as stronger parameters do.
    pub fn strengthen(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether hashes are refused as too many, from now on.
    pub fn set_overloaded(&self, is_overloaded: bool) {
        self.is_overloaded.store(is_overloaded, Ordering::SeqCst);
    }

    /// How many hashes were computed, for checks too, of real accounts or not.
    #[must_use]
    pub fn computed(&self) -> u32 {
        self.computed.load(Ordering::SeqCst)
    }

    fn compute(&self) -> Result<(), HasherError> {
        if self.is_overloaded.load(Ordering::SeqCst) {
            return Err(HasherError::Overloaded { retry_after: Duration::from_secs(1) });
        }
        self.computed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn hash_of(generation: u32, auth_key: &AuthKey) -> AuthKeyHash {
        let digest = mix(0, auth_key.expose());
        AuthKeyHash::parse(&format!("$argon2id$v=19$m=19456,t=2,p=1$fake{generation}${digest:016x}")).unwrap()
    }
}

#[async_trait]
impl Hasher for FakeHasher {
    async fn hash(&self, auth_key: &AuthKey) -> Result<AuthKeyHash, HasherError> {
        self.compute()?;
        Ok(Self::hash_of(self.generation.load(Ordering::SeqCst), auth_key))
    }

    async fn verify(
        &self,
        auth_key: &AuthKey,
        stored: Option<AuthKeyHash>,
    ) -> Result<Verification, HasherError> {
        self.compute()?;
        let current = self.generation.load(Ordering::SeqCst);
        let made_in = (0..=current).find(|made_in| stored == Some(Self::hash_of(*made_in, auth_key)));
        Ok(made_in
            .map_or(Verification::Mismatch, |made_in| Verification::Match { outdated: made_in < current }))
    }

    fn recovery_code_digest(&self, user_id: UserId, code: &RecoveryCode) -> RecoveryCodeDigest {
        let parts = [user_id.as_bytes().as_slice(), code.expose().as_slice()].concat();
        let words: Vec<u8> = (0..4).flat_map(|seed| mix(seed, &parts).to_be_bytes()).collect();
        RecoveryCodeDigest::from_bytes(words.try_into().unwrap())
    }
}
