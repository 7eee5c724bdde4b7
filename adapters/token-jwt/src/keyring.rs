//! The keys that sign and verify tokens: of one algorithm in one ring.
//!
//! To rotate without refusing one token: put the new key **behind** the old one and restart, so that everybody who
//! checks tokens comes to know it; once they do, put it in front and restart, so that it signs; take the old one away
//! once the last token that it signed has expired. Where nobody else checks tokens, the first step may be left out.

use crate::named_key::NamedKey;
use crate::weak_key::{WeakKey, judge};
use ed25519_dalek::SigningKey;
use epic_domain::key_id::KeyId;
use epic_domain::secret::Secret;
use epic_outbound::tokens::VerifyingKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

/// A secret for HS256 with its name (`kid`), known not to be guessable; wiped when dropped, silent in `Debug`.
#[derive(Debug, Clone)]
pub struct TokenKey(NamedKey);

impl TokenKey {
    /// Parses a secret.
    ///
    /// # Errors
    /// [`WeakKey`] when it is shorter than 32 bytes or could be guessed. The error names the rule, never the key.
    pub fn parse(id: KeyId, secret: &[u8]) -> Result<Self, WeakKey> {
        judge(secret)?;
        let (encoding, decoding) = (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        Ok(Self(NamedKey::new(Algorithm::HS256, id, encoding, decoding)))
    }

    /// The key's name.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        self.0.id()
    }
}

/// An Ed25519 key pair with its name (`kid`); wiped when dropped, silent in `Debug`.
#[derive(Debug, Clone)]
pub struct EddsaKey {
    named: NamedKey,
    ed25519: [u8; 32],
}

impl EddsaKey {
    /// Parses the seed of a key pair (RFC 8032, section 5.1.5).
    ///
    /// # Errors
    /// [`WeakKey`] when it could be guessed. The error names the rule, never the seed.
    pub fn parse(id: KeyId, seed: &Secret<32>) -> Result<Self, WeakKey> {
        judge(seed.expose())?;
        let ed25519 = SigningKey::from_bytes(seed.expose()).verifying_key().to_bytes();
        // Bare bytes in place of DER: our own provider is the only one that reads them.
        let (encoding, decoding) =
            (EncodingKey::from_ed_der(seed.expose()), DecodingKey::from_ed_der(&ed25519));
        Ok(Self { named: NamedKey::new(Algorithm::EdDSA, id, encoding, decoding), ed25519 })
    }

    /// The public half, under the key's name.
    #[must_use]
    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey { key_id: self.named.id().clone(), ed25519: self.ed25519 }
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

/// At least one secret for HS256. The first signs new tokens, all of them verify.
#[derive(Debug, Clone)]
pub struct Keyring(pub(crate) Keys);

impl Keyring {
    /// Joins keys.
    ///
    /// # Errors
    /// [`KeyringRefused`] when there is none, or when two have one id.
    pub fn new(keys: Vec<TokenKey>) -> Result<Self, KeyringRefused> {
        Keys::new(keys.into_iter().map(|TokenKey(key)| key)).map(Self)
    }
}

/// At least one key pair for EdDSA. The first signs new tokens, all of them verify.
#[derive(Debug, Clone)]
pub struct EddsaKeyring {
    pub(crate) keys: Keys,
    pub(crate) verifying: Vec<VerifyingKey>,
}

impl EddsaKeyring {
    /// Joins key pairs.
    ///
    /// # Errors
    /// [`KeyringRefused`] when there is none, or when two have one id.
    pub fn new(keys: Vec<EddsaKey>) -> Result<Self, KeyringRefused> {
        let verifying = keys.iter().map(EddsaKey::verifying).collect();
        Ok(Self { keys: Keys::new(keys.into_iter().map(|key| key.named))?, verifying })
    }
}

/// At least one key; the first signs.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    first: NamedKey,
    others: Vec<NamedKey>,
}

impl Keys {
    fn new(mut keys: impl Iterator<Item = NamedKey>) -> Result<Self, KeyringRefused> {
        let first = keys.next().ok_or(KeyringRefused::Empty)?;
        let mut others: Vec<NamedKey> = Vec::new();
        for key in keys {
            if key.id() == first.id() || others.iter().any(|other| other.id() == key.id()) {
                return Err(KeyringRefused::Duplicate);
            }
            others.push(key);
        }
        Ok(Self { first, others })
    }

    pub(crate) const fn signing(&self) -> &NamedKey {
        &self.first
    }

    /// The key of this name. Names are compared whole: nothing in one is ever a path, a URL or a query.
    pub(crate) fn find(&self, id: &str) -> Option<&NamedKey> {
        core::iter::once(&self.first).chain(&self.others).find(|key| key.id().as_str() == id)
    }
}
