//! Tokens that anyone can check and this server alone can make.

use crate::EddsaKeyring;
use crate::provider::ProviderTaken;
use crate::tokens::SignedTokens;
use epic_domain::key_id::KeyId;
use epic_domain::secret::SecretText;
use epic_domain::session::Claims;
use epic_outbound::tokens::{TokenError, Tokens, VerifyingKey};
use jsonwebtoken::Algorithm;
use std::sync::Arc;

/// The port [`Tokens`] by EdDSA over Ed25519 (RFC 8037), in JWTs with `"alg":"EdDSA"`. Signatures are deterministic.
#[derive(Debug)]
pub struct EddsaTokens {
    tokens: SignedTokens,
    verifying: Vec<VerifyingKey>,
}

impl EddsaTokens {
    /// Tokens signed by the first key of `keyring`, with `iss` and `aud` as given. About `cache_capacity` verified
    /// access tokens are remembered; 0 remembers none.
    ///
    /// # Errors
    /// [`ProviderTaken`] when something else in this process has set up jsonwebtoken before.
    pub fn new(
        keyring: EddsaKeyring,
        issuer: String,
        audience: String,
        cache_capacity: usize,
    ) -> Result<Self, ProviderTaken> {
        let EddsaKeyring { keys, verifying } = keyring;
        let tokens = SignedTokens::new(Algorithm::EdDSA, keys, issuer, audience, cache_capacity)?;
        Ok(Self { tokens, verifying })
    }

    /// How many verified access tokens are remembered now.
    #[must_use]
    pub fn cached_tokens(&self) -> usize {
        self.tokens.cached_tokens()
    }
}

impl Tokens for EddsaTokens {
    fn signing_key_id(&self) -> KeyId {
        self.tokens.signing_key_id()
    }

    fn issue(&self, claims: &Claims, key_id: &KeyId) -> Result<SecretText, TokenError> {
        self.tokens.issue(claims, key_id)
    }

    fn verifying_keys(&self) -> Vec<VerifyingKey> {
        self.verifying.clone()
    }

    fn read(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        self.tokens.read(token)
    }
}
