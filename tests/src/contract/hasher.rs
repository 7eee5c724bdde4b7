//! Laws of slow hashes and recovery code digests.

use super::run;
use crate::builders::{seeded_bytes, user_id};
use epic_domain::user::{AuthKey, RecoveryCode};
use epic_outbound::hasher::{Hasher, Verification};
use std::sync::Arc;

/// Makes a fresh hasher.
pub type MakeHasher = dyn Fn() -> Arc<dyn Hasher>;

/// Expands to the laws of [`Hasher`]. The factory takes nothing and returns an
/// `Arc<dyn Hasher>`.
#[macro_export]
macro_rules! hasher_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { hasher, $factory;
            the_hashed_key_matches_and_no_other
            without_a_stored_hash_nothing_matches
            a_hash_does_not_show_the_key
            a_digest_belongs_to_one_user_and_code
        }
    };
}

fn key(seed: u64) -> AuthKey {
    AuthKey::parse(&seeded_bytes::<32>(seed)).unwrap()
}

/// A fresh hash is not outdated.
pub fn the_hashed_key_matches_and_no_other(make: &MakeHasher) {
    let hasher = make();
    run(async move {
        let hash = hasher.hash(&key(1)).await.unwrap();
        let same = hasher.verify(&key(1), Some(hash.clone())).await.unwrap();
        assert_eq!(same, Verification::Match { outdated: false });
        assert_eq!(hasher.verify(&key(2), Some(hash)).await.unwrap(), Verification::Mismatch);
    });
}

/// Whatever the key.
pub fn without_a_stored_hash_nothing_matches(make: &MakeHasher) {
    let hasher = make();
    run(async move {
        for seed in 0..2 {
            assert_eq!(hasher.verify(&key(seed), None).await.unwrap(), Verification::Mismatch);
        }
        let zeros = AuthKey::parse(&[0; 32]).unwrap();
        assert_eq!(hasher.verify(&zeros, None).await.unwrap(), Verification::Mismatch);
    });
}

/// In hexadecimal, for one.
pub fn a_hash_does_not_show_the_key(make: &MakeHasher) {
    let hasher = make();
    run(async move {
        let hash = hasher.hash(&key(1)).await.unwrap();
        let plain = data_encoding::HEXLOWER.encode(key(1).expose());
        assert!(!hash.as_str().to_lowercase().contains(&plain));
    });
}

/// The same each time.
pub fn a_digest_belongs_to_one_user_and_code(make: &MakeHasher) {
    let hasher = make();
    let code = |seed| RecoveryCode::from_randomness(&seeded_bytes(seed));
    let digest = hasher.recovery_code_digest(user_id(1), &code(1));
    assert_eq!(hasher.recovery_code_digest(user_id(1), &code(1)), digest);
    assert_ne!(hasher.recovery_code_digest(user_id(2), &code(1)), digest);
    assert_ne!(hasher.recovery_code_digest(user_id(1), &code(2)), digest);
}
