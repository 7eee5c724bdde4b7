//! Whose address counts: the peer's, or the one a trusted proxy vouches for.

use core::net::{IpAddr, SocketAddr};
use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The proxies whose word is believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    pub(crate) is_https: bool,
}

impl TrustedProxies {
    pub(crate) const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The client behind `peer`. From an untrusted peer no header is believed. From a trusted one the rightmost hop that
    /// is not trusted itself counts; what stands to the left of it anyone may have written. When that hop cannot be read,
    /// or when `Forwarded` and `X-Forwarded-For` name different clients (one of them passed through unchecked), the peer
    /// itself counts.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client { address: peer, is_https: false };
        }
        let by_list = self.rightmost(list_hops(headers));
        let by_forwarded = self.rightmost(forwarded_hops(headers));
        let named = match (by_list, by_forwarded) {
            (Hop::None, hop) | (hop, Hop::None) => hop,
            (one, other) if one == other => one,
            _ => Hop::Unreadable,
        };
        let address = if let Hop::Client(address) = named { address } else { peer };
        Client { address, is_https: says_https(headers) }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    fn rightmost(&self, hops: impl DoubleEndedIterator<Item = Option<IpAddr>>) -> Hop {
        let mut last_trusted = Hop::None;
        for hop in hops.rev() {
            match hop {
                None => return Hop::Unreadable,
                Some(address) if self.trusts(address) => last_trusted = Hop::Client(address),
                Some(address) => return Hop::Client(address),
            }
        }
        last_trusted
    }
}

/// What a chain of hops comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hop {
    None,
    Client(IpAddr),
    Unreadable,
}

/// The hops of `X-Forwarded-For`, all its fields joined in order.
fn list_hops(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = Option<IpAddr>> {
    elements(headers, X_FORWARDED_FOR).map(|element| read_address(element?))
}

/// The hops of `Forwarded` (RFC 7239): the `for` parameter of each element.
fn forwarded_hops(headers: &HeaderMap) -> impl DoubleEndedIterator<Item = Option<IpAddr>> {
    elements(headers, FORWARDED).map(|element| {
        let mut nodes = element?.split(';').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
        });
        let node = nodes.next()?;
        if nodes.next().is_some() { None } else { read_address(node) }
    })
}

fn elements(headers: &HeaderMap, name: HeaderName) -> impl DoubleEndedIterator<Item = Option<&str>> {
    headers.get_all(name).iter().flat_map(|value| match value.to_str() {
        Ok(text) => text.split(',').map(Some).collect::<Vec<_>>(),
        Err(_) => vec![None],
    })
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn read_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address =
        bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?;
    Some(address.to_canonical())
}

/// Whether the proxy says, and says once, that its client came over TLS.
fn says_https(headers: &HeaderMap) -> bool {
    let by_list = headers.get_all(X_FORWARDED_PROTO).iter().next_back().and_then(|value| value.to_str().ok());
    let by_list = by_list.and_then(|text| text.rsplit(',').next()).is_some_and(|text| text.trim() == "https");
    let by_forwarded = elements(headers, FORWARDED).next_back().flatten().is_some_and(|element| {
        element.split(';').any(|pair| pair.trim().trim_matches('"').eq_ignore_ascii_case("proto=https"))
    });
    by_list || by_forwarded
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    fn client(peer: &str, pairs: &[(&'static str, &'static str)]) -> String {
        let proxies =
            TrustedProxies::new(vec!["127.0.0.2/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
        proxies.client(peer.parse().unwrap(), &headers(pairs)).address.to_string()
    }

    #[test]
    fn e02_an_untrusted_peer_is_itself_whatever_it_says() {
        for name in ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"] {
            assert_eq!(client("127.0.0.1", &[(name, "203.0.113.9")]), "127.0.0.1", "{name}");
        }
    }

    #[test]
    fn e03_behind_a_trusted_proxy_the_rightmost_untrusted_hop_counts() {
        let list = "x-forwarded-for";
        assert_eq!(client("127.0.0.2", &[(list, "6.6.6.6, 203.0.113.9")]), "203.0.113.9");
        assert_eq!(client("127.0.0.2", &[(list, "6.6.6.6"), (list, "203.0.113.9, 10.1.2.3")]), "203.0.113.9");
        assert_eq!(client("127.0.0.2", &[(list, "203.0.113.9:4711")]), "203.0.113.9");
        assert_eq!(client("127.0.0.2", &[(list, "[2001:db8::1]:4711")]), "2001:db8::1");
        assert_eq!(client("127.0.0.2", &[(list, "[2001:db8::1]")]), "2001:db8::1");
        assert_eq!(client("::ffff:127.0.0.2", &[(list, "::ffff:203.0.113.9")]), "203.0.113.9");
        assert_eq!(
            client("127.0.0.2", &[("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:80\";proto=https")]),
            "2001:db8::1"
        );
    }

    #[test]
    fn e03_a_hop_that_cannot_be_read_leaves_the_peer() {
        for bad in ["6.6.6.6, unknown", "", "6.6.6.6,", "6.6.6.6, 300.1.1.1", "6.6.6.6, _hidden"] {
            assert_eq!(client("127.0.0.2", &[("x-forwarded-for", bad)]), "127.0.0.2", "{bad:?}");
        }
        let two = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=6.6.6.6")];
        assert_eq!(client("127.0.0.2", &two), "127.0.0.2", "the two fields disagree");
    }

    #[test]
    fn e03_a_thousand_forged_hops_change_nothing() {
        let forged = "6.6.6.6, ".repeat(1_000) + "203.0.113.9";
        let proxies = TrustedProxies::new(vec!["127.0.0.2/32".parse().unwrap()]);
        let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_str(&forged).unwrap())]);
        let client = proxies.client("127.0.0.2".parse().unwrap(), &headers);
        assert_eq!(client.address, "203.0.113.9".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn only_a_trusted_proxy_can_say_https() {
        let proxies = TrustedProxies::new(vec!["127.0.0.2/32".parse().unwrap()]);
        let https = headers(&[("x-forwarded-proto", "https")]);
        assert!(proxies.client("127.0.0.2".parse().unwrap(), &https).is_https);
        assert!(!proxies.client("127.0.0.1".parse().unwrap(), &https).is_https);
    }
}
