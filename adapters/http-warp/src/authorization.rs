//! The `Authorization` field, read strictly: what two readers could read differently is refused.

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use std::fmt;

/// What a request's `Authorization` field holds.
#[derive(Clone)]
pub(crate) enum Authorization {
    /// There is none.
    Absent,
    /// One bearer token (RFC 6750, section 2.1): the whole field.
    Bearer(HeaderValue),
    /// Something else, or more than one.
    Unreadable,
}

const SCHEME: &[u8] = b"Bearer ";

impl Authorization {
    /// Reads it: one field, one scheme, one space, one token.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut fields = headers.get_all(AUTHORIZATION).iter();
        match (fields.next(), fields.next()) {
            (None, _) => Self::Absent,
            (Some(field), None) if is_bearer(field.as_bytes()) => Self::Bearer(field.clone()),
            (Some(_), _) => Self::Unreadable,
        }
    }

    /// The token to judge, if the request has a field at all. What cannot be read counts as a token nobody ever issued.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Bearer(field) => {
                Some(field.to_str().ok().and_then(|text| text.get(SCHEME.len()..)).unwrap_or(""))
            }
            Self::Unreadable => Some(""),
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Authorization(redacted)")
    }
}

/// Whether a field is `Bearer <token68>`.
fn is_bearer(field: &[u8]) -> bool {
    let is_token68 = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    field.split_at_checked(SCHEME.len()).is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case(SCHEME) && !token.is_empty() && token.iter().all(is_token68)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[&'static str]) -> Authorization {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(AUTHORIZATION, HeaderValue::from_static(field));
        }
        Authorization::read(&headers)
    }

    #[test]
    fn a09_a_bearer_token_is_read_in_one_form_alone() {
        for good in ["Bearer abc.def", "bearer abc.def", "BEARER abc.def"] {
            assert_eq!(read(&[good]).token(), Some("abc.def"), "{good:?}");
        }
        let bad = [
            "Bearer  abc",
            "Bearer\tabc",
            "Bearer abc def",
            "Bearer a,Bearer b",
            "abc",
            "Basic abc",
            "Bearer ",
            "Bearer",
            "",
        ];
        for bad in bad {
            assert_eq!(read(&[bad]).token(), Some(""), "{bad:?}");
        }
        assert_eq!(read(&[]).token(), None);
    }

    #[test]
    fn a09_two_fields_are_unreadable_in_either_order() {
        for pair in
            [["Bearer good", "Bearer bad"], ["Bearer good", "Bearer good"], ["Basic x", "Bearer good"]]
        {
            assert_eq!(read(&pair).token(), Some(""));
        }
    }

    #[test]
    fn debug_shows_no_token() {
        assert!(!format!("{:?}", read(&["Bearer secret"])).contains("secret"));
    }
}
