//! D02: no two names a person could take for each other are two accounts.
#![expect(clippy::expect_used, reason = "without its corpus a test must fail")]

use epic_domain::user::Username;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn canonical(text: &str) -> Option<String> {
    Username::parse(text).ok().map(|name| name.as_str().to_owned())
}

/// What must hold of any text: it is refused, or its canonical form is plain and is its own canonical form.
fn refused_or_stable(text: &str) -> bool {
    canonical(text).is_none_or(|name| {
        let plain = name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
        let folded_only = name == text.to_ascii_lowercase();
        plain && folded_only && (3..=32).contains(&name.len()) && canonical(&name) == Some(name)
    })
}

#[test]
fn d02_canonicalising_twice_is_canonicalising_once_for_100_000_random_texts() {
    let config = ProptestConfig { cases: 100_000, ..ProptestConfig::default() };
    let anything = prop::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter);
    let nearly_a_name = "[a-zA-Z0-9._-]{0,34}[ſK\u{200B}é@ ]?[A-Z]{0,2}";
    let text = prop_oneof![anything, nearly_a_name.prop_map(String::from)];
    TestRunner::new(config)
        .run(&text, |text| {
            prop_assert!(refused_or_stable(&text), "{text:?}");
            Ok(())
        })
        .unwrap();
}

#[test]
fn d02_names_of_the_allowed_letters_are_accepted_in_any_case() {
    TestRunner::default()
        .run(&"[a-zA-Z0-9][a-zA-Z0-9._-]{2,31}", |text| {
            prop_assert_eq!(canonical(&text), Some(text.to_ascii_lowercase()));
            Ok(())
        })
        .unwrap();
}

#[test]
fn d02_ascii_case_is_one_identity() {
    for text in ["alice", "ALICE", "Alice", "aLiCe"] {
        assert_eq!(canonical(text).as_deref(), Some("alice"));
    }
}

macro_rules! refused {
    ($($(#[$attribute:meta])* $name:ident: $($text:literal),+;)+) => {$(
        #[test]
        fn $name() {
            for text in [$($text),+] {
                assert_eq!(canonical(text), None, "{text:?}");
            }
        }
    )+};
}

refused! {
    d02_white_space_around_a_name_is_refused_not_trimmed: "alice ", " alice", "\talice", "alice\n", "alice\u{A0}", "ali ce";
    d02_invisible_characters_are_refused: "ali\u{200B}ce", "ali\u{200D}ce", "\u{FEFF}alice", "ali\u{AD}ce", "ali\u{2060}ce";
    d02_full_width_letters_are_refused: "ａｌｉｃｅ", "ＡＬＩＣＥ", "alic\u{FF45}";
    d02_the_kelvin_sign_is_no_k: "\u{212A}evin", "mi\u{212A}e";
    d02_the_long_s_is_no_s: "\u{17F}ally", "ali\u{17F}";
    d02_the_turkish_i_is_no_i: "al\u{131}ce", "AL\u{130}CE";
    d02_combining_forms_are_refused: "e\u{301}ve", "\u{E9}ve", "alice\u{308}";
    d02_cyrillic_and_greek_look_alikes_are_refused: "\u{430}lice", "alic\u{435}", "b\u{3BF}b";
    d02_superscripts_are_refused: "\u{1D2E}\u{1D35}\u{1D33}\u{1D2E}\u{1D35}\u{1D3F}\u{1D30}", "bob\u{B2}";
    d02_text_that_changes_direction_is_refused: "ali\u{202E}ce", "\u{200F}alice";
    d16_names_that_are_paths_or_hold_one_are_refused: ".", "..", "...", "a/b", "a%2fb", "a\\b", "a?b", "a#b", "abc\0", "a%00b";
    names_of_other_lengths_are_refused: "", "ab", "abcdefghijklmnopqrstuvwxyz0123456";
    names_that_begin_with_a_mark_are_refused: ".abc", "_abc", "-abc";
}

/// A handful of naughty strings, for whoever has not fetched the corpus.
const SHORT_LIST: [&str; 8] = [
    "undefined",
    "NULL",
    "-1.00",
    "<script>alert(1)</script>",
    "' OR 1=1 -- 1",
    "Ω≈ç√∫˜µ≤≥÷",
    "田中さんにあげて下さい",
    "\u{202A}\u{202A}test\u{202A}",
];

fn naughty_strings() -> Vec<String> {
    match std::env::var("EPIC_VECTORS") {
        Ok(folder) => {
            let file = std::path::Path::new(&folder).join("blns/blns.json");
            serde_json::from_slice(&std::fs::read(file).expect("the corpus")).expect("a list of strings")
        }
        Err(_) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI must set EPIC_VECTORS");
            SHORT_LIST.map(String::from).into()
        }
    }
}

#[test]
fn d02_d15_the_big_list_of_naughty_strings_is_refused_or_stable() {
    for text in naughty_strings() {
        assert!(refused_or_stable(&text), "{text:?}");
    }
}
