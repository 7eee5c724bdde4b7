//! What the codes and enrolment URIs must be.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "helpers of tests may fail loudly and say what they skip"
)]

use epic_domain::secret::Secret;
use epic_domain::user::{OtpStep, TotpSecret, Username};
use epic_otp_totp::{OtpIssuer, TotpCodes};
use epic_outbound::otp::Otp;
use proptest::prelude::*;
use serde_json::Value;

fn codes() -> TotpCodes {
    TotpCodes::new(OtpIssuer::default())
}

fn secret(bytes: &[u8]) -> TotpSecret {
    TotpSecret::new(Secret::from_slice(bytes).unwrap())
}

fn code(secret: &TotpSecret, step: u64) -> String {
    let code = codes().code_at(secret, OtpStep::from_number(step)).unwrap();
    String::from_utf8(code.expose().to_vec()).unwrap()
}

/// The published vectors, or `None` with a note when the folder is not there; in CI it must be.
fn rfc_vectors() -> Option<Value> {
    let Ok(folder) = std::env::var("EPIC_VECTORS") else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "EPIC_VECTORS must be set in CI");
        println!("EPIC_VECTORS is not set: the published vectors were not checked");
        return None;
    };
    let text = std::fs::read_to_string(format!("{folder}/rfc/rfc_vectors.json")).expect("rfc_vectors.json");
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn c01_all_16_sha1_vectors_of_rfc_4226_and_rfc_6238_come_out() {
    let Some(vectors) = rfc_vectors() else { return };
    let mut checked = 0;
    let hotp = &vectors["rfc4226_appendix_d"];
    let seed = secret(hotp["secret_ascii"].as_str().unwrap().as_bytes());
    for (counter, expected) in (0..).zip(hotp["codes_for_counter_0_to_9"].as_array().unwrap()) {
        assert_eq!(code(&seed, counter), expected.as_str().unwrap(), "HOTP counter {counter}");
        checked += 1;
    }
    for vector in vectors["rfc6238_appendix_b"].as_array().unwrap() {
        if vector["alg"] != "SHA1" {
            continue;
        }
        let seed = secret(vector["seed_ascii"].as_str().unwrap().as_bytes());
        let step = vector["unix_time"].as_u64().unwrap() / OtpStep::SECONDS;
        assert_eq!(step, u64::from_str_radix(vector["T_hex"].as_str().unwrap(), 16).unwrap());
        // The vectors have eight digits; six are the remainder by a million (RFC 4226, section 5.3).
        assert_eq!(code(&seed, step), vector["totp8"].as_str().unwrap()[2..], "TOTP step {step}");
        checked += 1;
    }
    assert_eq!(checked, 16);
}

#[test]
fn c01_the_first_hotp_values_need_no_vector_file() {
    let seed = secret(b"12345678901234567890");
    assert_eq!(code(&seed, 0), "755224");
    assert_eq!(code(&seed, 1), "287082");
}

#[test]
fn a_leading_zero_is_kept() {
    let seed = secret(b"12345678901234567890");
    let found = (0..10_000).map(|step| code(&seed, step)).find(|code| code.starts_with('0')).unwrap();
    assert_eq!(found.len(), 6);
}

#[test]
fn c12_the_label_and_issuer_are_encoded() {
    let uri = codes()
        .enrolment_uri(&secret(b"12345678901234567890"), &Username::parse("alice_1.b-c").unwrap())
        .unwrap();
    assert_eq!(
        uri.expose(),
        "otpauth://totp/EPIC%20Server:alice_1.b-c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=EPIC%20Server"
    );
    let codes = TotpCodes::new(OtpIssuer::parse("Büro & Söhne?/#").unwrap());
    let uri =
        codes.enrolment_uri(&secret(b"12345678901234567890"), &Username::parse("bob").unwrap()).unwrap();
    assert!(uri.expose().is_ascii());
    assert!(
        uri.expose().starts_with("otpauth://totp/B%C3%BCro%20%26%20S%C3%B6hne%3F%2F%23:bob?"),
        "the issuer must be percent-encoded"
    );
}

#[test]
fn an_issuer_that_would_break_the_label_is_refused() {
    for text in ["", "  ", "a:b", "a\nb", &"x".repeat(65)] {
        assert!(OtpIssuer::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_step_past_the_end_of_time_is_an_error_and_no_panic() {
    let seed = secret(b"12345678901234567890");
    assert!(codes().code_at(&seed, OtpStep::from_number(u64::MAX)).is_err());
    assert!(codes().code_at(&seed, OtpStep::from_number(u64::MAX / OtpStep::SECONDS)).is_ok());
}

proptest! {
    #[test]
    fn an_authenticator_that_reads_the_uri_shows_the_same_codes(
        bytes in any::<[u8; 20]>(),
        name in "[a-z0-9][a-z0-9._-]{2,31}",
        step in 0_u64..1_000_000_000,
    ) {
        let seed = secret(&bytes);
        let uri = codes().enrolment_uri(&seed, &Username::parse(&name).unwrap()).unwrap();
        let app = totp_rs::Totp::from_url(uri.expose()).unwrap();
        prop_assert_eq!(app.secret().as_bytes(), &bytes);
        prop_assert_eq!(app.account_name(), name);
        prop_assert_eq!(app.issuer(), Some("EPIC Server"));
        prop_assert_eq!(app.generate(step * OtpStep::SECONDS).to_string(), code(&seed, step));
    }
}
