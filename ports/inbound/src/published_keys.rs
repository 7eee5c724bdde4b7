//! Publish the keys by which others can check tokens.

use epic_outbound::tokens::{Tokens, VerifyingKey};
use std::sync::Arc;

/// Publishes the public keys of the token issuer, if it has any.
#[derive(Clone)]
pub struct PublishedKeys {
    tokens: Arc<dyn Tokens>,
}

impl PublishedKeys {
    /// Publishes the keys of `tokens`.
    #[must_use]
    pub fn new(tokens: Arc<dyn Tokens>) -> Self {
        Self { tokens }
    }

    /// The keys, the signing one first; none when tokens are signed with a secret.
    #[must_use]
    pub fn list(&self) -> Vec<VerifyingKey> {
        self.tokens.verifying_keys()
    }
}
