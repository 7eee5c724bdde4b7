//! `Idempotency-Key`: a request that may be sent again and takes effect once.

use crate::problem::Problem;
use epic_domain::file::IdempotencyKey;
use http::StatusCode;
use http::header::{HeaderMap, HeaderName};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request's key, if it has one.
///
/// # Errors
/// A [`Problem`]: 400 when it stands twice or is none.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut fields = headers.get_all(IDEMPOTENCY_KEY).iter();
    match (fields.next(), fields.next()) {
        (None, _) => Ok(None),
        (Some(field), None) => {
            let key = field.to_str().ok().and_then(|text| IdempotencyKey::parse(text).ok());
            key.map(Some).ok_or_else(invalid)
        }
        (Some(_), Some(_)) => Err(invalid()),
    }
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_idempotency_key",
        "Invalid idempotency key",
        "Send Idempotency-Key once, as 1 to 255 visible ASCII characters, or leave it out.",
    )
}

/// The reply when the key came with another request before.
pub(crate) fn reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency_key_reused",
        "Idempotency key reused",
        "This Idempotency-Key came with another request in the last 24 hours. Send each new request with a new key.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_key_stands_once_and_is_visible_text() {
        let with = |values: &[&'static [u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
            }
            key(&headers)
        };
        assert!(matches!(with(&[]), Ok(None)));
        assert!(matches!(with(&[b"8e03978e-40d5-43dd-bc93-6894a57f9324"]), Ok(Some(_))));
        assert!(with(&[b""]).is_err());
        assert!(with(&[b"a b"]).is_err());
        assert!(with(&[b"\xC3\xA9"]).is_err());
        assert!(with(&[b"a", b"a"]).is_err());
    }
}
