//! Cross-origin requests: closed, unless the operator names origins.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderName,
    HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method, StatusCode};
use warp::reply::Response;

const ALLOW_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, If-Match, If-None-Match, If-Range, Idempotency-Key, Range, Tus-Resumable, \
     Upload-Length, Upload-Metadata, Upload-Offset, Upload-Checksum",
);
const EXPOSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Accept-Ranges, Content-Range, Repr-Digest, Epic-Encrypted-Filename, Tus-Resumable, Tus-Version, Tus-Extension, \
     Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Length, Upload-Offset, Upload-Expires, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
);
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The origins that pages may call from. Compared exactly, as the whole text: no suffixes, no patterns, no `null`.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedOrigins(Vec<HeaderValue>);

impl AllowedOrigins {
    /// Those of the list that can be an `Origin` field.
    pub(crate) fn new(origins: &[String]) -> Self {
        Self(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect())
    }

    /// The request's origin, if it is allowed.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        let origin = headers.get(ORIGIN)?;
        self.0.iter().find(|allowed| *allowed == origin).cloned()
    }

    /// The reply to a preflight request from an allowed origin, if it is one.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if method != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        self.allowed(headers)?;
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOW_METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        Some(response)
    }
}

/// Lets the page at `origin` read the reply. Never with credentials: tokens travel in a header, not in cookies.
pub(crate) fn open(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.append(VARY, HeaderValue::from_name(ORIGIN));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(value))])
    }

    #[test]
    fn g06_only_the_very_origin_is_allowed() {
        let origins = AllowedOrigins::new(&["https://app.example".to_owned()]);
        assert!(origins.allowed(&origin("https://app.example")).is_some());
        for other in
            ["https://app.example.evil", "https://evil-app.example", "http://app.example", "null", "*", ""]
        {
            assert!(origins.allowed(&origin(other)).is_none(), "{other:?}");
        }
        assert!(AllowedOrigins::default().allowed(&origin("https://app.example")).is_none());
    }
}
