//! Where a request comes from, as far as the server remembers it: a prefix, never a full IPv6 address.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The part of a client's address that limits count by and the audit log keeps: an IPv4 address, or the /64 of an
/// IPv6 address, since one subscriber holds a whole /64 (RFC 6177).
///
/// IPv4-mapped IPv6 addresses are the IPv4 address they spell, so one client has one prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpPrefix(IpAddr);

const IPV6_PREFIX_MASK: u128 = !0 << 64;

impl IpPrefix {
    /// The prefix that `address` lies in.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => Self(IpAddr::V4(mapped)),
                None => Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & IPV6_PREFIX_MASK))),
            },
        }
    }

    /// The prefix as sixteen bytes, IPv4 in its mapped form: a stable encoding for stores and hashes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        }
    }

    /// The prefix that [`IpPrefix::to_bytes`] wrote.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::of(IpAddr::V6(Ipv6Addr::from_bits(u128::from_be_bytes(bytes))))
    }

    /// The prefix of a request that came without an address, such as one made in the process itself.
    #[must_use]
    pub const fn unspecified() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl fmt::Display for IpPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(formatter, "{address}/32"),
            IpAddr::V6(address) => write!(formatter, "{address}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> IpPrefix {
        IpPrefix::of(text.parse().unwrap())
    }

    #[test]
    fn e04_addresses_of_one_64_are_one_prefix() {
        assert_eq!(prefix("2001:db8:1:2::1"), prefix("2001:DB8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
    }

    #[test]
    fn e05_a_mapped_address_is_the_address_it_spells() {
        assert_eq!(prefix("::ffff:127.0.0.1"), prefix("127.0.0.1"));
        assert_eq!(prefix("127.0.0.1").to_string(), "127.0.0.1/32");
    }

    #[test]
    fn stored_bytes_round_trip() {
        for text in ["127.0.0.1", "2001:db8:1:2::", "::"] {
            assert_eq!(IpPrefix::from_bytes(prefix(text).to_bytes()), prefix(text));
        }
    }
}
