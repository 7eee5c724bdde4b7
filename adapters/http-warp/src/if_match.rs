//! `If-Match` (RFC 9110, section 13.1.1): a change says which version it is of.

use crate::etag::ETag;
use crate::problem::Problem;
use epic_domain::user::Version;
use http::StatusCode;
use http::header::{ETAG, HeaderMap, IF_MATCH};

/// What a change is made to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject {
    Account,
    File,
}

/// The version that the request is of.
///
/// # Errors
/// A [`Problem`]: 428 when it does not say, 412 when it names no version that ever was.
pub(crate) fn version(headers: &HeaderMap, of: Subject) -> Result<Version, Problem> {
    let mut fields = headers.get_all(IF_MATCH).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return Err(required(of)) };
    let tag = field.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    let number = tag.filter(|tag| tag.bytes().all(|byte| byte.is_ascii_digit()));
    number.and_then(|tag| tag.parse().ok()).map(Version::from_number).ok_or_else(|| stale(of))
}

/// Writes the tag of a version into the headers of its reply, for a later change to send back.
pub(crate) fn add_etag(headers: &mut HeaderMap, version: Version) {
    headers.insert(ETAG, ETag::new(&version.number().to_string()).value().clone());
}

fn required(of: Subject) -> Problem {
    let detail = match of {
        Subject::Account => "Send the ETag of GET /api/user/profile as If-Match, once.",
        Subject::File => "Send the ETag of GET /api/files/{id} as If-Match, once.",
    };
    Problem::new(StatusCode::PRECONDITION_REQUIRED, "if_match_required", "Precondition required", detail)
}

/// The reply when the account or the file has changed since the client looked.
pub(crate) fn stale(of: Subject) -> Problem {
    let detail = match of {
        Subject::Account => {
            "The account has changed meanwhile. Get the profile again and repeat the change with its ETag."
        }
        Subject::File => {
            "The file has changed meanwhile, or this cannot be done to it where it is, in the trash or out of it. \
             Get it again and repeat the change with its ETag."
        }
    };
    Problem::new(StatusCode::PRECONDITION_FAILED, "stale_version", "Precondition failed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn one_tag_names_one_version() {
        let with = |tags: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for tag in tags {
                headers.append(IF_MATCH, HeaderValue::from_static(tag));
            }
            version(&headers, Subject::File).map_err(|problem| problem.render(None).status().as_u16())
        };
        assert_eq!(with(&["\"7\""]), Ok(Version::from_number(7)));
        for other in ["*", "7", "W/\"7\"", "\"+7\"", "\"7\", \"8\"", "\"\""] {
            assert_eq!(with(&[other]), Err(412), "{other}");
        }
        assert_eq!(with(&[]), Err(428));
        assert_eq!(with(&["\"7\"", "\"7\""]), Err(428));
    }
}
