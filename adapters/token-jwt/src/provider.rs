//! HS256 and EdDSA for jsonwebtoken.
//!
//! Its own provider `rust_crypto` brings RSA and more elliptic curves along, none of which a token of ours uses; this
//! one knows two algorithms, each with its own kind of key, so that no other can be talked into being used. Ed25519 keys
//! are bare: a seed of 32 bytes to sign with, a public key of 32 bytes to verify with.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::Sha256;
use signature::{Signer, Verifier};
use std::sync::OnceLock;

/// jsonwebtoken takes one provider a process, and another one was there first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another cryptography provider is installed for tokens in this process")]
pub struct ProviderTaken;

/// Makes jsonwebtoken use this provider; the second and later calls find it installed.
pub(crate) fn ensure_installed() -> Result<(), ProviderTaken> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    if *INSTALLED.get_or_init(|| PROVIDER.install_default().is_ok()) { Ok(()) } else { Err(ProviderTaken) }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

fn unsupported() -> Error {
    ErrorKind::UnsupportedAlgorithm.into()
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.as_bytes())?)),
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => Ok(Box::new(EddsaSigner::new(key.as_bytes())?)),
        _ => Err(unsupported()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256::new(key.try_get_as_bytes()?)?)),
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => Ok(Box::new(EddsaVerifier::new(key.try_get_as_bytes()?)?)),
        _ => Err(unsupported()),
    }
}

/// HMAC with SHA-256 under one key (RFC 7518, section 3.2); wiped when dropped.
struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(key: &[u8]) -> Result<Self, Error> {
        Hmac::new_from_slice(key).map(Self).map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        // Compares the whole tag in constant time.
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// Ed25519 (RFC 8037, section 3.1) under one seed; wiped when dropped.
struct EddsaSigner(SigningKey);

impl EddsaSigner {
    fn new(seed: &[u8]) -> Result<Self, Error> {
        SigningKey::try_from(seed).map(Self).map_err(|_| ErrorKind::InvalidEddsaKey.into())
    }
}

impl Signer<Vec<u8>> for EddsaSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let signature = self.0.try_sign(message).map_err(|_| signature::Error::new())?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl JwtSigner for EddsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// The check of such signatures, strict: one signature has one spelling, and keys under which everything verifies are
/// refused.
struct EddsaVerifier(VerifyingKey);

impl EddsaVerifier {
    fn new(public: &[u8]) -> Result<Self, Error> {
        VerifyingKey::try_from(public).map(Self).map_err(|_| ErrorKind::InvalidEddsaKey.into())
    }
}

impl Verifier<Vec<u8>> for EddsaVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        Signature::from_slice(signature)
            .and_then(|signature| self.0.verify_strict(message, &signature))
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for EddsaVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_is_no_error() {
        assert_eq!(ensure_installed(), Ok(()));
        assert_eq!(ensure_installed(), Ok(()));
    }

    #[test]
    fn no_other_algorithm_and_no_other_kind_of_key_is_served() {
        let bytes = [1; 32];
        let (secret, seed) = (EncodingKey::from_secret(&bytes), EncodingKey::from_ed_der(&bytes));
        let public = SigningKey::from_bytes(&bytes).verifying_key().to_bytes();
        let (shared, verifying) = (DecodingKey::from_secret(&bytes), DecodingKey::from_ed_der(&public));
        assert!(signer(&Algorithm::HS256, &secret).is_ok() && verifier(&Algorithm::HS256, &shared).is_ok());
        assert!(signer(&Algorithm::EdDSA, &seed).is_ok() && verifier(&Algorithm::EdDSA, &verifying).is_ok());
        assert!(signer(&Algorithm::EdDSA, &secret).is_err() && verifier(&Algorithm::EdDSA, &shared).is_err());
        assert!(
            signer(&Algorithm::HS256, &seed).is_err() && verifier(&Algorithm::HS256, &verifying).is_err()
        );
        for algorithm in [Algorithm::HS384, Algorithm::HS512, Algorithm::RS256, Algorithm::ES256] {
            assert!(
                signer(&algorithm, &secret).is_err() && signer(&algorithm, &seed).is_err(),
                "{algorithm:?}"
            );
        }
        assert!(signer(&Algorithm::HS256, &EncodingKey::from_rsa_der(&bytes)).is_err());
    }

    #[test]
    fn keys_of_another_length_and_points_that_are_none_are_refused() {
        for length in [0, 31, 33, 64] {
            assert!(
                signer(&Algorithm::EdDSA, &EncodingKey::from_ed_der(&vec![1; length])).is_err(),
                "{length}"
            );
            assert!(
                verifier(&Algorithm::EdDSA, &DecodingKey::from_ed_der(&vec![1; length])).is_err(),
                "{length}"
            );
        }
        let no_point =
            (0..=255_u8).map(|byte| [byte; 32]).find(|bytes| VerifyingKey::from_bytes(bytes).is_err());
        assert!(verifier(&Algorithm::EdDSA, &DecodingKey::from_ed_der(&no_point.unwrap())).is_err());
    }
}
