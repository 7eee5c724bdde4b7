//! Conditions on a content (RFC 9110, section 13): send it only if it is, or is not, the one the client knows.

use super::range::RangeRequest;
use crate::etag::{Comparison, ETag, names};
use http::HeaderMap;
use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE};

/// What the conditions make of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Answer it, with the range that counts.
    Go(RangeRequest),
    /// The client has this content already.
    NotModified,
    /// The content is not the one the client means.
    Failed,
}

/// Judges a request for the content with this tag, in the order of section 13.2.2. An `If-Range` that does not hold, such
/// as one with a date, which no content carries, lets the range go.
pub(crate) fn judge(headers: &HeaderMap, etag: &ETag) -> Verdict {
    if names(headers, &IF_MATCH, etag, Comparison::Strong) == Some(false) {
        return Verdict::Failed;
    }
    if names(headers, &IF_NONE_MATCH, etag, Comparison::Weak) == Some(true) {
        return Verdict::NotModified;
    }
    let is_of_range = match headers.get(IF_RANGE) {
        None => true,
        Some(field) => field == etag.value() && headers.get_all(IF_RANGE).iter().count() == 1,
    };
    Verdict::Go(if is_of_range { RangeRequest::read(headers) } else { RangeRequest::Whole })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::{HeaderName, RANGE};

    const PART: RangeRequest = RangeRequest::FromTo(1, Some(2));

    fn judged(fields: &[(HeaderName, &'static str)]) -> Verdict {
        let mut headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static("bytes=1-2"))]);
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        judge(&headers, &ETag::new("this"))
    }

    #[test]
    fn a_client_that_has_the_content_is_told_so() {
        for has in ["\"this\"", "\"that\", \"this\"", "W/\"this\"", "*"] {
            assert_eq!(judged(&[(IF_NONE_MATCH, has)]), Verdict::NotModified, "{has}");
        }
        for has_not in ["\"that\"", "\"thi\"", "this"] {
            assert_eq!(judged(&[(IF_NONE_MATCH, has_not)]), Verdict::Go(PART), "{has_not}");
        }
    }

    #[test]
    fn a_client_that_means_another_content_gets_none() {
        for means in ["\"this\"", "\"that\", \"this\"", "*"] {
            assert_eq!(judged(&[(IF_MATCH, means)]), Verdict::Go(PART), "{means}");
        }
        for means in ["\"that\"", "W/\"this\"", "this"] {
            assert_eq!(judged(&[(IF_MATCH, means)]), Verdict::Failed, "{means}");
        }
        let both = [(IF_MATCH, "\"that\""), (IF_NONE_MATCH, "\"this\"")];
        assert_eq!(judged(&both), Verdict::Failed, "If-Match counts first");
    }

    #[test]
    fn a_range_of_another_content_is_let_go() {
        assert_eq!(judged(&[(IF_RANGE, "\"this\"")]), Verdict::Go(PART));
        for other in ["\"that\"", "W/\"this\"", "Wed, 21 Oct 2015 07:28:00 GMT", "nonsense"] {
            assert_eq!(judged(&[(IF_RANGE, other)]), Verdict::Go(RangeRequest::Whole), "{other}");
        }
    }
}
