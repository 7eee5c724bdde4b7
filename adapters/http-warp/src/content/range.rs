//! `Range` (RFC 9110, section 14.2): which part of a content a client wants.
//!
//! Read here and not by a crate: those at hand do not tell a field that is no range, which is ignored, from a range that
//! cannot be met, which is refused.

use core::ops::Range;
use http::HeaderMap;
use http::header::RANGE;

/// What a request's `Range` field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeRequest {
    /// Everything: there is no field, or it is one that may be ignored. Several ranges are among those: whoever asks for
    /// many small or overlapping ones would cost more than the whole.
    Whole,
    /// From the first byte to the last, counted from 0; to the end without one.
    FromTo(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

/// What of a content is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selected {
    /// All of it.
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Nothing: the range lies outside.
    Unsatisfiable,
}

impl RangeRequest {
    /// Reads the field.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut fields = headers.get_all(RANGE).iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => field.to_str().ok().and_then(parse).unwrap_or(Self::Whole),
            _ => Self::Whole,
        }
    }

    /// What it selects of a content of `length` bytes.
    pub(crate) fn select(self, length: u64) -> Selected {
        let (first, end) = match self {
            Self::Whole => return Selected::Whole,
            Self::FromTo(first, last) => {
                (first, last.map_or(length, |last| last.saturating_add(1).min(length)))
            }
            Self::Last(count) => (length.saturating_sub(count), length),
        };
        if first < end { Selected::Part(first..end) } else { Selected::Unsatisfiable }
    }
}

/// One range of bytes; `None` for anything else.
fn parse(field: &str) -> Option<RangeRequest> {
    let (unit, set) = field.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = set.trim_matches([' ', '\t']).split_once('-')?;
    match (first.is_empty(), last.is_empty()) {
        (true, _) => Some(RangeRequest::Last(position(last)?)),
        (false, true) => Some(RangeRequest::FromTo(position(first)?, None)),
        (false, false) => {
            let (first, last) = (position(first)?, position(last)?);
            (first <= last).then_some(RangeRequest::FromTo(first, Some(last)))
        }
    }
}

/// Digits alone. A number past what a length can be stands for the largest.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn select(field: &str, length: u64) -> Selected {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(field).unwrap());
        RangeRequest::read(&headers).select(length)
    }

    #[test]
    fn f10_one_range_selects_its_bytes() {
        assert_eq!(select("bytes=0-", 10), Selected::Part(0..10));
        assert_eq!(select("bytes=0-0", 10), Selected::Part(0..1));
        assert_eq!(select("bytes=2-5", 10), Selected::Part(2..6));
        assert_eq!(select("BYTES=9-", 10), Selected::Part(9..10));
        assert_eq!(
            select("bytes=5-99999999999999999999", 10),
            Selected::Part(5..10),
            "past the end is the end"
        );
        assert_eq!(select("bytes=-1", 10), Selected::Part(9..10));
        assert_eq!(select("bytes=-11", 10), Selected::Part(0..10), "more than there is is all there is");
        assert_eq!(select("bytes=-18446744073709551616", 10), Selected::Part(0..10));
    }

    #[test]
    fn f10_a_range_outside_the_content_cannot_be_met() {
        for (field, length) in [
            ("bytes=10-", 10),
            ("bytes=18446744073709551615-", 10),
            ("bytes=18446744073709551616-", 10),
            ("bytes=99999999999999999999999-99999999999999999999999", 10),
            ("bytes=-0", 10),
            ("bytes=0-", 0),
            ("bytes=-1", 0),
        ] {
            assert_eq!(select(field, length), Selected::Unsatisfiable, "{field}");
        }
    }

    #[test]
    fn f10_what_is_no_range_of_bytes_is_ignored() {
        for field in [
            "bytes=5-2",
            "bytes=",
            "bytes=-",
            "bytes",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1 - 2",
            "bytes=1-2-3",
            "bytes =1-2",
            "items=0-1",
            "bytes=0x0-1",
            "=0-1",
            "",
        ] {
            assert_eq!(select(field, 10), Selected::Whole, "{field:?}");
        }
    }

    #[test]
    fn f10_several_ranges_are_answered_with_the_whole() {
        assert_eq!(select("bytes=0-1,3-4", 10), Selected::Whole);
        assert_eq!(select("bytes=0-1,items=3-4", 10), Selected::Whole);
        let overlapping = vec!["0-"; 1_000].join(",");
        assert_eq!(select(&format!("bytes={overlapping}"), 10), Selected::Whole);
        let mut twice = HeaderMap::new();
        twice.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        twice.append(RANGE, HeaderValue::from_static("bytes=3-4"));
        assert_eq!(RangeRequest::read(&twice), RangeRequest::Whole);
    }
}
