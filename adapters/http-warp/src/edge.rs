//! What surrounds every route: an id, a client, a deadline, and the headers of every reply.

use crate::authorization::Authorization;
use crate::client_address::TrustedProxies;
use crate::context::RequestContext;
use crate::cors::{self, AllowedOrigins};
use crate::problem::Problem;
use crate::security_headers;
use crate::unhurried::{self, Pulse, Unhurried};
use core::net::IpAddr;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use epic_domain::network::IpPrefix;
use epic_inbound::request_ids::RequestIds;
use futures_util::{FutureExt, poll};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{HeaderMap, Request, StatusCode, Version};
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
        let mut response = match self.refuse_early(&request) {
            Some(response) => response,
            None => {
                request.extensions_mut().insert(context.clone());
                // The call itself runs the first filters, so it belongs under the guard too.
                guarded(async move { routes.call(request).await }, self.request_timeout, None).await
            }
        };
        if let Some(Unhurried { work, pulse }) = unhurried::take(&mut response) {
            response = guarded(work.map(Ok), self.request_timeout, Some(&pulse)).await;
        }
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
    fn refuse_early<B>(&self, request: &Request<B>) -> Option<Response> {
        let headers = request.headers();
        if !has_one_host(request.version(), headers) {
            let detail = "Send exactly one Host field that holds a host (RFC 9112, section 3.2).";
            return Some(refuse("invalid_host", "Invalid host", detail));
        }
        if !is_plainly_framed(headers) {
            let detail = "Send the body with Content-Length, or with the one transfer coding chunked.";
            return Some(refuse("invalid_framing", "Invalid framing", detail));
        }
        self.origins.preflight(request.method(), headers)
    }
}

/// Runs a route under the deadline, which begins anew as long as `pulse` beats. A panic in it is caught here, so that it
/// costs one reply and no more.
async fn guarded(
    route: impl Future<Output = Result<Response, Infallible>>,
    request_timeout: Duration,
    pulse: Option<&Pulse>,
) -> Response {
    let mut caught = pin!(AssertUnwindSafe(route).catch_unwind());
    // Most calls are answered from memory at once; only one that has to wait needs a timer.
    let outcome = match poll!(caught.as_mut()) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => loop {
            match tokio::time::timeout(request_timeout, caught.as_mut()).await {
                Ok(outcome) => break Some(outcome),
                Err(_) if pulse.is_some_and(Pulse::has_beaten) => {}
                Err(_) => break None,
            }
        },
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
            let detail =
                "The request took too long. It may or may not have taken effect; look before you repeat it.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "Timeout", detail)
                .with_retry_after(TIMEOUT_RETRY_AFTER_SECONDS)
                .into_response()
        }
    }
}

/// A 400 after which the connection is closed: who framed one request wrongly may have framed the next one too.
fn refuse(code: &'static str, title: &'static str, detail: &'static str) -> Response {
    Problem::new(StatusCode::BAD_REQUEST, code, title, detail)
        .with_header(CONNECTION, HeaderValue::from_static("close"))
        .into_response()
}

/// Whether there is one `Host`, a host with perhaps a port or nothing at all; before HTTP/1.1 it may be missing.
fn has_one_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => host.is_empty() || (is_authority(host.as_bytes())),
        (Some(_), Some(_)) => false,
    }
}

fn is_authority(host: &[u8]) -> bool {
    Authority::try_from(host).is_ok_and(|authority| {
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or("@");
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    })
}

/// Whether nobody between here and the client can have read the body's end elsewhere (RFC 9112, section 6): `chunked` is
/// the only transfer coding, and stands once.
fn is_plainly_framed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => {
            coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")
                && !headers.contains_key(CONTENT_LENGTH)
        }
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderName;

    fn fields(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    async fn status_of(route: impl Future<Output = Result<Response, Infallible>>) -> StatusCode {
        let mut response = guarded(route, Duration::from_millis(20), None).await;
        let problem = response.extensions_mut().remove::<Problem>();
        problem.map_or(response.status(), |problem| problem.render(None).status())
    }

    #[tokio::test]
    async fn i13_a_route_that_panics_costs_one_reply_and_one_that_hangs_its_own_time() {
        let fine = async { Ok(Response::default()) };
        assert_eq!(status_of(fine).await, StatusCode::OK);
        let panics: fn() -> Response = || panic!("injected");
        assert_eq!(status_of(async { Ok(panics()) }).await, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(status_of(std::future::pending()).await, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test(start_paused = true)]
    async fn work_goes_on_as_long_as_its_pulse_beats_and_no_longer() {
        let timeout = Duration::from_secs(30);
        let pulse = Pulse::default();
        let beating = pulse.clone();
        let work = async move {
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_secs(10)).await;
                beating.beat();
            }
            Ok(Response::default())
        };
        assert!(guarded(work, timeout, Some(&pulse)).await.extensions().get::<Problem>().is_none());
        let stalled = guarded(std::future::pending(), timeout, Some(&pulse));
        let reply = tokio::time::timeout(timeout * 3, stalled).await;
        assert!(reply.is_ok_and(|reply| reply.extensions().get::<Problem>().is_some()));
    }

    #[test]
    fn g11_a_request_has_one_host_that_is_one() {
        for good in ["example.org", "127.0.0.1:8080", "[::1]:80", "localhost", ""] {
            assert!(has_one_host(Version::HTTP_11, &fields(&[("host", good)])), "{good:?}");
        }
        for bad in ["a b", "u@h", "h:99999999", "a/../b", "<x>", "h:", "h:80:80"] {
            assert!(!has_one_host(Version::HTTP_11, &fields(&[("host", bad)])), "{bad:?}");
        }
        assert!(!has_one_host(Version::HTTP_11, &fields(&[])));
        assert!(has_one_host(Version::HTTP_10, &fields(&[])));
        assert!(!has_one_host(Version::HTTP_11, &fields(&[("host", "a"), ("host", "a")])));
    }

    #[test]
    fn g01_chunked_alone_is_a_transfer_coding() {
        assert!(is_plainly_framed(&fields(&[])));
        assert!(is_plainly_framed(&fields(&[("transfer-encoding", "Chunked")])));
        for bad in ["gzip, chunked", "chunked, chunked", "identity", "xchunked", ""] {
            assert!(!is_plainly_framed(&fields(&[("transfer-encoding", bad)])), "{bad:?}");
        }
        assert!(!is_plainly_framed(&fields(&[("transfer-encoding", "chunked"), ("content-length", "5")])));
    }
}
