//! The published vectors for HS256.

use data_encoding::BASE64URL_NOPAD;
use epic_token_jwt::verify_compact;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where the vectors as published are wrong. The file that is read here has them corrected.
///
/// 1. tcId 367 "invalidBase64Padding" is byte for byte the valid tcId 357: its padding was lost.
/// 2. tcId 370 "invalidBase64PaddingInPayload" is byte for byte the valid tcId 357 too.
/// 3. tcId 372 "InvalidCharacterInsertedInHeader" has a `?` in its header and is called valid; RFC 7515 (section 2)
///    has no such character in base64url.
/// 4. tcId 373 "InvalidCharacterInsertedInPayload" has a `?` in its payload and is called valid.
const UPSTREAM_DEFECTS: [(u64, &str, &str); 4] = [
    (367, "invalid", "skip"),
    (370, "invalid", "skip"),
    (372, "valid", "invalid"),
    (373, "valid", "invalid"),
];

#[test]
fn a02_wycheproof_hs256_38_of_38_as_expected_and_4_upstream_defects() {
    let Ok(folder) = std::env::var("EPIC_VECTORS") else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "EPIC_VECTORS must be set in CI");
        println!("EPIC_VECTORS is not set: the published vectors were not checked");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/wycheproof/hs256_subset_corrected.json")).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let (mut checked, mut jws_of, mut defects) = (0, BTreeMap::new(), Vec::new());
    for test in vectors["tests"].as_array().unwrap() {
        let text = |name: &str| test[name].as_str().unwrap();
        let id = test["tcId"].as_u64().unwrap();
        jws_of.insert(id, text("jws").to_owned());
        if text("upstream_result") != text("expected") {
            defects.push((id, text("upstream_result").to_owned(), text("expected").to_owned()));
        }
        if text("expected") == "skip" {
            continue;
        }
        let secret = BASE64URL_NOPAD.decode(text("k").as_bytes()).unwrap();
        let verified = verify_compact(text("jws"), &secret).is_ok();
        assert_eq!(verified, text("expected") == "valid", "tcId {id}, {}", text("comment"));
        checked += 1;
    }
    assert_eq!(checked, 38);
    let expected: Vec<_> =
        UPSTREAM_DEFECTS.iter().map(|(id, was, is)| (*id, (*was).to_owned(), (*is).to_owned())).collect();
    assert_eq!(defects, expected);
    assert_eq!((&jws_of[&367], &jws_of[&370]), (&jws_of[&357], &jws_of[&357]));
    assert!(jws_of[&372].contains('?') && jws_of[&373].contains('?'));
}
