//! What is said of files and uploads: limits of values, ends of uploads, requests that come twice.

use core::time::Duration;
use epic_domain::Timestamp;
use epic_domain::file::{
    Earlier, EncryptedDataKey, EncryptedFilename, FilePolicy, IdempotencyKey, LinkToken, Once, Progress,
    RequestFingerprint, UploadSize,
};
use epic_domain::secret::Secret;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

#[test]
fn names_and_keys_have_their_lengths() {
    for (length, fits) in [(0, false), (1, true), (2_048, true), (2_049, false)] {
        assert_eq!(EncryptedFilename::parse(&vec![0; length]).is_ok(), fits, "{length}");
    }
    for (length, fits) in [(0, false), (1, true), (512, true), (513, false)] {
        assert_eq!(EncryptedDataKey::parse(&vec![0; length]).is_ok(), fits, "{length}");
    }
}

#[test]
fn debug_shows_nothing_of_them() {
    let name = EncryptedFilename::parse(b"secret").unwrap();
    let token = LinkToken::new(Secret::new([7; 32]));
    assert_eq!(format!("{name:?}"), "EncryptedFilename(6 bytes)");
    assert_eq!(format!("{token:?}"), "LinkToken(redacted)");
    assert_eq!(format!("{:?}", IdempotencyKey::parse("key").unwrap()), "IdempotencyKey(..)");
}

#[test]
fn an_idempotency_key_is_visible_ascii() {
    for good in ["a", "8e03978e-40d5-43e8-bc93-6894a57f9324", "\"quoted\"", &"x".repeat(255)] {
        assert!(IdempotencyKey::parse(good).is_ok(), "{good}");
    }
    for bad in ["", " ", "a b", "é", "a\n", &"x".repeat(256)] {
        assert!(IdempotencyKey::parse(bad).is_err(), "{bad}");
    }
}

#[expect(clippy::unwrap_used, reason = "a sample key that does not parse must stop the test")]
fn once(fingerprint: &str, outcome: &[u8]) -> Once {
    Once {
        key_digest: IdempotencyKey::parse("key").unwrap().digest(),
        fingerprint: RequestFingerprint::of(fingerprint, &[]),
        outcome: outcome.into(),
        expires_at: NOW.saturating_add(IdempotencyKey::REMEMBERED_FOR),
    }
}

#[test]
fn a_request_that_comes_again_gets_what_the_first_one_made_for_a_day() {
    let first = once("call", b"made");
    let again = once("call", b"would be made");
    assert_eq!(again.judge(&first, NOW), Some(Earlier::Same(b"made".as_slice().into())));
    assert_eq!(once("other", b"").judge(&first, NOW), Some(Earlier::Other));
    assert_eq!(again.judge(&first, first.expires_at), None, "forgotten");
}

#[test]
fn parts_of_a_request_do_not_run_into_each_other() {
    let of = |parts: &[&[u8]]| RequestFingerprint::of("call", parts);
    assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
    assert_ne!(of(&[b"a"]), of(&[b"a", b""]));
    assert_ne!(RequestFingerprint::of("ab", &[]), RequestFingerprint::of("a", &[b"b"]));
}

#[test]
fn only_the_announced_size_is_allowed() {
    assert!(UploadSize::Exactly(5).allows(5));
    assert!(!UploadSize::Exactly(5).allows(4) && !UploadSize::Exactly(5).allows(6));
    assert!(UploadSize::AtMost(5).allows(0) && UploadSize::AtMost(5).allows(5));
    assert!(!UploadSize::AtMost(5).allows(6));
}

#[test]
fn the_trash_is_kept_for_thirty_days() {
    let thirty_days = Duration::from_secs(30 * 86_400);
    assert_eq!(FilePolicy::DEFAULT.trash_ends(NOW), NOW.saturating_sub(thirty_days));
    assert_eq!(FilePolicy::DEFAULT.versions_end(NOW), NOW.saturating_sub(thirty_days));
    assert_eq!(FilePolicy::DEFAULT.upload_expires_at(NOW), NOW.saturating_add(Duration::from_secs(86_400)));
}

proptest! {
    #[test]
    fn whatever_is_stored_as_a_hash_state_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let progress = Progress { hash_state: bytes.into(), ..Progress::none() };
        if let Ok(hasher) = progress.hasher() {
            prop_assert_eq!(hasher.state(), progress.hash_state);
        }
    }
}
