//! Identifiers, one type for each kind of thing: UUID version 7 (RFC 9562, section 5.7) for what only its owner and the log
//! name, version 4 (section 5.4) for what can be handed on: it tells nothing of when it was made, nor of its neighbours
//! (ADR 0010).

use crate::{Invalid, Timestamp};
use core::{fmt, str::FromStr};
use uuid::Uuid;

/// Random bytes that an identifier takes.
pub type IdRandomness = [u8; 10];

macro_rules! timed_identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        identifiers! { $($(#[$doc])* $name),+ }

        $(impl $name {
            /// A new identifier from the time and fresh randomness.
            #[must_use]
            pub fn from_parts(now: Timestamp, randomness: &IdRandomness) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(now.as_millis(), randomness).into_uuid())
            }
        })+
    };
}

macro_rules! random_identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        identifiers! { $($(#[$doc])* $name),+ }

        $(impl $name {
            /// A new identifier from fresh randomness.
            #[must_use]
            pub fn from_randomness(randomness: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(randomness).into_uuid())
            }
        })+
    };
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
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

timed_identifiers! {
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

random_identifiers! {
    /// Names a file for its whole life.
    FileId,
    /// Names an upload while it is under way.
    UploadId,
    /// Names a share of a file with a person.
    ShareId,
    /// Names a link to a file; the token that opens it is another value.
    LinkId,
    /// Names stored bytes. It never travels to clients, and is never used twice.
    BlobId,
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
    fn f03_what_can_be_handed_on_has_122_random_bits_and_no_order() {
        let id = FileId::from_randomness([0xFF; 16]);
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let none = FileId::from_randomness([0; 16]);
        let differing: u32 =
            id.as_bytes().iter().zip(none.as_bytes()).map(|(one, other)| (one ^ other).count_ones()).sum();
        assert_eq!(differing, 122, "every bit but the version's four and the variant's two is drawn");
    }

    #[test]
    fn only_the_canonical_spelling_is_read() {
        let id = UserId::from_parts(Timestamp::from_millis(1), &[0xAB; 10]).to_string();
        for other in [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), format!("urn:uuid:{id}")] {
            assert!(other.parse::<UserId>().is_err(), "{other}");
        }
    }
}
