//! Turns what routing and extraction refused into a problem document.

use crate::problem::Problem;
use std::convert::Infallible;
use warp::Rejection;
use warp::reply::Response;

/// A request that a filter refused with a reply of its own.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Problem,
}

impl Refusal {
    pub(crate) fn new(problem: Problem) -> Self {
        Self { problem }
    }
}

impl warp::reject::Reject for Refusal {}

/// A path that exists and a method that does not.
#[derive(Debug)]
pub(crate) struct WrongMethod {
    pub(crate) allow: &'static str,
}

impl warp::reject::Reject for WrongMethod {}

/// The reply to a rejected request: a problem document, whatever rejected it. For use with `Filter::recover` around any
/// routes that use this crate's filters.
///
/// # Errors
/// None; the type is what `recover` asks for.
pub async fn recover(rejection: Rejection) -> Result<Response, Infallible> {
    Ok(problem_of(&rejection).render(None))
}

/// The problem that a rejection stands for. A refusal counts before a wrong method: it comes from the route that
/// matched.
pub(crate) fn problem_of(rejection: &Rejection) -> Problem {
    if let Some(refusal) = rejection.find::<Refusal>() {
        return refusal.problem.clone();
    }
    if let Some(wrong) = rejection.find::<WrongMethod>() {
        return Problem::method_not_allowed(wrong.allow);
    }
    if !rejection.is_not_found() {
        tracing::error!(?rejection, "unexpected rejection");
        return Problem::internal();
    }
    Problem::not_found()
}
