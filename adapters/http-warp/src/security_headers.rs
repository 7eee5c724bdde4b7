//! The headers that every reply carries.

use crate::context::RequestContext;
use epic_domain::id::RequestId;
use http::HeaderMap;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// What no reply goes without. Nothing the API sends is a page, so pages may load and embed nothing of it; and nothing
/// of it may be kept by a cache unless the reply itself says otherwise.
const ON_EVERY_REPLY: [(HeaderName, HeaderValue); 8] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-embedder-policy"), HeaderValue::from_static("require-corp")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// Adds the headers of every reply; those a route has set itself stay.
pub(crate) fn add(headers: &mut HeaderMap, context: &RequestContext) {
    headers.reserve(ON_EVERY_REPLY.len() + 2);
    for (name, value) in ON_EVERY_REPLY {
        headers.entry(name).or_insert(value);
    }
    if context.is_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
    headers.insert(REQUEST_ID, request_id_value(context.request_id));
}

fn request_id_value(request_id: RequestId) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(request_id.to_string()))
        .unwrap_or(HeaderValue::from_static("unknown"))
}
