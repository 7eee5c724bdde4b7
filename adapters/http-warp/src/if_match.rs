//! `If-Match` (RFC 9110, section 13.1.1): a change says which version it is of.

use crate::problem::Problem;
use epic_domain::user::Version;
use http::StatusCode;
use http::header::{HeaderMap, IF_MATCH};

/// The version that the request is of.
///
/// # Errors
/// A [`Problem`]: 428 when it does not say, 412 when it names no version that ever was.
pub(crate) fn version(headers: &HeaderMap) -> Result<Version, Problem> {
    let mut fields = headers.get_all(IF_MATCH).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return Err(required()) };
    let tag = field.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    tag.and_then(|tag| tag.parse().ok()).map(Version::from_number).ok_or_else(stale)
}

fn required() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "if_match_required",
        "Precondition required",
        "Send the ETag of GET /api/user/profile as If-Match, once.",
    )
}

/// The reply when the account has changed since the client looked.
pub(crate) fn stale() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "stale_version",
        "Precondition failed",
        "The account has changed meanwhile. Get the profile again and repeat the change with its ETag.",
    )
}
