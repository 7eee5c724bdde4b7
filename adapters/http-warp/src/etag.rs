//! Entity tags (RFC 9110, section 8.8.3): the names of versions, and lists of them in conditions.
//!
//! Read here and not by the crate `headers`, which trips over a space inside a tag where assertions are on.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

/// How two tags are compared (RFC 9110, section 8.8.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The same, and neither is weak.
    Strong,
    /// The same, weak or not.
    Weak,
}

/// A strong tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ETag(HeaderValue);

impl ETag {
    /// The tag with this text between its quotes. The text must be plain: letters, digits, `-` and `_`.
    pub(crate) fn new(text: &str) -> Self {
        let quoted = HeaderValue::from_maybe_shared(bytes::Bytes::from(format!("\"{text}\"")));
        // Plain text always fits; the empty tag matches nothing that was ever sent.
        Self(quoted.unwrap_or(HeaderValue::from_static("\"\"")))
    }

    /// The tag as a header holds it.
    pub(crate) const fn value(&self) -> &HeaderValue {
        &self.0
    }

    fn matches(&self, other: &[u8], comparison: Comparison) -> bool {
        let opaque = match comparison {
            Comparison::Strong => other,
            Comparison::Weak => other.strip_prefix(b"W/").unwrap_or(other),
        };
        opaque == self.0.as_bytes()
    }
}

/// Whether a condition names a tag: it is `*`, or a list with the tag in it. `None` when the request has no such condition.
pub(crate) fn names(
    headers: &HeaderMap,
    condition: &HeaderName,
    etag: &ETag,
    comparison: Comparison,
) -> Option<bool> {
    let mut fields = headers.get_all(condition).iter().peekable();
    fields.peek()?;
    Some(fields.any(|field| {
        let field = field.as_bytes().trim_ascii();
        field == b"*" || elements(field).any(|element| etag.matches(element, comparison))
    }))
}

/// The elements of a list: what stands between commas that are not inside quotes.
fn elements(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let between = move |byte: &u8| {
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    };
    field.split(between).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::IF_NONE_MATCH;

    fn named(fields: &[&'static str], comparison: Comparison) -> Option<bool> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(IF_NONE_MATCH, HeaderValue::from_static(field));
        }
        names(&headers, &IF_NONE_MATCH, &ETag::new("this"), comparison)
    }

    #[test]
    fn a_list_names_the_tags_that_stand_in_it() {
        for list in ["\"this\"", "*", "\"that\", \"this\"", "\"a,b\" ,\"this\",", ",\"this\""] {
            assert_eq!(named(&[list], Comparison::Strong), Some(true), "{list}");
        }
        for list in
            ["\"that\"", "this", "\"thi\"", "\"a\"this\"", "\"a b\"", "\"", "", "'this'", "\"x,\"this\""]
        {
            assert_eq!(named(&[list], Comparison::Strong), Some(false), "{list}");
        }
        assert_eq!(named(&["\"that\"", "\"this\""], Comparison::Strong), Some(true));
        assert_eq!(named(&[], Comparison::Strong), None);
    }

    #[test]
    fn a_weak_tag_matches_weakly_alone() {
        assert_eq!(named(&["W/\"this\""], Comparison::Weak), Some(true));
        assert_eq!(named(&["W/\"this\""], Comparison::Strong), Some(false));
        assert_eq!(named(&["w/\"this\""], Comparison::Weak), Some(false), "the W is a capital one");
    }
}
