//! What is the same for tokens of every algorithm: how they are written, judged, verified and remembered.

use crate::cache::VerifiedTokens;
use crate::claims::{ReadClaims, WrittenClaims};
use crate::compact::{Compact, TOKEN_BYTES_MAX, name_of};
use crate::keyring::Keys;
use crate::named_key::NamedKey;
use crate::provider::{ProviderTaken, ensure_installed};
use core::fmt;
use epic_domain::key_id::KeyId;
use epic_domain::secret::SecretText;
use epic_domain::session::{Claims, TokenKind};
use epic_outbound::tokens::TokenError;
use jsonwebtoken::{Algorithm, Validation, decode, encode};
use std::sync::Arc;

/// Tokens of one algorithm, one issuer and one audience.
pub(crate) struct SignedTokens {
    algorithm: Algorithm,
    keys: Keys,
    issuer: String,
    audience: String,
    validation: Validation,
    verified: Option<VerifiedTokens>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no token key of this id")]
struct NoSuchKey;

impl SignedTokens {
    pub(crate) fn new(
        algorithm: Algorithm,
        keys: Keys,
        issuer: String,
        audience: String,
        cache_capacity: usize,
    ) -> Result<Self, ProviderTaken> {
        ensure_installed()?;
        let validation = validation(algorithm, &issuer, &audience);
        let verified = VerifiedTokens::new(cache_capacity, keys.signing());
        Ok(Self { algorithm, keys, issuer, audience, validation, verified })
    }

    pub(crate) fn cached_tokens(&self) -> usize {
        self.verified.as_ref().map_or(0, VerifiedTokens::len)
    }

    pub(crate) fn signing_key_id(&self) -> KeyId {
        self.keys.signing().id().clone()
    }

    pub(crate) fn issue(&self, claims: &Claims, key_id: &KeyId) -> Result<SecretText, TokenError> {
        let key =
            self.keys.find(key_id.as_str()).ok_or_else(|| TokenError::Unavailable(Box::new(NoSuchKey)))?;
        let written = WrittenClaims::new(claims, &self.issuer, &self.audience);
        encode(key.header(), &written, key.encoding())
            .map(SecretText::new)
            .map_err(|error| TokenError::Unavailable(Box::new(error)))
    }

    pub(crate) fn read(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::NotGenuine);
        }
        let Some(verified) = &self.verified else {
            return self.verify(token).map(Arc::new).ok_or(TokenError::NotGenuine);
        };
        let fingerprint = verified.fingerprint(token);
        if let Some(claims) = verified.find(fingerprint) {
            return Ok(claims);
        }
        let claims = self.verify(token).map(Arc::new).ok_or(TokenError::NotGenuine)?;
        // A refresh token comes once: remembering it would only push others out.
        if claims.kind == TokenKind::Access {
            verified.keep(fingerprint, &claims);
        }
        Ok(claims)
    }

    /// The key that the header names, if the header is one that this server writes: of the one algorithm that all keys
    /// here are for, so that no key is ever used under another.
    fn key_of(&self, token: &str) -> Option<&NamedKey> {
        Compact::split(token)?.with_header(|header| {
            let ours = Some(header.alg) == name_of(self.algorithm) && header.typ == Some("JWT");
            self.keys.find(header.kid?).filter(|_| ours)
        })
    }

    /// Reads a token from its bytes alone. The header is judged first, by our own strict parser: jsonwebtoken then sees
    /// no header but one of ours.
    fn verify(&self, token: &str) -> Option<Claims> {
        let key = self.key_of(token)?;
        let genuine = decode::<ReadClaims>(token, key.decoding(), &self.validation).ok()?;
        Some(genuine.claims.into())
    }
}

/// What jsonwebtoken checks: the algorithm, the signature, issuer and audience. No time: that is the domain's.
fn validation(algorithm: Algorithm, issuer: &str, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.leeway = 0;
    validation
}

impl fmt::Debug for SignedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignedTokens")
            .field("keys", &self.keys)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
