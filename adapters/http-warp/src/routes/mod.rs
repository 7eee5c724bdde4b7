//! The routes, one file each.

mod account;
mod audit;
mod credential_fields;
mod credentials;
mod files;
mod health;
mod incoming;
mod introspect;
mod jwks;
mod linked;
mod login;
mod logout;
mod profile;
mod public_key;
mod recovery;
mod refresh;
mod register;
mod salts;
mod sessions;
mod step_up;
mod totp;
mod uploads;
mod username_segment;

use crate::api::Api;
use crate::paging::Query;
use crate::problem::Problem;
use crate::rejection::{WrongMethod, problem_of};
use core::str::FromStr;
use core::time::Duration;
use http::Method;
use std::convert::Infallible;
use std::sync::Arc;
use warp::filters::BoxedFilter;
use warp::filters::path::Peek;
use warp::reply::Response;
use warp::{Filter, Rejection};

/// Every route. Paths that no route has get a 404, methods that a path does not take a 405.
pub(crate) fn all(
    api: &Api,
    body_timeout: Duration,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static + use<> {
    // The protected routes first: they are called the most.
    let user = profile::route(api)
        .or(audit::route(api))
        .unify()
        .or(salts::route(api))
        .unify()
        .or(public_key::route(api))
        .unify()
        .or(credentials::route(api, body_timeout))
        .unify()
        .or(totp::routes(api, body_timeout))
        .unify()
        .or(account::route(api))
        .unify();
    let auth = refresh::route(api, body_timeout)
        .or(login::route(api, body_timeout))
        .unify()
        .or(register::route(api, body_timeout))
        .unify()
        .or(logout::route(api, body_timeout))
        .unify()
        .or(sessions::routes(api))
        .unify()
        .or(step_up::route(api, body_timeout))
        .unify()
        .or(introspect::route(api, body_timeout))
        .unify();
    let open = health::routes(api).or(jwks::route(api)).unify();
    let routes = under("api/user", user)
        .or(under("api/files", files::routes(api, body_timeout)))
        .unify()
        .or(under("api/uploads", uploads::routes(api, body_timeout)))
        .unify()
        .or(under("api/links", linked::routes(api)))
        .unify()
        .or(under("api/shares", incoming::route(api)))
        .unify()
        .or(under("api/auth", auth))
        .unify()
        // Under both `api/user` and `api/auth`.
        .or(recovery::routes(api, body_timeout))
        .unify()
        .or(open)
        .unify()
        // Boxed, so that each request copies one pointer and not one a route.
        .boxed();
    routes
        .recover(async |rejection: Rejection| Ok::<_, Infallible>(problem_of(&rejection).into_response()))
        .unify()
}

/// Routes whose paths all begin like this. One look tells that none of them is meant, where each would look for itself.
fn under(
    beginning: &'static str,
    routes: impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static,
) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    let begins = move |path: Peek| {
        let is_meant = path.as_str().starts_with(beginning);
        async move { if is_meant { Ok(()) } else { Err(warp::reject::not_found()) } }
    };
    warp::path::peek().and_then(begins).untuple_one().and(routes)
}

/// A route in the form in which routes are joined.
type Route = BoxedFilter<(Response,)>;

/// Lets GET pass, and HEAD, whose reply the connection cuts to its head.
fn get() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    on("GET, HEAD", &[Method::GET, Method::HEAD])
}

/// Lets POST pass.
fn post() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    on("POST", &[Method::POST])
}

/// Lets PUT pass.
fn put() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    on("PUT", &[Method::PUT])
}

/// Lets DELETE pass.
fn delete() -> impl Filter<Extract = (), Error = Rejection> + Clone {
    on("DELETE", &[Method::DELETE])
}

/// The parameters after the path's question mark.
fn query() -> impl Filter<Extract = (Query,), Error = Infallible> + Clone {
    let none = warp::any().map(String::new);
    warp::query::raw().or(none).unify().map(|raw: String| Query::parse(&raw))
}

/// Lets these methods pass. `allow` lists them and those that other routes take on the same path.
fn on(
    allow: &'static str,
    methods: &'static [Method],
) -> impl Filter<Extract = (), Error = Rejection> + Clone {
    let check = move |method: Method| {
        let is_right = methods.contains(&method);
        async move { if is_right { Ok(()) } else { Err(Rejection::from(WrongMethod { allow })) } }
    };
    warp::method().and_then(check).untuple_one()
}

/// The id that a segment is. What is no id names nothing.
fn id<T: FromStr>(segment: &str) -> Result<T, Problem> {
    segment.parse().map_err(|_| Problem::not_found())
}

/// Hands a route its part of the API. One pointer is copied for each request, not the ports behind the part.
fn with<T: Clone + Send + Sync + 'static>(
    part: &T,
) -> impl Filter<Extract = (Arc<T>,), Error = Infallible> + Clone + Send + Sync + 'static {
    let part = Arc::new(part.clone());
    warp::any().map(move || Arc::clone(&part))
}
