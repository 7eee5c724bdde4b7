//! How bytes and times travel: base64url without padding (RFC 4648, section 5) and RFC 3339 in UTC.

use data_encoding::BASE64URL_NOPAD;
use epic_domain::Timestamp;
use http::HeaderValue;
use jiff::fmt::rfc2822::DateTimePrinter;

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

/// The time that RFC 3339 text tells, to the millisecond, if it lies between 1970 and 9999.
pub(crate) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    let at = Timestamp::from_millis(u64::try_from(at.as_millisecond()).ok()?);
    (at < Timestamp::MAX).then_some(at)
}

/// A time as HTTP headers hold it (RFC 9110, section 5.6.7), to the second.
pub(crate) fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_second(i64::try_from(at.as_seconds()).ok()?).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?;
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
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

    #[test]
    fn times_are_read_in_any_zone_and_only_in_their_form() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        for same in ["2023-11-14T22:13:20.123Z", "2023-11-14T23:13:20.123+01:00", "2023-11-14T22:13:20.1239Z"]
        {
            assert_eq!(from_rfc3339(same), Some(at), "{same}");
        }
        for other in
            ["", "1700000000", "2023-11-14", "2023-11-14T22:13:20", "1969-12-31T23:59:59Z", "tomorrow"]
        {
            assert_eq!(from_rfc3339(other), None, "{other:?}");
        }
    }

    #[test]
    fn headers_hold_times_to_the_second() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!(http_date(at).unwrap(), "Tue, 14 Nov 2023 22:13:20 GMT");
    }
}
