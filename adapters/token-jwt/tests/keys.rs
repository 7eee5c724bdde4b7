//! Which keys may sign.

mod common;

use common::key_id;
use data_encoding::{BASE32_NOPAD, BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use epic_token_jwt::{TokenKey, WeakKey};
use proptest::prelude::*;

fn judge(secret: &[u8]) -> Result<(), WeakKey> {
    TokenKey::parse(key_id("k1"), secret).map(|_| ())
}

#[test]
fn a08_short_keys_are_refused() {
    for secret in ["", "secret", "changeme", "your-256-bit-secret", "0123456789abcdef0123456789abcde"] {
        assert_eq!(judge(secret.as_bytes()), Err(WeakKey::TooShort), "{secret}");
    }
    assert_eq!(judge(&common::SECRET[..31]), Err(WeakKey::TooShort));
    assert_eq!(judge(common::SECRET), Ok(()));
}

#[test]
fn a08_keys_of_few_bytes_that_repeat_or_count_are_refused() {
    assert_eq!(judge(&[b'a'; 32]), Err(WeakKey::FewDistinctBytes));
    assert_eq!(judge(&[0; 64]), Err(WeakKey::FewDistinctBytes));
    assert_eq!(judge(b"secretsecretsecretsecretsecretse"), Err(WeakKey::FewDistinctBytes));
    assert_eq!(judge(b"changeme123changeme123changeme123"), Err(WeakKey::Repeats));
    assert_eq!(judge(b"your-256-bit-secret-your-256-bit-secret"), Err(WeakKey::Repeats));
    assert_eq!(judge(&common::SECRET[..16].repeat(2)), Err(WeakKey::Repeats));
    let counting: Vec<u8> = (0..32).collect();
    assert_eq!(judge(&counting), Err(WeakKey::Counts));
    assert_eq!(judge(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"), Err(WeakKey::Counts));
    assert_eq!(judge(b"zyxwvutsrqponmlkjihgfedcba987654"), Err(WeakKey::Counts));
    assert_eq!(judge(b"changeme000000000000000000000000"), Err(WeakKey::FewDistinctBytes));
    assert_eq!(judge(b"changeme-1234567890-1234567890-1"), Err(WeakKey::Counts));
}

#[test]
fn a08_keys_that_read_like_words_are_refused() {
    for secret in [
        "this is a very secret key for jwt",
        "my-super-secret-jwt-signing-key-2024",
        "a-string-secret-at-least-256-bits-long",
        "MySuperSecretKeyForSigningJsonWebTokens",
        "please_change_this_secret_in_production",
        "THIS_IS_THE_SECRET_USED_TO_SIGN_TOKENS",
        "correct horse battery staple and more",
        "This should be replaced by a real key!",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "P@ssw0rd-password-P@ssw0rd-2024-2025",
    ] {
        assert_eq!(judge(secret.as_bytes()), Err(WeakKey::Words), "{secret}");
    }
}

#[test]
fn a08_the_message_names_the_rule_and_not_the_key() {
    let secret = b"my-super-secret-jwt-signing-key-2024";
    let error = TokenKey::parse(key_id("k1"), secret).unwrap_err();
    assert_eq!(error.to_string(), "a token key must be random: it reads like words");
    assert!(!format!("{error:?} {error}").contains("super"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn random_keys_and_their_texts_are_never_refused(secret in any::<[u8; 32]>()) {
        prop_assert_eq!(judge(&secret), Ok(()));
        prop_assert_eq!(judge(HEXLOWER.encode(&secret).as_bytes()), Ok(()));
        prop_assert_eq!(judge(HEXUPPER.encode(&secret).as_bytes()), Ok(()));
        prop_assert_eq!(judge(BASE64.encode(&secret).as_bytes()), Ok(()));
        prop_assert_eq!(judge(BASE64URL_NOPAD.encode(&secret).as_bytes()), Ok(()));
        prop_assert_eq!(judge(BASE32_NOPAD.encode(&secret).as_bytes()), Ok(()));
    }

    #[test]
    fn no_key_makes_it_panic(secret in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = judge(&secret);
    }
}
