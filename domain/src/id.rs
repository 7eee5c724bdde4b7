//! Identifiers: UUID version 7 (RFC 9562, section 5.7), one type for each kind of thing.

use crate::{Invalid, Timestamp};
use core::{fmt, str::FromStr};
use uuid::Uuid;

/// Random bytes that an identifier takes.
pub type IdRandomness = [u8; 10];

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier from the time and fresh randomness.
            #[must_use]
            pub fn from_parts(now: Timestamp, randomness: &IdRandomness) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.as_millis(), randomness).into_uuid())
            }

            /// The identifier that these sixteen stored bytes are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes, in network order.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            /// Only the canonical form: lower-case, hyphenated, 36 characters.
            fn from_str(text: &str) -> Result<Self, Invalid> {
                let refused = Invalid::new("invalid_id", "must be a UUID in lower-case hyphenated form");
                let id = Uuid::try_parse(text).map_err(|_| refused)?;
                let mut buffer = Uuid::encode_buffer();
                if id.as_hyphenated().encode_lower(&mut buffer) == text { Ok(Self(id)) } else { Err(refused) }
            }
        }
    )+};
}

identifiers! {
    /// Names an account for its whole life; a re-registered username gets another.
    UserId,
    /// Names a session: one sign-in on one device.
    SessionId,
    /// Names one token (RFC 7519, section 4.1.7, `jti`).
    TokenId,
    /// Names an event in the audit log.
    EventId,
    /// Names a request in its reply and in the log.
    RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_version_7_uuid_that_round_trips() {
        let id = UserId::from_parts(Timestamp::from_millis(1_700_000_000_123), &[0xAB; 10]);
        let text = id.to_string();
        assert_eq!(text.as_bytes()[14], b'7');
        assert_eq!(text.parse::<UserId>(), Ok(id));
        assert_eq!(UserId::from_bytes(*id.as_bytes()), id);
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        let id = UserId::from_parts(Timestamp::from_millis(1), &[0xAB; 10]).to_string();
        for other in [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}")] {
            assert!(other.parse::<UserId>().is_err(), "{other}");
        }
    }
}
