//! No token of one algorithm is ever taken for one of the other, whatever it says and whoever signed it.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail loudly")]

mod common;

use common::*;
use data_encoding::{BASE64, HEXLOWER};
use epic_domain::secret::Secret;
use epic_domain::session::TokenKind;
use epic_outbound::tokens::VerifyingKey;
use epic_token_jwt::{EddsaKey, WeakKey, verify_compact, verify_compact_eddsa};

/// The public key in every form in which a careless reader might take it for a secret.
fn spellings_of(public: &[u8; 32]) -> Vec<Vec<u8>> {
    // The DER of a SubjectPublicKeyInfo (RFC 8410, section 4) and its PEM.
    let der = [HEXLOWER.decode(b"302a300506032b6570032100").unwrap(), public.to_vec()].concat();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&der));
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, encoded(public));
    vec![
        public.to_vec(),
        encoded(public).into_bytes(),
        BASE64.encode(public).into_bytes(),
        HEXLOWER.encode(public).into_bytes(),
        der.clone(),
        BASE64.encode(&der).into_bytes(),
        pem.trim_end().as_bytes().to_vec(),
        pem.into_bytes(),
        jwk.into_bytes(),
    ]
}

#[test]
fn a02_the_public_key_as_hmac_secret_makes_no_token() {
    let tokens = Scheme::Eddsa.tokens();
    for secret in spellings_of(&public_of(SECRET)).iter().chain([&SECRET.to_vec(), &Vec::new()]) {
        for alg in ["HS256", "EdDSA"] {
            let message = Scheme::Eddsa.message(HEADER.replace("ALG", alg), PAYLOAD);
            let forged = format!("{message}.{}", hs256(secret, &message));
            assert!(refuses(tokens.as_ref(), &forged), "{forged}");
        }
    }
    assert_eq!(tokens.cached_tokens(), 0);
}

#[test]
fn a02_tokens_of_one_algorithm_are_refused_under_the_other_with_the_same_bytes_as_key() {
    let (hs256, eddsa) = (Scheme::Hs256.tokens(), Scheme::Eddsa.tokens());
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        let of = |tokens: &dyn Remembering| tokens.issue(&claims(kind), &key_id("k1")).unwrap();
        assert!(refuses(eddsa.as_ref(), of(hs256.as_ref()).expose()));
        assert!(refuses(hs256.as_ref(), of(eddsa.as_ref()).expose()));
    }
}

#[test]
fn a02_a_header_that_names_the_other_algorithm_changes_nothing() {
    for (scheme, other) in [(Scheme::Hs256, Scheme::Eddsa), (Scheme::Eddsa, Scheme::Hs256)] {
        let tokens = scheme.tokens();
        // Of the algorithm in use, and called the other; of the other, and called the one in use.
        for (signer, name) in [(scheme, other), (other, scheme)] {
            let message = format!("{}.{}", encoded(name.header()), encoded(PAYLOAD));
            let forged = format!("{message}.{}", signer.signature(SECRET, &message));
            assert!(refuses(tokens.as_ref(), &forged), "{forged}");
        }
    }
}

#[test]
fn a02_an_eddsa_token_is_no_hs256_token_even_where_the_secret_is_its_public_key() {
    let public = public_of(SECRET);
    let tokens = Scheme::Hs256.tokens_with(&[("k1", &public)], 0);
    assert!(refuses(tokens.as_ref(), &Scheme::Eddsa.access_token()));
}

#[test]
fn a04_a_key_that_a_token_brings_along_is_not_used() {
    let own = encoded(public_of(OTHER_SECRET));
    for parameter in [
        format!(r#""jwk":{{"kty":"OKP","crv":"Ed25519","x":"{own}"}}"#),
        format!(r#""jwk":{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"k1","x":"{own}"}}"#),
        format!(r#""x5c":["{own}"]"#),
        format!(r#""epk":{{"kty":"OKP","crv":"X25519","x":"{own}"}}"#),
    ] {
        let header = format!(r#"{{"typ":"JWT","alg":"EdDSA","kid":"k1",{parameter}}}"#);
        let forged = Scheme::Eddsa.signed_with(OTHER_SECRET, header, PAYLOAD);
        assert!(refuses(Scheme::Eddsa.tokens().as_ref(), &forged), "{forged}");
    }
}

#[test]
fn a_signature_has_no_second_spelling() {
    // The order of the group (RFC 8032, section 5.1), added to S: the same number to a lax reader.
    let order = HEXLOWER.decode(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let token = Scheme::Eddsa.access_token();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = data_encoding::BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(&order) {
        let sum = u16::from(*byte) + u16::from(*add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert!(refuses(Scheme::Eddsa.tokens().as_ref(), &format!("{message}.{}", encoded(bytes))));
}

#[test]
fn a_public_key_under_which_everything_verifies_verifies_nothing() {
    // The neutral element as key and as R, and S = 0: valid for every message to a lax reader.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let signature = encoded([neutral, [0; 32]].concat());
    let message = Scheme::Eddsa.message(r#"{"alg":"EdDSA"}"#, "anything");
    assert!(verify_compact_eddsa(&format!("{message}.{signature}"), &neutral).is_err());
}

#[test]
fn the_vector_of_rfc_8037_verifies_under_its_own_key_and_algorithm_alone() {
    // Appendix A.4; the key is that of RFC 8032, section 7.1, test 1.
    let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let public =
        data_encoding::BASE64URL_NOPAD.decode(b"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    let public: [u8; 32] = public.try_into().unwrap();
    assert_eq!(verify_compact_eddsa(jws, &public).unwrap(), b"Example of Ed25519 signing");
    assert!(verify_compact_eddsa(jws, &public_of(SECRET)).is_err());
    assert!(verify_compact(jws, &public).is_err());
    for at in 0..jws.len() {
        let other = if &jws[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &jws[..at], &jws[at + 1..]);
        assert!(verify_compact_eddsa(&changed, &public).is_err(), "{changed}");
    }
}

#[test]
fn the_public_keys_are_told_the_signing_one_first_and_check_what_was_issued() {
    let tokens = Scheme::Eddsa.tokens_with(&[("new", OTHER_SECRET), ("old", SECRET)], 0);
    let told = tokens.verifying_keys();
    let expected = [("new", OTHER_SECRET), ("old", SECRET)]
        .map(|(id, seed)| VerifyingKey { key_id: key_id(id), ed25519: public_of(seed) });
    assert_eq!(told, expected);
    for key in told {
        let token = tokens.issue(&claims(TokenKind::Access), &key.key_id).unwrap();
        assert!(verify_compact_eddsa(token.expose(), &key.ed25519).is_ok());
    }
}

#[test]
fn keys_that_are_secret_are_told_to_nobody() {
    let tokens: Box<dyn Remembering> = Scheme::Hs256.tokens();
    assert_eq!(tokens.verifying_keys(), []);
}

#[test]
fn a08_a_seed_that_could_be_guessed_is_refused() {
    let judge = |seed: [u8; 32]| EddsaKey::parse(key_id("k1"), &Secret::new(seed)).map(|_| ());
    assert_eq!(judge([0; 32]), Err(WeakKey::FewDistinctBytes));
    assert_eq!(judge(*b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"), Err(WeakKey::Counts));
    assert_eq!(judge(*b"this is a very secret key forjwt"), Err(WeakKey::Words));
    assert_eq!(judge(*SECRET), Ok(()));
}

#[test]
fn both_algorithms_live_in_one_process() {
    let (hs256, eddsa) = (Scheme::Hs256.tokens(), Scheme::Eddsa.tokens());
    for tokens in [&hs256, &eddsa, &hs256] {
        let token = tokens.issue(&claims(TokenKind::Access), &key_id("k1")).unwrap();
        assert!(tokens.read(token.expose()).is_ok());
    }
}
