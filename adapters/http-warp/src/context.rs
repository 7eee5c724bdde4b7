//! What is known of a request before its route is.

use crate::authorization::Authorization;
use epic_domain::id::RequestId;
use epic_domain::network::IpPrefix;
use http::HeaderMap;

/// What is known of a request: its id, where it came from and whom it says it is from. It travels as an extension of
/// the request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Names the request in its reply, its error and the log.
    pub request_id: RequestId,
    /// The client's address, as far as limits and the audit log use it.
    pub origin: IpPrefix,
    /// Whether the client came over TLS, as a trusted proxy says.
    pub is_https: bool,
    /// What its `Authorization` field holds.
    pub(crate) authorization: Authorization,
}

impl RequestContext {
    /// The context of a request that is served without the server's own loop, such as behind someone else's routes.
    #[must_use]
    pub fn outside(headers: &HeaderMap) -> Self {
        Self {
            request_id: RequestId::from_bytes([0; 16]),
            origin: IpPrefix::unspecified(),
            is_https: false,
            authorization: Authorization::read(headers),
        }
    }
}
