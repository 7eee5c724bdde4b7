//! What surrounds every route: an id, a client, a deadline, and the headers of every reply.

use crate::authorization::Authorization;
use crate::client_address::TrustedProxies;
use crate::context::RequestContext;
use crate::cors::{self, AllowedOrigins};
use crate::problem::Problem;
use crate::security_headers;
use core::net::IpAddr;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_inbound::request_ids::RequestIds;
use futures_util::{FutureExt, poll};
use http::{HeaderMap, Method, Request, StatusCode};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tower_service::Service;
use warp::reply::Response;

/// Seconds after which a request that took too long is worth repeating.
const TIMEOUT_RETRY_AFTER_SECONDS: u64 = 5;

/// Wraps the routes.
pub(crate) struct Edge {
    pub(crate) proxies: TrustedProxies,
    pub(crate) origins: AllowedOrigins,
    pub(crate) request_ids: Arc<RequestIds>,
    pub(crate) request_timeout: Duration,
}

impl Edge {
    /// Answers one request of a connection from `peer`, through `routes`.
    pub(crate) async fn answer<S>(
        &self,
        peer: IpAddr,
        mut request: Request<Incoming>,
        mut routes: S,
    ) -> Response
    where
        S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
    {
        let client = self.proxies.client(peer, request.headers());
        let context = RequestContext {
            request_id: self.request_ids.next(),
            origin: IpPrefix::of(client.address),
            is_https: client.is_https,
            authorization: Authorization::read(request.headers()),
        };
        let origin = self.origins.allowed(request.headers());
        let method = request.method().clone();
        let mut response = match self.refuse_early(&method, request.headers()) {
            Some(response) => response,
            None => {
                request.extensions_mut().insert(context.clone());
                self.guarded(routes.call(request)).await
            }
        };
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            let set_by_route = std::mem::take(response.headers_mut());
            response = problem.render(Some(context.request_id));
            response.headers_mut().extend(set_by_route);
        }
        security_headers::add(response.headers_mut(), &context);
        if let Some(origin) = origin {
            cors::open(response.headers_mut(), origin);
        }
        tracing::debug!(
            request_id = %context.request_id,
            method = %method,
            status = response.status().as_u16(),
            "answered"
        );
        response
    }

    /// Answers what needs no route: preflights, and requests that break the rules of HTTP itself.
    fn refuse_early(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if headers.get_all(http::header::HOST).iter().count() > 1 {
            let detail = "Send exactly one Host field (RFC 9112, section 3.2).";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "invalid_host", "Invalid host", detail);
            return Some(problem.into_response());
        }
        self.origins.preflight(method, headers)
    }

    /// Runs a route under the deadline. A panic in it is caught here, so that it costs one reply and no more.
    async fn guarded(&self, route: impl Future<Output = Result<Response, Infallible>>) -> Response {
        let mut caught = pin!(AssertUnwindSafe(route).catch_unwind());
        // Most calls are answered from memory at once; only one that has to wait needs a timer.
        let outcome = match poll!(caught.as_mut()) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => tokio::time::timeout(self.request_timeout, caught).await.ok(),
        };
        match outcome {
            Some(Ok(Ok(response))) => response,
            Some(Ok(Err(never))) => match never {},
            Some(Err(_panic)) => {
                tracing::error!("a handler panicked");
                Problem::internal().into_response()
            }
            None => {
                tracing::warn!("a request took too long");
                let detail = "The request took too long. It may or may not have taken effect; look before you repeat it.";
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "Timeout", detail)
                    .with_retry_after(TIMEOUT_RETRY_AFTER_SECONDS)
                    .into_response()
            }
        }
    }
}
