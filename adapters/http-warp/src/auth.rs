//! Who is calling, as filters: required, optional, or from a token at hand.

use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::limit_reply::{add_standing, too_many_requests};
use crate::problem::Problem;
use crate::rejection::Refusal;
use epic_inbound::authenticate::{Authenticate, AuthenticateError, Authenticated};
use epic_inbound::gate::Admission;
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap};
use std::convert::Infallible;
use warp::{Filter, Rejection};

const CHALLENGE: &str = "Bearer realm=\"EPIC Server\"";
const CHALLENGE_INVALID_TOKEN: &str = "Bearer realm=\"EPIC Server\", error=\"invalid_token\", \
     error_description=\"The access token is expired, revoked or not valid\"";

/// What the `Authorization` field holds.
enum Presented {
    /// There is none.
    Nothing,
    /// One bearer token (RFC 6750, section 2.1).
    Token(String),
    /// Something else, or more than one.
    Unreadable,
}

/// Requires a caller: extracts who it is, or rejects with a 401, 429 or 503 that [`recover`](crate::recover) turns into
/// a problem document.
pub fn current_user(
    authenticate: Authenticate,
) -> impl Filter<Extract = (Authenticated,), Error = Rejection> + Clone + Send + Sync + 'static {
    presented(authenticate).and_then(
        async |authenticate: Authenticate, context: RequestContext, presented| {
            match presented {
                Presented::Nothing => authenticate.authenticate(None, context.origin).await,
                Presented::Token(token) => authenticate.authenticate(Some(&token), context.origin).await,
                Presented::Unreadable => authenticate.authenticate(Some(""), context.origin).await,
            }
            .map_err(|error| Rejection::from(refusal(error)))
        },
    )
}

/// Extracts the caller if the request carries a token; without one it goes on with `None`. A token that is there but bad
/// is refused all the same: its sender believes to be someone.
pub fn current_user_optional(
    authenticate: Authenticate,
) -> impl Filter<Extract = (Option<Authenticated>,), Error = Rejection> + Clone + Send + Sync + 'static {
    presented(authenticate).and_then(
        async |authenticate: Authenticate, context: RequestContext, presented| {
            let token = match presented {
                Presented::Nothing => return Ok(None),
                Presented::Token(token) => token,
                Presented::Unreadable => String::new(),
            };
            let caller = authenticate.authenticate(Some(&token), context.origin).await;
            caller.map(Some).map_err(|error| Rejection::from(refusal(error)))
        },
    )
}

/// Finds the caller behind a token that came another way than in the `Authorization` field.
///
/// # Errors
/// A [`Rejection`] as of [`current_user`].
pub async fn user_from_token(
    authenticate: &Authenticate,
    token: &str,
    context: RequestContext,
) -> Result<Authenticated, Rejection> {
    authenticate.authenticate(Some(token), context.origin).await.map_err(|error| refusal(error).into())
}

fn presented(
    authenticate: Authenticate,
) -> impl Filter<Extract = (Authenticate, RequestContext, Presented), Error = Infallible>
+ Clone
+ Send
+ Sync
+ 'static {
    warp::any()
        .map(move || authenticate.clone())
        .and(context())
        .and(warp::header::headers_cloned().map(|headers: HeaderMap| read_authorization(&headers)))
}

/// The request's context, or an unknown one outside our own server loop.
pub(crate) fn context()
-> impl Filter<Extract = (RequestContext,), Error = Infallible> + Clone + Send + Sync + 'static {
    warp::ext::optional()
        .map(|context: Option<RequestContext>| context.unwrap_or_else(RequestContext::unknown))
}

/// Reads the field strictly: one field, one scheme, one space, one token. Whatever two readers could read differently is
/// refused.
fn read_authorization(headers: &HeaderMap) -> Presented {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (fields.next(), fields.next());
    let Some(value) = first else { return Presented::Nothing };
    let token = value.to_str().ok().filter(|_| second.is_none()).and_then(bearer_token);
    token.map_or(Presented::Unreadable, |token| Presented::Token(token.to_owned()))
}

fn bearer_token(field: &str) -> Option<&str> {
    let (scheme, token) = field.split_once(' ')?;
    let is_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(is_token68))
        .then_some(token)
}

fn refusal(error: AuthenticateError) -> Refusal {
    match error {
        AuthenticateError::Limited(denial) => Refusal::new(too_many_requests(&denial)),
        AuthenticateError::Fault(cause) => Refusal::new(fault(&cause)),
        AuthenticateError::Missing(admission) => Refusal::new(standing_with(
            unauthorized(
                "missing_token",
                "Sign in and send the access token as Authorization: Bearer.",
                CHALLENGE,
            ),
            &admission,
        )),
        AuthenticateError::Refused(admission) => Refusal::new(standing_with(
            unauthorized(
                "invalid_token",
                "The access token is expired, revoked or not valid. Refresh it or sign in again.",
                CHALLENGE_INVALID_TOKEN,
            ),
            &admission,
        )),
    }
}

/// A 401.
pub(crate) fn unauthorized(code: &'static str, detail: &'static str, challenge: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, "Unauthorized", detail).with_challenge(challenge)
}

/// The 401 of calls that take no bearer token: login and refresh.
pub(crate) fn unauthorized_plain(code: &'static str, detail: &'static str) -> Problem {
    unauthorized(code, detail, CHALLENGE)
}

fn standing_with(problem: Problem, admission: &Admission) -> Problem {
    let mut headers = HeaderMap::new();
    add_standing(&mut headers, admission.standing());
    headers.into_iter().fold(problem, |problem, (name, value)| match name {
        Some(name) => problem.with_header(name, value),
        None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a09_a_bearer_token_is_read_in_one_form_alone() {
        for good in ["Bearer abc.def", "bearer abc.def", "BEARER abc.def"] {
            assert_eq!(bearer_token(good), Some("abc.def"), "{good:?}");
        }
        for bad in [
            "Bearer  abc",
            "Bearer\tabc",
            "Bearer abc def",
            "Bearer a,Bearer b",
            "abc",
            "Basic abc",
            "Bearer ",
            "",
        ] {
            assert_eq!(bearer_token(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a09_two_fields_are_unreadable_in_either_order() {
        for pair in
            [["Bearer good", "Bearer bad"], ["Bearer good", "Bearer good"], ["Basic x", "Bearer good"]]
        {
            let mut headers = HeaderMap::new();
            for value in pair {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            assert!(matches!(read_authorization(&headers), Presented::Unreadable));
        }
    }
}
