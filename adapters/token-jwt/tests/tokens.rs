//! What tokens say and how they are kept, whichever algorithm is in use.

mod common;

use common::*;
use data_encoding::BASE64URL_NOPAD;
use epic_domain::Timestamp;
use epic_domain::session::TokenKind;
use epic_outbound::tokens::TokenError;
use epic_token_jwt::{EddsaKeyring, Keyring, KeyringRefused};

#[test]
fn a_token_says_exactly_what_the_api_promises() {
    for scheme in SCHEMES {
        let token = scheme.access_token();
        let parts: Vec<&str> = token.split('.').collect();
        let text = |part: &str| String::from_utf8(BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap();
        assert_eq!(text(parts[0]), scheme.header());
        assert_eq!(text(parts[1]), PAYLOAD);
        assert_eq!(token, scheme.signed(HEADER, PAYLOAD));
    }
}

#[test]
fn the_same_claims_and_key_give_the_same_token_byte_for_byte() {
    for scheme in SCHEMES {
        assert_eq!(scheme.access_token(), scheme.access_token());
    }
}

#[test]
fn a03_a_token_keeps_its_kind_both_ways() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        for kind in [TokenKind::Access, TokenKind::Refresh] {
            let token = tokens.issue(&claims(kind), &key_id("k1")).unwrap();
            for _ in 0..2 {
                assert_eq!(*tokens.read(token.expose()).unwrap(), claims(kind));
            }
        }
    }
}

#[test]
fn a_token_of_another_implementation_with_the_same_key_and_claims_is_read() {
    for scheme in SCHEMES {
        let header = r#"{"alg": "ALG", "kid": "k1", "typ": "JWT"}"#;
        let payload = PAYLOAD.replace(':', ": ").replace(',', ", ");
        assert!(scheme.tokens().read(&scheme.signed(header, payload)).is_ok());
    }
}

#[test]
fn a_new_key_signs_and_the_old_one_verifies_until_it_is_taken_away() {
    for scheme in SCHEMES {
        let old = scheme.access_token();
        let rotated = scheme.tokens_with(&[("k2", OTHER_SECRET), ("k1", SECRET)], 1_000);
        assert_eq!(rotated.signing_key_id(), key_id("k2"));
        assert!(rotated.read(&old).is_ok());
        let new = rotated.issue(&claims(TokenKind::Access), &key_id("k2")).unwrap();
        assert!(rotated.read(new.expose()).is_ok());
        let by_the_old_key = rotated.issue(&claims(TokenKind::Access), &key_id("k1")).unwrap();
        assert_eq!(by_the_old_key.expose(), old, "a lost reply is repeated with the key it was made with");
        assert!(refuses(scheme.tokens_with(&[("k2", OTHER_SECRET)], 1_000).as_ref(), &old));
    }
}

#[test]
fn a_key_is_found_by_its_name_and_no_other_key_is_tried() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens_with(&[("k1", SECRET), ("k2", OTHER_SECRET)], 1_000);
        assert!(refuses(tokens.as_ref(), &scheme.signed_with(OTHER_SECRET, HEADER, PAYLOAD)));
    }
}

#[test]
fn a_key_that_is_gone_signs_nothing() {
    for scheme in SCHEMES {
        let refused = scheme.tokens().issue(&claims(TokenKind::Access), &key_id("k9"));
        assert!(matches!(refused, Err(TokenError::Unavailable(_))));
    }
}

#[test]
fn expiry_is_left_to_the_domain() {
    for scheme in SCHEMES {
        let mut expired = claims(TokenKind::Access);
        expired.issued_at = Timestamp::from_seconds(1);
        expired.expires_at = Timestamp::from_seconds(2);
        let tokens = scheme.tokens();
        let token = tokens.issue(&expired, &key_id("k1")).unwrap();
        assert_eq!(*tokens.read(token.expose()).unwrap(), expired);
    }
}

#[test]
fn only_genuine_access_tokens_are_remembered() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        let access = scheme.access_token();
        let refresh = tokens.issue(&claims(TokenKind::Refresh), &key_id("k1")).unwrap();
        assert!(refuses(tokens.as_ref(), &scheme.signed_with(OTHER_SECRET, HEADER, PAYLOAD)));
        assert!(tokens.read(refresh.expose()).is_ok());
        assert_eq!(tokens.cached_tokens(), 0);
        let first = tokens.read(&access).unwrap();
        let second = tokens.read(&access).unwrap();
        assert_eq!(tokens.cached_tokens(), 1);
        assert!(std::sync::Arc::ptr_eq(&first, &second), "the second must come from memory");
    }
}

#[test]
fn a_remembered_token_makes_no_other_token_genuine() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        let access = scheme.access_token();
        tokens.read(&access).unwrap();
        let (message, signature) = access.rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        let admin = encoded(payload_with("alice", "admin"));
        assert!(refuses(tokens.as_ref(), &format!("{header}.{admin}.{signature}")));
        assert!(refuses(tokens.as_ref(), message));
        assert!(refuses(tokens.as_ref(), &format!("{access} ")));
    }
}

#[test]
fn memory_for_tokens_is_bounded() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens_with(&[("k1", SECRET)], 64);
        let mut many = claims(TokenKind::Access);
        for seconds in 0..1_000 {
            many.issued_at = Timestamp::from_seconds(1_800_000_000 + seconds);
            let token = tokens.issue(&many, &key_id("k1")).unwrap();
            assert_eq!(*tokens.read(token.expose()).unwrap(), many);
        }
        assert!(tokens.cached_tokens() <= 128, "{}", tokens.cached_tokens());
    }
}

#[test]
fn without_memory_every_token_is_verified_anew() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens_with(&[("k1", SECRET)], 0);
        assert!(tokens.read(&scheme.access_token()).is_ok());
        assert!(refuses(tokens.as_ref(), "a.b.c"));
        assert_eq!(tokens.cached_tokens(), 0);
    }
}

#[test]
fn no_key_and_two_keys_of_one_name_are_refused() {
    assert_eq!(Keyring::new(vec![]).unwrap_err(), KeyringRefused::Empty);
    let twice = vec![key("k1", SECRET), key("k2", OTHER_SECRET), key("k1", OTHER_SECRET)];
    assert_eq!(Keyring::new(twice).unwrap_err(), KeyringRefused::Duplicate);
    assert_eq!(EddsaKeyring::new(vec![]).unwrap_err(), KeyringRefused::Empty);
    let twice = vec![eddsa_key("k1", SECRET), eddsa_key("k1", OTHER_SECRET)];
    assert_eq!(EddsaKeyring::new(twice).unwrap_err(), KeyringRefused::Duplicate);
}

#[test]
fn debug_says_no_key() {
    for scheme in SCHEMES {
        let text = format!("{:?}", scheme.tokens());
        assert!(text.contains("k1") && text.contains("redacted"));
        assert!(!text.contains("159"), "the first byte of the key: {text}");
    }
}
