//! Tokens that this server alone can check.

use crate::Keyring;
use crate::provider::ProviderTaken;
use crate::tokens::SignedTokens;
use epic_domain::key_id::KeyId;
use epic_domain::secret::SecretText;
use epic_domain::session::Claims;
use epic_outbound::tokens::{TokenError, Tokens, VerifyingKey};
use jsonwebtoken::Algorithm;
use std::sync::Arc;

/// The port [`Tokens`] by HS256 (RFC 7518, section 3.2).
#[derive(Debug)]
pub struct JwtTokens(SignedTokens);

impl JwtTokens {
    /// Tokens signed by the first key of `keyring`, with `iss` and `aud` as given. About `cache_capacity` verified
    /// access tokens are remembered; 0 remembers none.
    ///
    /// # Errors
    /// [`ProviderTaken`] when something else in this process has set up jsonwebtoken before.
    pub fn new(
        keyring: Keyring,
        issuer: String,
        audience: String,
        cache_capacity: usize,
    ) -> Result<Self, ProviderTaken> {
        SignedTokens::new(Algorithm::HS256, keyring.0, issuer, audience, cache_capacity).map(Self)
    }

    /// How many verified access tokens are remembered now.
    #[must_use]
    pub fn cached_tokens(&self) -> usize {
        self.0.cached_tokens()
    }
}

impl Tokens for JwtTokens {
    fn signing_key_id(&self) -> KeyId {
        self.0.signing_key_id()
    }

    fn issue(&self, claims: &Claims, key_id: &KeyId) -> Result<SecretText, TokenError> {
        self.0.issue(claims, key_id)
    }

    /// None: whoever could check these tokens could make them.
    fn verifying_keys(&self) -> Vec<VerifyingKey> {
        Vec::new()
    }

    fn read(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        self.0.read(token)
    }
}
