//! Laws of signed tokens.

use crate::builders::{T0, session, user_id, username};
use epic_domain::key_id::KeyId;
use epic_domain::session::Claims;
use epic_outbound::tokens::{TokenError, Tokens};
use std::sync::Arc;

/// Makes a fresh signer.
pub type MakeTokens = dyn Fn() -> Arc<dyn Tokens>;

/// Expands to the laws of [`Tokens`]. The factory takes nothing and returns an
/// `Arc<dyn Tokens>`.
#[macro_export]
macro_rules! tokens_contract {
    ($factory:expr) => {
        $crate::laws_on_a_port! { tokens, $factory;
            a_token_says_what_it_was_made_to_say
            the_same_claims_give_the_same_token
            other_claims_give_another_token
            an_altered_token_is_not_genuine
            text_that_is_no_token_is_not_genuine
            an_unknown_key_signs_nothing
            the_keys_that_others_check_with_are_each_told_once
        }
    };
}

fn both_claims(seed: u64) -> [Claims; 2] {
    let session = session(seed, user_id(seed)).build();
    let alice = username("alice");
    [session.access_claims(&alice), session.refresh_claims(&alice)]
}

/// Of either kind; expired claims are read too, since the domain judges them.
pub fn a_token_says_what_it_was_made_to_say(make: &MakeTokens) {
    let tokens = make();
    let [access, refresh] = both_claims(1);
    let expired = Claims { expires_at: T0.floor_to_second(), ..access.clone() };
    for claims in [access, refresh, expired] {
        let token = tokens.issue(&claims, &tokens.signing_key_id()).unwrap();
        assert_eq!(*tokens.read(token.expose()).unwrap(), claims);
        assert_eq!(*tokens.read(token.expose()).unwrap(), claims, "read again");
    }
}

/// Byte for byte: a lost reply can be given again.
pub fn the_same_claims_give_the_same_token(make: &MakeTokens) {
    let tokens = make();
    for claims in both_claims(1) {
        let key_id = tokens.signing_key_id();
        let (first, second) =
            (tokens.issue(&claims, &key_id).unwrap(), tokens.issue(&claims, &key_id).unwrap());
        assert!(first.expose() == second.expose());
    }
}

/// Kinds and sessions never share one.
pub fn other_claims_give_another_token(make: &MakeTokens) {
    let tokens = make();
    let mut texts: Vec<String> = [both_claims(1), both_claims(2)]
        .iter()
        .flatten()
        .map(|claims| tokens.issue(claims, &tokens.signing_key_id()).unwrap().expose().to_owned())
        .collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 4);
}

/// Wherever a character is changed, taken away or added.
pub fn an_altered_token_is_not_genuine(make: &MakeTokens) {
    let tokens = make();
    let [claims, _] = both_claims(1);
    let token = tokens.issue(&claims, &tokens.signing_key_id()).unwrap().expose().to_owned();
    for index in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
        refused(tokens.as_ref(), &String::from_utf8(altered).unwrap());
        refused(tokens.as_ref(), &token[..index]);
    }
    refused(tokens.as_ref(), &format!("{token}A"));
    refused(tokens.as_ref(), &format!("{token} "));
}

/// Whatever it is instead.
pub fn text_that_is_no_token_is_not_genuine(make: &MakeTokens) {
    let tokens = make();
    for text in ["", ".", "..", "...", "a.b.c", "null", "\u{0}", "e30.e30.", "\u{1F511}.\u{1F511}.\u{1F511}"]
    {
        refused(tokens.as_ref(), text);
    }
}

/// The key may have been retired.
pub fn an_unknown_key_signs_nothing(make: &MakeTokens) {
    let tokens = make();
    let [claims, _] = both_claims(1);
    let unknown = KeyId::parse("a-key-nobody-has").unwrap();
    assert!(matches!(tokens.issue(&claims, &unknown), Err(TokenError::Unavailable(_))));
}

/// The signing one first; none when the keys are secret.
pub fn the_keys_that_others_check_with_are_each_told_once(make: &MakeTokens) {
    let tokens = make();
    let keys = tokens.verifying_keys();
    assert!(keys.first().is_none_or(|key| key.key_id == tokens.signing_key_id()));
    for (place, key) in keys.iter().enumerate() {
        assert!(keys[..place].iter().all(|other| other.key_id != key.key_id && other.ed25519 != key.ed25519));
    }
}

fn refused(tokens: &dyn Tokens, text: &str) {
    assert!(matches!(tokens.read(text), Err(TokenError::NotGenuine)), "{text:?}");
}
