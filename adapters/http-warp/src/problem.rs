//! Errors as clients see them: RFC 9457 problem documents.

use crate::limit_reply::add_standing;
use epic_domain::id::RequestId;
use epic_domain::rate_limit::Standing;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use warp::reply::Response;

/// An error reply in the making. Its request id is added at the edge of the server, where every reply passes.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_seconds: Option<u64>,
    headers: HeaderMap,
}

/// What is wrong with one field.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// Where: a JSON Pointer (RFC 6901).
    pub(crate) pointer: String,
    /// What, for programs.
    pub(crate) code: &'static str,
    /// What, for people.
    pub(crate) detail: String,
}

/// The document as it is sent.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// A problem with a stable `code`, a `title` that is the same for all of its kind, and a `detail` that says what to do.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_seconds: None,
            headers: HeaderMap::new(),
        }))
    }

    /// The body does not hold what the call needs.
    pub(crate) fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_fields",
            "The request has invalid fields",
            "Correct the fields listed in `errors` and send the request again.",
        );
        problem.0.errors = errors;
        problem
    }

    /// There is nothing here, or nothing the caller may know of.
    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            "There is nothing at this address, or nothing that you may see.",
        )
    }

    /// The path exists, the method does not.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed",
            format!("Use one of: {allow}."),
        )
        .with_header(ALLOW, HeaderValue::from_static(allow))
    }

    /// Something broke that should not have.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "Internal error",
            "Something went wrong in the server. Report the request id to whoever runs it.",
        )
    }

    /// This problem with the `WWW-Authenticate` challenge that a 401 carries (RFC 6750, section 3).
    pub(crate) fn with_challenge(self, challenge: &'static str) -> Self {
        self.with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// This problem with `Retry-After`, also in its body.
    pub(crate) fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// This problem with one more header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// This problem with where the caller stands with its limit.
    pub(crate) fn with_standing(mut self, standing: Option<Standing>) -> Self {
        add_standing(&mut self.0.headers, standing);
        self
    }

    /// The reply, to be written at the edge of the server, which knows the request's id.
    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }

    /// The reply, written out for the request with this id, or for one that has none.
    pub(crate) fn render(self, request_id: Option<RequestId>) -> Response {
        let parts = *self.0;
        let document = Document {
            r#type: format!("urn:epic-server:problem:{}", parts.code),
            title: parts.title,
            status: parts.status.as_u16(),
            detail: &parts.detail,
            code: parts.code,
            retry_after_seconds: parts.retry_after_seconds,
            errors: &parts.errors,
            instance: request_id.map(|id| format!("urn:uuid:{id}")),
            request_id: request_id.map(|id| id.to_string()),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() = parts.status;
        *response.headers_mut() = parts.headers;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
