//! What a sealed secret promises.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail loudly")]

mod common;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use common::*;
use data_encoding::HEXLOWER;
use epic_domain::id::UserId;
use epic_domain::secret::Secret;
use epic_domain::user::{SealedSecret, TotpSecret};
use epic_outbound::sealer::{Sealer, SealerError};
use epic_seal_aead::{AeadSealer, KeysRefused, SealingKey};
use proptest::prelude::*;
use std::sync::Arc;

fn sealer(keys: Vec<SealingKey>) -> AeadSealer {
    AeadSealer::new(keys, Arc::new(CountingEntropy::default())).unwrap()
}

fn secret(byte: u8) -> TotpSecret {
    TotpSecret::new(Secret::new([byte; 20]))
}

fn refuses(sealer: &AeadSealer, user_id: UserId, bytes: &[u8]) -> bool {
    let sealed = SealedSecret::parse(bytes).unwrap();
    matches!(sealer.open_totp(user_id, &sealed), Err(SealerError::Corrupt(_)))
}

#[test]
fn what_was_sealed_opens_for_its_user() {
    let sealer = sealer(vec![key("k1", 1)]);
    let sealed = sealer.seal_totp(user(1), &secret(9)).unwrap();
    assert_eq!(sealer.open_totp(user(1), &sealed).unwrap(), secret(9));
    assert!(!sealed.as_bytes().windows(4).any(|window| window == [9; 4]), "the secret must not stand in it");
}

#[test]
fn the_layout_is_version_key_id_nonce_ciphertext_and_tag() {
    let sealed = sealer(vec![key("k1", 1)]).seal_totp(user(1), &secret(9)).unwrap();
    assert_eq!(sealed.as_bytes()[..4], [1, 2, b'k', b'1']);
    assert_eq!(sealed.as_bytes()[4..28], [0; 24]);
    assert_eq!(sealed.as_bytes().len(), 28 + 20 + 16);
}

#[test]
fn a_sealed_secret_moved_to_another_user_does_not_open() {
    let sealer = sealer(vec![key("k1", 1)]);
    let sealed = sealer.seal_totp(user(1), &secret(9)).unwrap();
    assert!(refuses(&sealer, user(2), sealed.as_bytes()));
}

#[test]
fn with_any_bit_flipped_or_any_byte_missing_it_does_not_open() {
    let sealer = sealer(vec![key("k1", 1)]);
    let sealed = sealer.seal_totp(user(1), &secret(9)).unwrap();
    for index in 0..sealed.as_bytes().len() {
        for bit in 0..8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[index] ^= 1 << bit;
            assert!(refuses(&sealer, user(1), &bytes), "byte {index}, bit {bit}");
        }
        let mut bytes = sealed.as_bytes().to_vec();
        bytes.remove(index);
        assert!(refuses(&sealer, user(1), &bytes), "without byte {index}");
    }
}

#[test]
fn after_a_rotation_the_new_key_seals_and_the_old_one_opens() {
    let old = sealer(vec![key("k1", 1)]).seal_totp(user(1), &secret(9)).unwrap();
    let rotated = sealer(vec![key("k2", 2), key("k1", 1)]);
    assert_eq!(rotated.open_totp(user(1), &old).unwrap(), secret(9));
    let new = rotated.seal_totp(user(1), &secret(9)).unwrap();
    assert_eq!(new.as_bytes()[2..4], *b"k2");
    assert!(refuses(&sealer(vec![key("k1", 1)]), user(1), new.as_bytes()), "the key is not there");
}

#[test]
fn the_same_key_under_another_name_does_not_open() {
    let mut bytes = sealer(vec![key("k1", 1)]).seal_totp(user(1), &secret(9)).unwrap().as_bytes().to_vec();
    bytes[3] = b'2';
    assert!(refuses(&sealer(vec![key("k2", 1)]), user(1), &bytes));
}

#[test]
fn no_two_envelopes_are_alike() {
    let sealer = sealer(vec![key("k1", 1)]);
    let first = sealer.seal_totp(user(1), &secret(9)).unwrap();
    let second = sealer.seal_totp(user(1), &secret(9)).unwrap();
    assert_ne!(first, second);
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let sealer = AeadSealer::new(vec![key("k1", 1)], Arc::new(NoEntropy)).unwrap();
    assert!(matches!(sealer.seal_totp(user(1), &secret(9)), Err(SealerError::Unavailable(_))));
}

#[test]
fn no_key_and_two_keys_of_one_name_are_refused() {
    let entropy = || Arc::new(NoEntropy);
    assert_eq!(AeadSealer::new(vec![], entropy()).unwrap_err(), KeysRefused::None);
    let twice = vec![key("k1", 1), key("k2", 2), key("k1", 3)];
    assert_eq!(AeadSealer::new(twice, entropy()).unwrap_err(), KeysRefused::Duplicate);
}

#[test]
fn neither_debug_nor_an_error_says_a_secret() {
    let sealer = sealer(vec![key("k1", 0x41)]);
    assert!(!format!("{sealer:?}").contains("65"), "key bytes in Debug");
    let sealed = SealedSecret::parse(&[1, 2, b'k', b'1']).unwrap();
    let error = sealer.open_totp(user(1), &sealed).unwrap_err();
    assert_eq!(error.to_string(), "the sealed secret does not open");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_open(bytes in proptest::collection::vec(any::<u8>(), 1..512)) {
        prop_assert!(refuses(&sealer(vec![key("k1", 1)]), user(1), &bytes));
    }
}

#[test]
fn the_cipher_passes_the_wycheproof_vectors() {
    let Ok(folder) = std::env::var("EPIC_VECTORS") else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "EPIC_VECTORS must be set in CI");
        println!("EPIC_VECTORS is not set: the published vectors were not checked");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/wycheproof/xchacha20_poly1305_test.json"))
        .expect("xchacha20_poly1305_test.json");
    let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bytes = |value: &serde_json::Value| HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let mut checked = 0;
    for test in
        vectors["testGroups"].as_array().unwrap().iter().flat_map(|group| group["tests"].as_array().unwrap())
    {
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes(&test["key"])).unwrap();
        let (aad, plain) = (bytes(&test["aad"]), bytes(&test["msg"]));
        let sealed = [bytes(&test["ct"]), bytes(&test["tag"])].concat();
        // A nonce of another length cannot even be passed on.
        let opened = <[u8; 24]>::try_from(bytes(&test["iv"]))
            .ok()
            .and_then(|nonce| cipher.decrypt(&nonce.into(), Payload { msg: &sealed, aad: &aad }).ok());
        let expected = (test["result"] == "valid").then_some(plain);
        assert_eq!(opened, expected, "tcId {}", test["tcId"]);
        checked += 1;
    }
    assert_eq!(checked, 315);
}
