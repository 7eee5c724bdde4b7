//! Access tokens that were verified already, so that the next call with one costs a hash and a look-up.
//!
//! A token is found by the SHA-256 of all of it, so nothing but the very same bytes is found. Only genuine tokens get
//! in: what was refused is judged anew each time, and cannot push anything out. That a token is here says that it is
//! genuine and nothing more; expiry and revocation are judged on every call.

use epic_domain::session::Claims;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The SHA-256 of a token.
#[derive(Clone, Copy)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

/// A bounded number of verified tokens.
pub(crate) struct VerifiedTokens(Cache<[u8; 32], Arc<Claims>>);

impl VerifiedTokens {
    /// Room for about `capacity` tokens, at some 300 bytes each; with none, every token is verified anew.
    pub(crate) fn new(capacity: usize) -> Option<Self> {
        (capacity > 0).then(|| Self(Cache::new(capacity)))
    }

    pub(crate) fn find(&self, fingerprint: &Fingerprint) -> Option<Arc<Claims>> {
        self.0.get(&fingerprint.0)
    }

    pub(crate) fn keep(&self, fingerprint: Fingerprint, claims: &Arc<Claims>) {
        self.0.insert(fingerprint.0, Arc::clone(claims));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
