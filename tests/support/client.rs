//! A client that speaks HTTP over real sockets, from a loopback address of its choice.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};

/// An HTTP client of one server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
}

/// A reply, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// A client of the server at `base`, from 127.0.0.1.
    pub(crate) fn new(base: &str) -> Self {
        Self::from_address(base, Ipv4Addr::LOCALHOST)
    }

    /// A client from another loopback address: another client to the limiter.
    pub(crate) fn from_address(base: &str, source: Ipv4Addr) -> Self {
        // Another crate of the build chooses a TLS without its primitives. It fails when a client did this before.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            // No server of the tests is reached by TLS, and reading the machine's authorities takes longer than a request.
            .tls_certs_only([])
            .local_address(IpAddr::V4(source))
            .timeout(std::time::Duration::from_secs(30))
            .pool_max_idle_per_host(128)
            .build()
            .unwrap();
        Self { http, base: base.to_owned() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A request to be shaped further.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: response.bytes().await.expect("the reply is whole").to_vec() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Reply {
        self.send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn post_as(&self, token: &str, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    /// A JSON body that serde_json would not write: sent as it is.
    pub(crate) async fn post_raw(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        let request =
            self.request(Method::POST, path).header("content-type", "application/json").body(body.into());
        self.send(request).await
    }

    pub(crate) async fn delete_as(&self, token: &str, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path).bearer_auth(token)).await
    }

    /// A change of the version in `etag`.
    pub(crate) async fn put_as(&self, token: &str, path: &str, etag: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).bearer_auth(token).header("if-match", etag).json(body))
            .await
    }

    pub(crate) async fn profile(&self, token: &str) -> Reply {
        self.get_as(token, "/api/user/profile").await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        self.post("/api/auth/refresh", &serde_json::json!({ "refresh_token": token })).await
    }

    pub(crate) async fn logout(&self, token: &str) -> Reply {
        self.send(self.request(Method::POST, "/api/auth/logout").bearer_auth(token)).await
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// A text member of the JSON body.
    pub(crate) fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {:?}", self.json())).to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The reply, which must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    /// The code of a problem document, checked to be whole: RFC 9457 members, status as sent, a request id that matches.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let document = self.json();
        assert_eq!(document["status"], self.status);
        assert_eq!(document["request_id"].as_str(), self.header("x-request-id"));
        for member in ["type", "title", "detail", "code", "instance"] {
            assert!(document[member].is_string(), "{member} in {document}");
        }
        document["code"].as_str().unwrap().to_owned()
    }

    /// The pointers and codes of the field errors.
    pub(crate) fn field_errors(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.json()["errors"]
            .as_array()
            .map(|errors| {
                errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
            })
            .unwrap_or_default()
    }
}
