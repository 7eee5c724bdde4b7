//! What the hasher promises.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail loudly")]

use data_encoding::HEXLOWER;
use epic_domain::id::UserId;
use epic_domain::secret::Secret;
use epic_domain::user::{AuthKey, AuthKeyHash, KdfParameters, RecoveryCode};
use epic_hash_argon2::{Argon2Cost, Argon2Hasher, HasherSettings, client_kdf};
use epic_outbound::entropy::{Entropy, EntropyError};
use epic_outbound::hasher::{Hasher, HasherError, Verification};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Default)]
struct CountingEntropy(AtomicU8);

impl Entropy for CountingEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        buffer.fill(self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError("none today".into()))
    }
}

fn cost(memory_kib: u32, passes: u32, lanes: u32) -> Argon2Cost {
    Argon2Cost::new(memory_kib, passes, lanes).unwrap()
}

fn hasher_with(cost: Argon2Cost, pepper: u8) -> Argon2Hasher {
    let settings = HasherSettings::new(cost, NonZeroUsize::new(2).unwrap());
    Argon2Hasher::new(settings, &Secret::new([pepper; 32]), Arc::new(CountingEntropy::default())).unwrap()
}

fn hasher() -> Argon2Hasher {
    hasher_with(cost(64, 1, 1), 1)
}

fn key(byte: u8) -> AuthKey {
    AuthKey::parse(&[byte; 32]).unwrap()
}

#[tokio::test]
async fn the_key_that_was_hashed_matches_and_no_other() {
    let hasher = hasher();
    let hash = hasher.hash(&key(1)).await.unwrap();
    let matches = Verification::Match { outdated: false };
    assert_eq!(hasher.verify(&key(1), Some(hash.clone())).await.unwrap(), matches);
    assert_eq!(hasher.verify(&key(2), Some(hash)).await.unwrap(), Verification::Mismatch);
}

#[tokio::test]
async fn without_a_stored_hash_the_same_work_finds_a_mismatch() {
    let hasher = hasher();
    assert_eq!(hasher.verify(&key(1), None).await.unwrap(), Verification::Mismatch);
    assert_eq!(hasher.stats().runs, 1, "the dummy must be computed");
}

#[tokio::test]
async fn two_hashes_of_one_key_differ() {
    let hasher = hasher();
    assert_ne!(hasher.hash(&key(1)).await.unwrap(), hasher.hash(&key(1)).await.unwrap());
}

#[tokio::test]
async fn without_the_pepper_a_stolen_hash_matches_nothing() {
    let hash = hasher().hash(&key(1)).await.unwrap();
    let thief = hasher_with(cost(64, 1, 1), 2);
    assert_eq!(thief.verify(&key(1), Some(hash)).await.unwrap(), Verification::Mismatch);
}

#[tokio::test]
async fn a_hash_of_other_costs_matches_and_is_outdated() {
    let current = hasher_with(cost(64, 2, 1), 1);
    for other in [cost(32, 2, 1), cost(64, 1, 1), cost(128, 2, 1), cost(64, 2, 2)] {
        let hash = hasher_with(other, 1).hash(&key(1)).await.unwrap();
        let found = current.verify(&key(1), Some(hash)).await.unwrap();
        assert_eq!(found, Verification::Match { outdated: true }, "{other:?}");
    }
}

#[tokio::test]
async fn the_stored_form_is_phc_over_the_peppered_key() {
    let hash = hasher().hash(&key(1)).await.unwrap();
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    let phc = argon2::PasswordHash::new(hash.as_str()).unwrap();
    let verifies = |password: &[u8]| {
        argon2::PasswordVerifier::verify_password(&argon2::Argon2::default(), password, &phc).is_ok()
    };
    // HMAC-SHA256 with 32 times 0x01 as key, over 32 times 0x01.
    let peppered =
        HEXLOWER.decode(b"5cb329fb1fef685845e1baefd72c2cc0f140a6962a1b7c2a48f21cc28f35ea0a").unwrap();
    assert!(!verifies(&[1; 32]), "the bare key must not verify");
    assert!(verifies(&peppered));
}

#[tokio::test]
async fn a_damaged_or_hostile_stored_hash_is_an_error_without_work() {
    let hasher = hasher();
    let hostile = "$argon2id$v=19$m=4194304,t=64,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI";
    for text in [hostile, "$argon2id$nonsense"] {
        let stored = AuthKeyHash::parse(text).unwrap();
        let refused = hasher.verify(&key(1), Some(stored)).await;
        assert!(matches!(refused, Err(HasherError::Unavailable(_))), "{text}");
    }
    assert_eq!(hasher.stats().runs, 0);
}

#[tokio::test]
async fn memory_at_rest_is_bounded_by_the_slots_and_can_be_given_back() {
    let hasher = Arc::new(hasher());
    let tasks: Vec<_> = (0..16)
        .map(|byte| {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { hasher.hash(&key(byte)).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let stats = hasher.stats();
    assert_eq!((stats.runs, stats.shed, stats.waiting), (16, 0, 0));
    assert!((1..=2).contains(&(stats.idle_memory_bytes / (64 * 1024))));
    hasher.release_idle_memory();
    assert_eq!(hasher.stats().idle_memory_bytes, 0);
}

#[test]
fn without_randomness_there_is_no_hasher() {
    let settings = HasherSettings::per_core(cost(64, 1, 1));
    let refused = Argon2Hasher::new(settings, &Secret::new([1; 32]), Arc::new(NoEntropy));
    assert!(matches!(refused, Err(HasherError::Unavailable(_))));
}

#[test]
fn a_recovery_code_digest_is_stable_and_bound_to_its_user() {
    let hasher = hasher();
    let code = RecoveryCode::from_randomness(&[5; 12]);
    let (alice, bob) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
    assert_eq!(hasher.recovery_code_digest(alice, &code), hasher.recovery_code_digest(alice, &code));
    assert_ne!(hasher.recovery_code_digest(alice, &code), hasher.recovery_code_digest(bob, &code));
}

#[test]
fn debug_says_nothing_of_the_pepper() {
    assert_eq!(
        format!("{:?}", hasher()),
        "Argon2Hasher { cost: Argon2Cost { memory_kib: 64, passes: 1, lanes: 1 }, .. }"
    );
}

#[test]
fn a_clients_root_hangs_on_password_salt_and_parameters() {
    let root = |password: &[u8], salt: &[u8], kdf: &KdfParameters| {
        HEXLOWER.encode(client_kdf::derive_root(password, salt, kdf).unwrap().expose())
    };
    let stronger = KdfParameters::new(19_456, 3, 1).unwrap();
    let first = root(b"correct horse", &[1; 16], &KdfParameters::FLOOR);
    assert_eq!(first.len(), 128);
    assert_eq!(first, root(b"correct horse", &[1; 16], &KdfParameters::FLOOR));
    assert_ne!(first, root(b"correct horsf", &[1; 16], &KdfParameters::FLOOR));
    assert_ne!(first, root(b"correct horse", &[2; 16], &KdfParameters::FLOOR));
    assert_ne!(first, root(b"correct horse", &[1; 16], &stronger));
}
