//! Where the server listens, whom it believes, and how long it waits.

use super::parse::{self, Rule};
use super::reader::Reader;
use core::net::{IpAddr, SocketAddr};
use core::num::NonZeroUsize;
use core::time::Duration;
use ipnet::IpNet;

/// How the server meets the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Proxies whose word about the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Web origins that may call from a browser.
    pub allowed_origins: Vec<String>,
    /// The most connections open at once.
    pub connections_max: NonZeroUsize,
    /// The longest time for a request's header.
    pub header_timeout: Duration,
    /// The longest time for a request's body.
    pub body_timeout: Duration,
    /// The longest time for a client to take some more of a reply.
    pub write_timeout: Duration,
    /// The longest time for an answer.
    pub request_timeout: Duration,
    /// The longest time that requests in flight get when the server stops.
    pub shutdown_grace: Duration,
}

const CONNECTIONS_MAX: usize = 1_000_000;

impl NetworkSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        // Each is read before any is asked for, so that every problem is found.
        let listen = reader.read("listen", listen);
        let trusted_proxies = reader.read("trusted_proxies", |text| parse::list(text, network));
        let allowed_origins = reader.read("allowed_origins", |text| parse::list(text, origin));
        let connections_max = reader.read("connections_max", |text| parse::count(text, CONNECTIONS_MAX));
        let header_timeout = reader.read("header_timeout", parse::timeout);
        let body_timeout = reader.read("body_timeout", parse::timeout);
        let write_timeout = reader.read("write_timeout", parse::timeout);
        let request_timeout = reader.read("request_timeout", parse::timeout);
        let shutdown_grace = reader.read("shutdown_grace", parse::timeout);
        Some(Self {
            listen: listen?,
            trusted_proxies: trusted_proxies?,
            allowed_origins: allowed_origins?,
            connections_max: connections_max?,
            header_timeout: header_timeout?,
            body_timeout: body_timeout?,
            write_timeout: write_timeout?,
            request_timeout: request_timeout?,
            shutdown_grace: shutdown_grace?,
        })
    }
}

fn listen(text: &str) -> Result<SocketAddr, Rule> {
    text.parse().map_err(|_| "must be an address and a port such as 127.0.0.1:8080 or [::]:8080".to_owned())
}

/// A network, or the network of one bare address.
fn network(text: &str) -> Result<IpNet, Rule> {
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "must be a list of networks or addresses such as 10.0.0.0/8,::1".to_owned())
}

/// An origin as a browser sends it: scheme, host and port, nothing after them.
fn origin(text: &str) -> Result<String, Rule> {
    let rule = || "must be a list of origins such as https://files.example.org".to_owned();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(rule)?;
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
    };
    if host.is_empty() || !host.bytes().all(fits) { Err(rule()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_address_is_a_network_of_its_own() {
        assert_eq!(network("127.0.0.2"), Ok("127.0.0.2/32".parse().unwrap()));
        assert_eq!(network("10.1.2.3/8"), Ok("10.0.0.0/8".parse().unwrap()));
        assert_eq!(network("::1"), Ok("::1/128".parse().unwrap()));
        assert!(network("10.0.0.0/33").is_err());
        assert!(network("proxy.local").is_err());
    }

    #[test]
    fn an_origin_has_no_path_no_wildcard_and_is_not_null() {
        assert!(origin("https://files.example.org").is_ok());
        assert!(origin("http://localhost:3000").is_ok());
        for text in
            ["*", "null", "https://", "https://*.example.org", "https://a.example/", "ftp://a", "a.example"]
        {
            assert!(origin(text).is_err(), "{text}");
        }
    }
}
