//! Who is calling, as filters: required, optional, or from a token at hand.

use crate::context::RequestContext;
use crate::fault_reply::fault;
use crate::limit_reply::too_many_requests;
use crate::problem::Problem;
use crate::rejection::Refusal;
use epic_inbound::authenticate::{Authenticate, AuthenticateError, Authenticated};
use epic_inbound::fresh::{Fresh, Freshness, StepUpRequired};
use http::StatusCode;
use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use std::convert::Infallible;
use std::sync::Arc;
use warp::{Filter, Rejection};

const CHALLENGE: &str = "Bearer realm=\"EPIC Server\"";
const CHALLENGE_INVALID_TOKEN: &str = "Bearer realm=\"EPIC Server\", error=\"invalid_token\", \
     error_description=\"The access token is expired, revoked or not valid\"";

/// Requires a caller: extracts who it is, or rejects with a 401, 429 or 503 that [`recover`](crate::recover) turns into
/// a problem document.
pub fn current_user(
    authenticate: Authenticate,
) -> impl Filter<Extract = (Authenticated,), Error = Rejection> + Clone + Send + Sync + 'static {
    shared(authenticate).and(context()).and_then(
        async |authenticate: Arc<Authenticate>, context: RequestContext| {
            let caller = authenticate.authenticate(context.authorization.token(), context.origin).await;
            caller.map_err(|error| Rejection::from(refusal(error)))
        },
    )
}

/// Extracts the caller if the request carries a token; without one it goes on with `None`. A token that is there but bad
/// is refused all the same: its sender believes to be someone.
pub fn current_user_optional(
    authenticate: Authenticate,
) -> impl Filter<Extract = (Option<Authenticated>,), Error = Rejection> + Clone + Send + Sync + 'static {
    shared(authenticate).and(context()).and_then(
        async |authenticate: Arc<Authenticate>, context: RequestContext| {
            let Some(token) = context.authorization.token() else { return Ok(None) };
            let caller = authenticate.authenticate(Some(token), context.origin).await;
            caller.map(Some).map_err(|error| Rejection::from(refusal(error)))
        },
    )
}

/// Requires a caller who has proved lately who they are; another is told to step up (RFC 9470, section 3).
pub fn fresh_user(
    authenticate: Authenticate,
    freshness: Freshness,
) -> impl Filter<Extract = (Fresh,), Error = Rejection> + Clone + Send + Sync + 'static {
    let freshness = Arc::new(freshness);
    current_user(authenticate).and_then(move |caller: Authenticated| {
        let fresh = freshness.require(caller).map_err(|required| Rejection::from(step_up(&required)));
        async move { fresh }
    })
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

fn shared(
    authenticate: Authenticate,
) -> impl Filter<Extract = (Arc<Authenticate>,), Error = Infallible> + Clone + Send + Sync + 'static {
    let authenticate = Arc::new(authenticate);
    warp::any().map(move || Arc::clone(&authenticate))
}

/// The request's context; outside our own server loop, what can be known without it.
pub(crate) fn context()
-> impl Filter<Extract = (RequestContext,), Error = Infallible> + Clone + Send + Sync + 'static {
    let outside = warp::header::headers_cloned().map(|headers: HeaderMap| RequestContext::outside(&headers));
    warp::ext::get().or(outside).unify()
}

fn refusal(error: AuthenticateError) -> Refusal {
    match error {
        AuthenticateError::Limited(denial) => Refusal::new(too_many_requests(&denial)),
        AuthenticateError::Fault(cause) => Refusal::new(fault(&cause)),
        AuthenticateError::Missing(admission) => Refusal::new(
            unauthorized(
                "missing_token",
                "Sign in and send the access token as Authorization: Bearer.",
                CHALLENGE,
            )
            .with_standing(admission.standing()),
        ),
        AuthenticateError::Refused(admission) => Refusal::new(
            unauthorized(
                "invalid_token",
                "The access token is expired, revoked or not valid. Refresh it or sign in again.",
                CHALLENGE_INVALID_TOKEN,
            )
            .with_standing(admission.standing()),
        ),
    }
}

/// The challenge to step up.
fn step_up(required: &StepUpRequired) -> Refusal {
    let challenge = format!(
        "{CHALLENGE}, error=\"insufficient_user_authentication\", error_description=\"A more recent authentication \
         is required\", max_age=\"{}\"",
        required.max_age.as_secs()
    );
    let detail =
        "Prove again who you are by POST /api/auth/step-up, and repeat the call with the token it gives.";
    let mut problem = Problem::new(StatusCode::UNAUTHORIZED, "step_up_required", "Step-up required", detail);
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        problem = problem.with_header(WWW_AUTHENTICATE, challenge);
    }
    Refusal::new(problem.with_standing(required.caller.standing()))
}

/// A 401.
pub(crate) fn unauthorized(code: &'static str, detail: &'static str, challenge: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, "Unauthorized", detail).with_challenge(challenge)
}

/// The 401 of calls that take no bearer token: login and refresh.
pub(crate) fn unauthorized_plain(code: &'static str, detail: &'static str) -> Problem {
    unauthorized(code, detail, CHALLENGE)
}
