//! Tokens that must be refused, nearly all of them signed with the server's own key.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail loudly")]

use crate::common::*;
use data_encoding::BASE64;

fn header(alg: &str) -> String {
    format!(r#"{{"typ":"JWT","alg":"{alg}","kid":"k1"}}"#)
}

fn unsigned(header: impl AsRef<[u8]>) -> String {
    format!("{}.{}.", encoded(header), encoded(PAYLOAD))
}

/// Another algorithm than the scheme's, signed with the server's key all the same, or not at all.
fn other_algorithms(scheme: Scheme) -> Vec<String> {
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
        "HS256",
        "EdDSA",
        "Ed25519",
        "Ed448",
        "eddsa",
        "EDDSA",
        "Ed\\u0044SA",
        "dir",
        "A256KW",
        "hs256",
        "Hs256",
        "ALG ",
        " ALG",
        "ALG\\u0000",
        "HS2\\u0035\\u0036",
        "HMACSHA256",
        "HS1",
    ];
    let mut forged: Vec<String> = none.iter().map(|alg| unsigned(header(alg))).collect();
    let others = other.iter().filter(|alg| **alg != scheme.alg());
    forged.extend(none.iter().chain(others).map(|alg| scheme.signed(header(alg), PAYLOAD)));
    for alg in [r"null", "256", "true", r#"["ALG"]"#, r#"{"alg":"ALG"}"#] {
        forged.push(scheme.signed(format!(r#"{{"typ":"JWT","alg":{alg},"kid":"k1"}}"#), PAYLOAD));
    }
    forged.push(scheme.signed(r#"{"typ":"JWT","kid":"k1"}"#, PAYLOAD));
    forged
}

/// Names of keys that are paths, queries, addresses or worse.
fn key_tricks(scheme: Scheme) -> Vec<String> {
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
        .map(|kid| scheme.signed(format!(r#"{{"typ":"JWT","alg":"ALG","kid":"{kid}"}}"#), PAYLOAD))
        .collect();
    for kid in ["null", "1", "true", r#"["k1"]"#, r#"{"k1":1}"#] {
        forged.push(scheme.signed(format!(r#"{{"typ":"JWT","alg":"ALG","kid":{kid}}}"#), PAYLOAD));
    }
    forged.push(scheme.signed(r#"{"typ":"JWT","alg":"ALG"}"#, PAYLOAD));
    // The key that an empty or unreadable file would be.
    let empty = scheme.message(r#"{"typ":"JWT","alg":"ALG","kid":"/dev/null"}"#, PAYLOAD);
    forged.push(format!("{empty}.{}", hs256(b"", &empty)));
    forged.push(format!("{empty}.{}", scheme.signature(&[0; 32], &empty)));
    forged
}

/// Header parameters that ask a reader to trust something in the token.
fn header_parameters(scheme: Scheme) -> Vec<String> {
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
        r#""alg":"ALG""#,
        r#""kid":"k1""#,
        r#""typ":"JWT""#,
        r#""x":1"#,
    ];
    let mut forged: Vec<String> = extras
        .iter()
        .map(|extra| scheme.signed(format!(r#"{{"typ":"JWT","alg":"ALG","kid":"k1",{extra}}}"#), PAYLOAD))
        .collect();
    for typ in [r#""jwt""#, r#""JWS""#, r#""at+jwt""#, r#""application/jwt""#, r#""""#, "null", "1"] {
        forged.push(scheme.signed(format!(r#"{{"typ":{typ},"alg":"ALG","kid":"k1"}}"#), PAYLOAD));
    }
    for whole in ["", "{}", "null", "[]", "1", r#""ALG""#, "{", r#"{"alg":"ALG"}"#, r#"["ALG","JWT","k1"]"#] {
        forged.push(scheme.signed(whole, PAYLOAD));
    }
    forged.push(scheme.signed(format!("{HEADER}{HEADER}"), PAYLOAD));
    forged.push(scheme.signed(format!("\u{feff}{HEADER}"), PAYLOAD));
    forged.push(scheme.signed(HEADER.replacen('}', &format!("{}}}", " ".repeat(300)), 1), PAYLOAD));
    forged.push(scheme.signed(HEADER.replace('"', "'"), PAYLOAD));
    forged.push(scheme.signed([HEADER.as_bytes(), b"\xff"].concat(), PAYLOAD));
    forged
}

/// Signatures that are missing, cut, doubled, of another key or of another spelling.
fn signatures_and_spellings(scheme: Scheme) -> Vec<String> {
    let good = scheme.access_token();
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
        format!("{message}.{}", encoded(vec![0; scheme.signature_bytes()])),
        format!("{message}.{}", encoded(vec![0xff; scheme.signature_bytes()])),
        format!("{message}.{}", encoded([0; 32])),
        format!("{message}.{}", encoded([0; 64])),
        format!("{message}.{}", encoded(b"")),
        format!("{message}.{}", scheme.signature(OTHER_SECRET, &message)),
        format!("{message}.{}", hs256(b"", &message)),
        format!("{message}.{}", scheme.signature(SECRET, payload)),
        format!("{message}.{}", scheme.signature(SECRET, &format!("{message}."))),
        format!("{head}=.{payload}.{}", scheme.signature(SECRET, &format!("{head}=.{payload}"))),
        format!("{head}.{payload}=.{}", scheme.signature(SECRET, &format!("{head}.{payload}="))),
        format!("{head}.{payload}\n.{}", scheme.signature(SECRET, &format!("{head}.{payload}\n"))),
        format!("{payload}.{head}.{}", scheme.signature(SECRET, &format!("{payload}.{head}"))),
        r#"{"payload":"","protected":"","signature":""}"#.to_owned(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        String::new(),
    ];
    // The last character has two bits to spare, or four; only one of its spellings is canonical.
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=".chars() {
        if other != last {
            forged.push(format!("{message}.{}{other}", &signature[..signature.len() - 1]));
        }
    }
    // The alphabet of plain base64, with bytes that show it, and signed as it stands.
    let spelled = BASE64.encode(payload_with("alice", "al??~~ce").as_bytes());
    let plain = format!("{head}.{}", spelled.trim_end_matches('='));
    assert!(plain.contains('/') || plain.contains('+'));
    forged.push(format!("{plain}.{}", scheme.signature(SECRET, &plain)));
    forged
}

/// Payloads that are no claims of ours, signed with the server's key.
fn other_claims(scheme: Scheme) -> Vec<String> {
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
        replaced.iter().map(|(from, to)| scheme.signed(HEADER, payload_with(from, to))).collect();
    for whole in ["{}", "null", "[]", "1", r#""alice""#, "{", "tru", ""] {
        forged.push(scheme.signed(HEADER, whole));
    }
    let (user, session, token) =
        (uuid, "02020202-0202-0202-0202-020202020202", "03030303-0303-0303-0303-030303030303");
    forged.push(scheme.signed(HEADER, format!(r#"["alice",1800000000,1800001800,"access","{session}","{token}","epic-server","epic",1799999000,{{"user_id":"{user}"}}]"#)));
    forged.push(scheme.signed(HEADER, format!("[{PAYLOAD}]")));
    forged.push(scheme.signed(HEADER, format!("{PAYLOAD}{PAYLOAD}")));
    forged.push(scheme.signed(HEADER, format!("{PAYLOAD},")));
    forged.push(scheme.signed(HEADER, format!("\u{feff}{PAYLOAD}")));
    forged.push(scheme.signed(HEADER, [b"\xff\xfe".as_slice(), PAYLOAD.as_bytes()].concat()));
    // A token inside a token, and claims that are too much of everything.
    forged.push(scheme.signed(HEADER, scheme.access_token()));
    forged.push(scheme.signed(HEADER, format!(r#""{}""#, scheme.access_token())));
    forged.push(scheme.signed(
        HEADER,
        payload_with(r#""data":{"#, &format!(r#""x":{}1{},"data":{{"#, "[".repeat(500), "]".repeat(500))),
    ));
    forged.push(scheme.signed(HEADER, payload_with("alice", &"a".repeat(3_000))));
    forged.push(scheme.signed(HEADER, format!("{}{PAYLOAD}", " ".repeat(4_000))));
    forged
}

pub(crate) fn corpus(scheme: Scheme) -> Vec<String> {
    [
        other_algorithms(scheme),
        key_tricks(scheme),
        header_parameters(scheme),
        signatures_and_spellings(scheme),
        other_claims(scheme),
    ]
    .concat()
}
