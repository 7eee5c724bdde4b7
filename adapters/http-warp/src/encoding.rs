//! How bytes and times travel: base64url without padding (RFC 4648, section 5) and RFC 3339 in UTC.

use data_encoding::BASE64URL_NOPAD;
use epic_domain::Timestamp;

/// Bytes as text.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Text as bytes; only the canonical form, so one value has one spelling.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// A time as RFC 3339 text in UTC.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    i64::try_from(at.as_millis())
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .unwrap_or(jiff::Timestamp::MAX)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_only_the_canonical_spelling_is_read() {
        assert_eq!(from_base64url("AAE"), Some(vec![0, 1]));
        for other in ["AAE=", "AAF", "AA E", "AAE\n", "+/8", "A"] {
            assert_eq!(from_base64url(other), None, "{other:?}");
        }
    }

    #[test]
    fn times_are_utc_and_keep_their_milliseconds() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_700_000_000_123)), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339(Timestamp::MIN), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(Timestamp::MAX), "9999-12-30T21:59:59.999Z");
    }
}
