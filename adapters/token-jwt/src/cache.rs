//! Access tokens that were verified already, so that the next call with one costs a hash and a look-up.
//!
//! A token is found by SipHash-2-4 of all of it, 128 bits under a key derived from the signing key: whoever could find
//! another text with the same hash could sign that text anyway. Only genuine tokens get in: what was refused is judged
//! anew each time, and cannot push anything out. That a token is here says that it is genuine and nothing more; expiry
//! and revocation are judged on every call.

use crate::named_key::NamedKey;
use epic_domain::session::Claims;
use hmac::{Hmac, KeyInit, Mac};
use quick_cache::sync::Cache;
use sha2::Sha256;
use siphasher::sip128::SipHasher24;
use std::sync::Arc;

/// What a token is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u128);

/// A bounded number of verified tokens.
pub(crate) struct VerifiedTokens {
    tokens: Cache<u128, Arc<Claims>>,
    hasher: SipHasher24,
}

/// No signed text begins like this: a token's first part is base64url.
const LABEL: &[u8] = b"\0epic/v1/verified-tokens";

impl VerifiedTokens {
    /// Room for about `capacity` tokens, at some 300 bytes each; with none, every token is verified anew.
    pub(crate) fn new(capacity: usize, key: &NamedKey) -> Option<Self> {
        if capacity == 0 {
            return None;
        }
        let mac = Hmac::<Sha256>::new_from_slice(key.secret()).ok()?;
        let derived: [u8; 32] = mac.chain_update(LABEL).finalize().into_bytes().into();
        let hasher = SipHasher24::new_with_key(derived.first_chunk()?);
        Some(Self { tokens: Cache::new(capacity), hasher })
    }

    pub(crate) fn fingerprint(&self, token: &str) -> Fingerprint {
        Fingerprint(self.hasher.hash(token.as_bytes()).as_u128())
    }

    pub(crate) fn find(&self, fingerprint: Fingerprint) -> Option<Arc<Claims>> {
        self.tokens.get(&fingerprint.0)
    }

    pub(crate) fn keep(&self, fingerprint: Fingerprint, claims: &Arc<Claims>) {
        self.tokens.insert(fingerprint.0, Arc::clone(claims));
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::key_id::KeyId;
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

    fn verified(start: u8) -> VerifiedTokens {
        let (encoding, decoding) = (EncodingKey::from_secret(&[start; 32]), DecodingKey::from_secret(&[]));
        let key = NamedKey::new(Algorithm::HS256, KeyId::parse("k1").unwrap(), encoding, decoding);
        VerifiedTokens::new(10, &key).unwrap()
    }

    #[test]
    fn every_byte_of_a_token_and_the_key_count() {
        let verified_tokens = verified(1);
        let fingerprint = verified_tokens.fingerprint("header.payload.signature");
        assert_eq!(fingerprint, verified_tokens.fingerprint("header.payload.signature"));
        for other in
            ["header.payload.signaturf", "ieader.payload.signature", "header.payload.signature\0", ""]
        {
            assert_ne!(fingerprint, verified_tokens.fingerprint(other), "{other:?}");
        }
        assert_ne!(fingerprint, verified(2).fingerprint("header.payload.signature"));
    }
}
