//! Limits as clients see them: the `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers) and the 429.

use crate::problem::Problem;
use epic_domain::rate_limit::{Denial, DenialCause, Quota, Standing};
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write as _;
use warp::reply::Response;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Writes where a caller stands into the headers of its reply.
pub(crate) fn add_standing(headers: &mut HeaderMap, standing: Option<Standing>) {
    if let Some(standing) = standing {
        let reset_seconds = whole_seconds(standing.reset.as_millis());
        for (name, value) in
            fields(standing.action.as_str(), standing.quota, standing.remaining, reset_seconds)
        {
            headers.insert(name, value);
        }
    }
}

/// The reply of a call, good or bad, with where its caller stands.
pub(crate) fn answered(standing: Option<Standing>, result: Result<Response, Problem>) -> Response {
    let mut response = result.unwrap_or_else(Problem::into_response);
    add_standing(response.headers_mut(), standing);
    response
}

/// The reply to a denied attempt.
pub(crate) fn too_many_requests(denial: &Denial) -> Problem {
    let seconds = denial.retry_after_seconds().max(1);
    let reason = match denial.cause {
        DenialCause::QuotaUsed => "Too many attempts.",
        DenialCause::LimiterFull => "The server is dealing with too many clients.",
    };
    let detail = format!("{reason} Try again in {}.", spoken(seconds));
    let mut problem =
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests", detail)
            .with_retry_after(seconds);
    for (name, value) in fields(denial.action.as_str(), denial.quota, 0, seconds) {
        problem = problem.with_header(name, value);
    }
    problem
}

fn fields(
    policy: &str,
    quota: Quota,
    remaining: u32,
    reset_seconds: u64,
) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let window_seconds = whole_seconds(u128::from(quota.window_ms()));
    let policy_field = format!("\"{policy}\";q={};w={window_seconds}", quota.limit());
    let limit_field = format!("\"{policy}\";r={remaining};t={reset_seconds}");
    [(RATE_LIMIT_POLICY, policy_field), (RATE_LIMIT, limit_field)].into_iter().filter_map(|(name, text)| {
        Some((name, HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()?))
    })
}

fn whole_seconds(millis: u128) -> u64 {
    u64::try_from(millis.div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// A wait as a person says it: "4 min 12 s".
fn spoken(seconds: u64) -> String {
    let mut text = String::new();
    let units = [(seconds / 3_600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    for (amount, unit) in units.into_iter().filter(|(amount, _)| *amount > 0) {
        let gap = if text.is_empty() { "" } else { " " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{gap}{amount} {unit}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_read_as_people_say_them() {
        assert_eq!(spoken(252), "4 min 12 s");
        assert_eq!(spoken(60), "1 min");
        assert_eq!(spoken(1), "1 s");
        assert_eq!(spoken(3_600), "1 h");
        assert_eq!(spoken(7_325), "2 h 2 min 5 s");
    }
}
