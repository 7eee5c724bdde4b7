//! Tokens that must be refused, whoever made them and whichever algorithm is in use.

#[path = "../common/mod.rs"]
mod common;
mod corpus;

use common::*;
use corpus::corpus;
use epic_domain::session::TokenKind;
use proptest::prelude::*;

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(SCHEMES.as_slice())
}

#[test]
fn a01_the_corpus_is_refused_to_the_last_token() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        let corpus = corpus(scheme);
        assert!(corpus.len() >= 200, "{} tokens", corpus.len());
        for token in &corpus {
            assert!(refuses(tokens.as_ref(), token), "{token}");
        }
        assert_eq!(tokens.cached_tokens(), 0);
    }
}

#[test]
fn a01_the_corpus_is_refused_by_a_reader_that_has_seen_the_genuine_token() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        tokens.read(&scheme.access_token()).unwrap();
        for token in &corpus(scheme) {
            assert!(refuses(tokens.as_ref(), token), "{token}");
        }
        assert_eq!(tokens.cached_tokens(), 1);
    }
}

#[test]
fn a01_the_controls_are_accepted() {
    for scheme in SCHEMES {
        assert!(scheme.tokens().read(&scheme.access_token()).is_ok());
        assert!(scheme.tokens().read(&scheme.signed(HEADER, PAYLOAD)).is_ok());
    }
}

#[test]
fn a05_mistyped_and_missing_times_are_refused() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        let values = [
            "\"1800001800\"",
            "1800001800.0",
            "1800001800.5",
            "1.8e9",
            "18e8",
            "-1",
            "-0",
            "true",
            "false",
            "null",
            "[1800001800]",
            "{}",
            "\"\"",
            "\"never\"",
            "253402300800",
            "18446744073709551615",
            "18446744073709551616",
            "1e999",
            "01",
            "0x10",
            "NaN",
            "Infinity",
        ];
        let times = [
            ("iat", "\"iat\":1800000000"),
            ("exp", "\"exp\":1800001800"),
            ("auth_time", "\"auth_time\":1799999000"),
        ];
        for (name, member) in times {
            for value in values {
                let payload = payload_with(member, &format!("\"{name}\":{value}"));
                assert!(refuses(tokens.as_ref(), &scheme.signed(HEADER, &payload)), "{payload}");
            }
            let missing = payload_with(&format!("{member},"), "");
            assert!(refuses(tokens.as_ref(), &scheme.signed(HEADER, &missing)), "{missing}");
            let twice = payload_with(member, &format!("{member},{member}"));
            assert!(refuses(tokens.as_ref(), &scheme.signed(HEADER, &twice)), "{twice}");
        }
        for nbf in ["1", "\"1\"", "1.5", "null", "true", "[]", "18446744073709551615"] {
            let payload = payload_with("\"data\"", &format!("\"nbf\":{nbf},\"data\""));
            assert!(refuses(tokens.as_ref(), &scheme.signed(HEADER, &payload)), "{payload}");
        }
    }
}

#[test]
fn a03_a_token_whose_kind_was_changed_is_refused() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        let refresh = tokens.issue(&claims(TokenKind::Refresh), &key_id("k1")).unwrap();
        let (_, signature) = refresh.expose().rsplit_once('.').unwrap();
        assert!(refuses(
            tokens.as_ref(),
            &format!("{}.{}.{signature}", encoded(scheme.header()), encoded(PAYLOAD))
        ));
    }
}

#[test]
fn a_token_past_the_length_is_refused_unread() {
    for scheme in SCHEMES {
        assert!(refuses(scheme.tokens().as_ref(), &"a".repeat(epic_token_jwt::TOKEN_BYTES_MAX + 1)));
        let roomy = format!("{PAYLOAD}{}", " ".repeat(3_000));
        assert!(refuses(scheme.tokens().as_ref(), &scheme.signed(HEADER, roomy)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn with_any_one_character_changed_a_token_is_refused(
        scheme in scheme(),
        place in any::<prop::sample::Index>(),
        replacement in prop::char::range(' ', '~'),
    ) {
        let good = scheme.access_token();
        let mut characters: Vec<char> = good.chars().collect();
        let at = place.index(characters.len());
        prop_assume!(characters[at] != replacement);
        characters[at] = replacement;
        prop_assert!(refuses(scheme.tokens().as_ref(), &characters.into_iter().collect::<String>()));
    }

    #[test]
    fn with_any_one_character_missing_or_doubled_a_token_is_refused(
        scheme in scheme(),
        place in any::<prop::sample::Index>(),
    ) {
        let good = scheme.access_token();
        let at = place.index(good.len());
        let missing = [&good[..at], &good[at + 1..]].concat();
        prop_assert!(refuses(scheme.tokens().as_ref(), &missing));
        let doubled = [&good[..=at], &good[at..]].concat();
        prop_assert!(refuses(scheme.tokens().as_ref(), &doubled));
    }

    #[test]
    fn no_text_makes_it_panic(scheme in scheme(), text in any::<String>()) {
        prop_assert!(refuses(scheme.tokens().as_ref(), &text));
    }

    #[test]
    fn no_signed_bytes_make_it_panic(
        scheme in scheme(),
        header in proptest::collection::vec(any::<u8>(), 0..80),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(refuses(scheme.tokens().as_ref(), &scheme.signed(header, &payload)));
        prop_assert!(refuses(scheme.tokens().as_ref(), &scheme.signed(HEADER, &payload)));
    }
}

#[test]
fn every_single_place_of_a_token_counts() {
    for scheme in SCHEMES {
        let tokens = scheme.tokens();
        let good = scheme.access_token();
        for at in 0..good.len() {
            for replacement in ["A", "B", "-", "=", ".", " "] {
                if good[at..=at] != *replacement {
                    let changed = format!("{}{replacement}{}", &good[..at], &good[at + 1..]);
                    assert!(refuses(tokens.as_ref(), &changed), "{changed}");
                }
            }
        }
    }
}
