//! The keys that sign and verify tokens.

use crate::weak_key::{WeakKey, judge};
use epic_domain::key_id::KeyId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};

/// A key with its name (`kid`), known not to be guessable; wiped when dropped, silent in `Debug`.
#[derive(Debug, Clone)]
pub struct TokenKey {
    id: KeyId,
    header: Header,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl TokenKey {
    /// Parses a key.
    ///
    /// # Errors
    /// [`WeakKey`] when it is shorter than 32 bytes or could be guessed. The error names the rule, never the key.
    pub fn parse(id: KeyId, secret: &[u8]) -> Result<Self, WeakKey> {
        judge(secret)?;
        let header = Header { kid: Some(id.as_str().to_owned()), ..Header::new(Algorithm::HS256) };
        Ok(Self {
            id,
            header,
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        })
    }

    /// The key's name.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) const fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(crate) const fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

/// Keys that cannot be used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringRefused {
    /// There is none.
    #[error("at least one token key is needed")]
    Empty,
    /// Two have one id.
    #[error("two token keys have the same id")]
    Duplicate,
}

/// At least one key. The first signs new tokens, all of them verify: to rotate, put a new one in front and take the
/// old one away once its last token has expired.
#[derive(Debug, Clone)]
pub struct Keyring {
    first: TokenKey,
    others: Vec<TokenKey>,
}

impl Keyring {
    /// Joins keys.
    ///
    /// # Errors
    /// [`KeyringRefused`] when there is none, or when two have one id.
    pub fn new(keys: Vec<TokenKey>) -> Result<Self, KeyringRefused> {
        let mut others: Vec<TokenKey> = Vec::with_capacity(keys.len());
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(KeyringRefused::Empty)?;
        for key in keys {
            if key.id == first.id || others.iter().any(|other| other.id == key.id) {
                return Err(KeyringRefused::Duplicate);
            }
            others.push(key);
        }
        Ok(Self { first, others })
    }

    pub(crate) const fn signing(&self) -> &TokenKey {
        &self.first
    }

    /// The key of this name. Names are compared whole: nothing in one is ever a path, a URL or a query.
    pub(crate) fn find(&self, id: &str) -> Option<&TokenKey> {
        core::iter::once(&self.first).chain(&self.others).find(|key| key.id.as_str() == id)
    }
}
