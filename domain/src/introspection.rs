//! Who may ask whether a token is live: other services, by a name and a secret.

use crate::Invalid;
use crate::secret::SecretText;
use core::fmt;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The name of a service that may ask: 1 to 64 characters of `[A-Za-z0-9._-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    /// Parses a name.
    ///
    /// # Errors
    /// [`Invalid`] for another length or alphabet.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("invalid_client_id", "must be 1 to 64 characters of A-Z a-z 0-9 . _ -"))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The secret of a service; silent in `Debug`, wiped when dropped.
#[derive(Debug, Clone)]
pub struct ClientSecret(SecretText);

impl ClientSecret {
    /// The fewest and the most characters of a secret.
    const LENGTHS: core::ops::RangeInclusive<usize> = 32..=256;

    /// Parses a secret.
    ///
    /// # Errors
    /// [`Invalid`] unless it is 32 to 256 visible ASCII characters without comma and colon: those part secrets in a
    /// setting and names from secrets in HTTP.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b':');
        if Self::LENGTHS.contains(&text.len()) && text.bytes().all(visible) {
            Ok(Self(SecretText::new(text.to_owned())))
        } else {
            Err(Invalid::new(
                "invalid_client_secret",
                "must be 32 to 256 visible ASCII characters without comma and colon",
            ))
        }
    }
}

/// The services that may ask. Of their secrets only digests are kept.
///
/// A name may stand twice: to give a service another secret without refusing one call of it, list both until the
/// service has moved.
#[derive(Clone, Default)]
pub struct ClientCredentials {
    entries: Vec<(ClientId, [u8; 32])>,
}

impl ClientCredentials {
    /// The services of a list; an empty one lets nobody ask.
    #[must_use]
    pub fn new(clients: Vec<(ClientId, ClientSecret)>) -> Self {
        let entry = |(id, ClientSecret(secret)): (ClientId, ClientSecret)| {
            let digest = digest(&id, secret.expose());
            (id, digest)
        };
        Self { entries: clients.into_iter().map(entry).collect() }
    }

    /// Whether nobody may ask.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a service may ask: takes as long for a name that is not listed as for a wrong secret, and tells by its time
    /// nothing of a secret.
    #[must_use]
    pub fn authenticates(&self, id: &ClientId, secret: &str) -> bool {
        let presented = digest(id, secret);
        let none = Choice::from(0);
        self.entries.iter().fold(none, |found, (_, digest)| found | digest.ct_eq(&presented)).into()
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.entries.iter().map(|(id, _)| id.as_str());
        formatter.debug_set().entries(ids).finish()
    }
}

/// Of name and secret together, so that a secret counts for the name it was given to alone. A plain hash is enough: a
/// secret has no fewer than 32 characters, which a machine draws.
fn digest(id: &ClientId, secret: &str) -> [u8; 32] {
    let hasher = Sha256::new_with_prefix(b"epic/v1/introspection-client\0");
    // No name holds a colon, so no two pairs share an encoding.
    hasher.chain_update(id.as_str()).chain_update(b":").chain_update(secret).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe";
    const OTHER: &str = "B5vXr1TqYk9mWz3NfGh7LsPd2CjUaE8o";

    fn id(text: &str) -> ClientId {
        ClientId::parse(text).unwrap()
    }

    fn credentials(list: &[(&str, &str)]) -> ClientCredentials {
        let parsed = |(name, secret): &(&str, &str)| (id(name), ClientSecret::parse(secret).unwrap());
        ClientCredentials::new(list.iter().map(parsed).collect())
    }

    #[test]
    fn a_name_goes_with_its_own_secret_alone() {
        let clients = credentials(&[("files", SECRET), ("mail", OTHER)]);
        assert!(clients.authenticates(&id("files"), SECRET));
        assert!(clients.authenticates(&id("mail"), OTHER));
        for (name, secret) in [
            ("files", OTHER),
            ("mail", SECRET),
            ("Files", SECRET),
            ("file", SECRET),
            ("files", ""),
            ("files", &SECRET[1..]),
            ("files", &format!("{SECRET} ")),
        ] {
            assert!(!clients.authenticates(&id(name), secret), "{name}");
        }
    }

    #[test]
    fn nobody_asks_when_nobody_is_listed() {
        let nobody = credentials(&[]);
        assert!(nobody.is_empty() && !credentials(&[("files", SECRET)]).is_empty());
        assert!(!nobody.authenticates(&id("files"), SECRET));
    }

    #[test]
    fn a_service_may_have_two_secrets_while_it_moves() {
        let moving = credentials(&[("files", OTHER), ("files", SECRET)]);
        assert!(moving.authenticates(&id("files"), SECRET) && moving.authenticates(&id("files"), OTHER));
        assert!(!credentials(&[("files", OTHER)]).authenticates(&id("files"), SECRET));
    }

    #[test]
    fn names_and_secrets_that_could_be_misread_are_refused() {
        for name in ["", "a b", "a:b", "a,b", "é", &"a".repeat(65)] {
            assert!(ClientId::parse(name).is_err(), "{name}");
        }
        assert!(ClientId::parse(&"a".repeat(64)).is_ok());
        let with = |character: char| SECRET.replacen('Q', &character.to_string(), 1);
        for secret in [
            "".to_owned(),
            SECRET[1..].to_owned(),
            with(','),
            with(':'),
            with(' '),
            with('\n'),
            with('\0'),
            with('é'),
            "a".repeat(257),
        ] {
            assert!(ClientSecret::parse(&secret).is_err(), "{secret}");
        }
        assert!(ClientSecret::parse(&"a".repeat(256)).is_ok());
    }

    #[test]
    fn debug_names_the_services_and_says_no_secret_and_no_digest() {
        let shown = format!("{:?}", credentials(&[("files", SECRET)]));
        assert_eq!(shown, r#"{"files"}"#);
        assert!(!format!("{:?}", ClientSecret::parse(SECRET).unwrap()).contains(SECRET));
    }
}
