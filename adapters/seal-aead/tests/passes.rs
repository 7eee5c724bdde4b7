//! What a pass promises.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail loudly")]

mod common;

use common::*;
use data_encoding::BASE64URL_NOPAD;
use epic_domain::Timestamp;
use epic_domain::user::{SealedSecret, TotpSecret, Version};
use epic_outbound::passes::{Pass, PassKind, Passes};
use epic_outbound::sealer::Sealer;
use epic_seal_aead::{AeadPasses, AeadSealer, KeysRefused, PASS_TEXT_MAX, SealingKey};
use proptest::prelude::*;
use std::sync::Arc;

const KINDS: [PassKind; 2] = [PassKind::KnownDevice, PassKind::Recovery];

fn passes(keys: Vec<SealingKey>) -> AeadPasses {
    AeadPasses::new(keys, Arc::new(CountingEntropy::default())).unwrap()
}

fn pass(kind: PassKind) -> Pass {
    Pass {
        kind,
        user_id: user(7),
        version: Version::from_number(3),
        expires_at: Timestamp::from_millis(1_800_000_000_123),
    }
}

fn issued(passes: &AeadPasses, kind: PassKind) -> String {
    passes.issue(&pass(kind)).unwrap().expose().to_owned()
}

#[test]
fn what_was_issued_is_read_as_the_kind_it_is_and_no_other() {
    let passes = passes(vec![key("k1", 1)]);
    for kind in KINDS {
        let text = issued(&passes, kind);
        assert_eq!(passes.read(kind, &text), Some(pass(kind)));
        for other in KINDS.into_iter().filter(|other| *other != kind) {
            assert_eq!(passes.read(other, &text), None, "{kind:?} read as {other:?}");
        }
    }
}

#[test]
fn an_expired_pass_is_read_for_the_use_case_to_judge() {
    let passes = passes(vec![key("k1", 1)]);
    let expired = Pass { expires_at: Timestamp::MIN, ..pass(PassKind::Recovery) };
    let text = passes.issue(&expired).unwrap();
    assert_eq!(passes.read(PassKind::Recovery, text.expose()), Some(expired));
}

#[test]
fn its_holder_learns_nothing_from_it_not_even_from_its_length() {
    let passes = passes(vec![key("k1", 1)]);
    let text = issued(&passes, PassKind::KnownDevice);
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    assert!(!bytes.windows(4).any(|window| window == [7; 4]), "the user id must not stand in it");
    for (kind, number, millis) in
        [(PassKind::KnownDevice, 0, 0), (PassKind::Recovery, u64::MAX, u64::MAX), (PassKind::Recovery, 1, 2)]
    {
        let (version, expires_at) = (Version::from_number(number), Timestamp::from_millis(millis));
        let other = passes.issue(&Pass { kind, user_id: user(0), version, expires_at }).unwrap();
        assert_eq!(other.expose().len(), text.len());
    }
}

#[test]
fn no_two_passes_are_alike() {
    let passes = passes(vec![key("k1", 1)]);
    assert_ne!(issued(&passes, PassKind::KnownDevice), issued(&passes, PassKind::KnownDevice));
}

#[test]
fn with_any_bit_flipped_or_any_byte_missing_or_added_it_is_none() {
    let passes = passes(vec![key("k1", 1)]);
    let text = issued(&passes, PassKind::Recovery);
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let refuses = |bytes: &[u8]| passes.read(PassKind::Recovery, &BASE64URL_NOPAD.encode(bytes)).is_none();
    for index in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[index] ^= 1 << bit;
            assert!(refuses(&flipped), "byte {index}, bit {bit}");
        }
        assert!(refuses(&bytes[..index]), "cut after {index} bytes");
        let mut missing = bytes.clone();
        missing.remove(index);
        assert!(refuses(&missing), "without byte {index}");
    }
    assert!(refuses(&[bytes.as_slice(), &[0]].concat()));
}

#[test]
fn a_pass_has_one_spelling() {
    let passes = passes(vec![key("k1", 1)]);
    let text = issued(&passes, PassKind::Recovery);
    // 77 bytes leave two bits over in the last character.
    let stem = &text[..text.len() - 1];
    let spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/";
    let read = |text: &str| passes.read(PassKind::Recovery, text).is_some();
    assert_eq!(spellings.chars().filter(|last| read(&format!("{stem}{last}"))).count(), 1);
    for other in
        [format!("{text}="), format!(" {text}"), format!("{text}\n"), text.replace('-', "+"), "".into()]
    {
        assert!(other == text || !read(&other), "{other:?}");
    }
}

#[test]
fn the_longest_pass_is_read_and_a_longer_text_is_not() {
    let passes = passes(vec![key(&"k".repeat(32), 1)]);
    let text = issued(&passes, PassKind::Recovery);
    assert_eq!(text.len(), PASS_TEXT_MAX);
    assert!(passes.read(PassKind::Recovery, &text).is_some());
    assert!(passes.read(PassKind::Recovery, &format!("{text}A")).is_none());
    assert!(passes.read(PassKind::Recovery, &"A".repeat(1_000_000)).is_none());
}

#[test]
fn after_a_rotation_the_new_key_issues_and_passes_of_the_old_one_are_read_until_it_is_gone() {
    let old = issued(&passes(vec![key("k1", 1)]), PassKind::KnownDevice);
    let rotated = passes(vec![key("k2", 2), key("k1", 1)]);
    assert!(rotated.read(PassKind::KnownDevice, &old).is_some());
    let new = issued(&rotated, PassKind::KnownDevice);
    assert_eq!(BASE64URL_NOPAD.decode(new.as_bytes()).unwrap()[2..4], *b"k2");
    assert!(rotated.read(PassKind::KnownDevice, &new).is_some());
    assert!(passes(vec![key("k2", 2)]).read(PassKind::KnownDevice, &old).is_none());
    assert!(passes(vec![key("k1", 1)]).read(PassKind::KnownDevice, &new).is_none());
}

#[test]
fn another_key_of_the_same_name_reads_nothing() {
    let text = issued(&passes(vec![key("k1", 1)]), PassKind::Recovery);
    assert!(passes(vec![key("k1", 2)]).read(PassKind::Recovery, &text).is_none());
}

#[test]
fn a_secret_at_rest_is_no_pass_and_a_pass_is_no_secret_at_rest() {
    let sealer = AeadSealer::new(vec![key("k1", 1)], Arc::new(CountingEntropy::default())).unwrap();
    let passes = passes(vec![key("k1", 1)]);
    let secret = TotpSecret::new(epic_domain::secret::Secret::new([9; 20]));
    let sealed = sealer.seal_totp(user(7), &secret).unwrap();
    for kind in KINDS {
        assert!(passes.read(kind, &BASE64URL_NOPAD.encode(sealed.as_bytes())).is_none());
        let bytes = BASE64URL_NOPAD.decode(issued(&passes, kind).as_bytes()).unwrap();
        assert!(sealer.open_totp(user(7), &SealedSecret::parse(&bytes).unwrap()).is_err());
    }
}

#[test]
fn without_randomness_there_is_no_pass() {
    let passes = AeadPasses::new(vec![key("k1", 1)], Arc::new(NoEntropy)).unwrap();
    assert!(passes.issue(&pass(PassKind::Recovery)).is_err());
}

#[test]
fn no_key_and_two_keys_of_one_name_are_refused() {
    let twice = vec![key("k1", 1), key("k1", 2)];
    assert_eq!(AeadPasses::new(vec![], Arc::new(NoEntropy)).unwrap_err(), KeysRefused::None);
    assert_eq!(AeadPasses::new(twice, Arc::new(NoEntropy)).unwrap_err(), KeysRefused::Duplicate);
}

#[test]
fn debug_says_no_key() {
    let text = format!("{:?}", passes(vec![key("k1", 0x41)]));
    assert!(text.contains("k1") && !text.contains("65"), "{text}");
}

proptest! {
    #[test]
    fn every_pass_survives_its_text(
        user_byte in any::<u8>(),
        number in any::<u64>(),
        millis in 0..=Timestamp::MAX.as_millis(),
        recovery in any::<bool>(),
    ) {
        let pass = Pass {
            kind: if recovery { PassKind::Recovery } else { PassKind::KnownDevice },
            user_id: user(user_byte),
            version: Version::from_number(number),
            expires_at: Timestamp::from_millis(millis),
        };
        let passes = passes(vec![key("k1", 1)]);
        let text = passes.issue(&pass).unwrap();
        prop_assert_eq!(passes.read(pass.kind, text.expose()), Some(pass));
    }

    #[test]
    fn no_text_makes_it_panic_or_passes(text in any::<String>(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let passes = passes(vec![key("k1", 1)]);
        prop_assert!(passes.read(PassKind::Recovery, &text).is_none());
        prop_assert!(passes.read(PassKind::KnownDevice, &BASE64URL_NOPAD.encode(&bytes)).is_none());
    }
}
