//! A username as a segment of a path.

use crate::problem::{FieldError, Problem};
use epic_domain::user::Username;
use percent_encoding::percent_decode_str;

/// The name in a path segment, decoded once.
///
/// # Errors
/// A [`Problem`] when it is no name.
pub(super) fn username(segment: &str) -> Result<Username, Problem> {
    let invalid = |code, rule: &str| {
        Problem::invalid_fields(vec![FieldError {
            pointer: "/username".to_owned(),
            code,
            detail: format!("username {rule}"),
        }])
    };
    let decoded = percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| invalid("invalid_characters", "must be UTF-8, percent-encoded"))?;
    Username::parse(&decoded).map_err(|error| invalid(error.code(), error.rule()))
}
