//! The public halves of a user's key pairs.

use crate::Invalid;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::montgomery::MontgomeryPoint;
use sha2::{Digest, Sha256};

const LENGTH: Invalid = Invalid::new("invalid_length", "must be exactly 32 bytes");

/// An X25519 public key (RFC 7748) that others encrypt to. Low-order points are refused: with one, every shared
/// secret would be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncryptionPublicKey([u8; 32]);

impl EncryptionPublicKey {
    /// Parses a public key.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_length` or `low_order_point`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| LENGTH)?;
        // A clamped scalar is a multiple of the cofactor, so it sends exactly the low-order points to zero
        // (RFC 7748, section 6.1); which clamped scalar does not matter.
        if MontgomeryPoint(bytes).mul_clamped([1; 32]) == MontgomeryPoint([0; 32]) {
            return Err(Invalid::new("low_order_point", "must not be a low-order point"));
        }
        Ok(Self(bytes))
    }

    /// The key that a store holds: these bytes were parsed before they were stored, and the check, a scalar
    /// multiplication, is not repeated at each read.
    #[must_use]
    pub const fn from_stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// An Ed25519 public key (RFC 8032) that others verify with. Encodings of no point and low-order points are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningPublicKey([u8; 32]);

impl SigningPublicKey {
    /// Parses a public key.
    ///
    /// # Errors
    /// [`Invalid`] with `invalid_length`, `not_a_point` or `low_order_point`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| LENGTH)?;
        let point = CompressedEdwardsY(bytes)
            .decompress()
            .ok_or(Invalid::new("not_a_point", "must be the encoding of an Ed25519 point"))?;
        if point.is_small_order() {
            return Err(Invalid::new("low_order_point", "must not be a low-order point"));
        }
        Ok(Self(bytes))
    }

    /// The key that a store holds: these bytes were parsed before they were stored.
    #[must_use]
    pub const fn from_stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Names a pair of public keys: the first sixteen bytes of a labelled SHA-256 over both.
#[must_use]
pub fn key_pair_id(public_key: &EncryptionPublicKey, signing_key: &SigningPublicKey) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(b"epic/v1/key-id\0");
    hasher.update(public_key.0);
    hasher.update(signing_key.0);
    let digest: [u8; 32] = hasher.finalize().into();
    let mut id = [0; 16];
    for (byte, digest_byte) in id.iter_mut().zip(digest) {
        *byte = digest_byte;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_COMPRESSED, EIGHT_TORSION, X25519_BASEPOINT};

    #[test]
    fn honest_keys_pass() {
        assert!(EncryptionPublicKey::parse(&X25519_BASEPOINT.0).is_ok());
        assert!(SigningPublicKey::parse(&ED25519_BASEPOINT_COMPRESSED.0).is_ok());
    }

    #[test]
    fn every_low_order_point_is_refused() {
        for point in EIGHT_TORSION {
            assert_eq!(
                SigningPublicKey::parse(&point.compress().0).map_err(|e| e.code()),
                Err("low_order_point")
            );
            assert_eq!(
                EncryptionPublicKey::parse(&point.to_montgomery().0).map_err(|e| e.code()),
                Err("low_order_point")
            );
        }
    }

    #[test]
    fn a_low_order_point_in_a_non_canonical_encoding_is_refused_too() {
        let mut p = [0xFF_u8; 32];
        p[0] = 0xED;
        p[31] = 0x7F;
        assert!(EncryptionPublicKey::parse(&p).is_err(), "p itself is zero");
        p[31] = 0xFF;
        assert!(EncryptionPublicKey::parse(&p).is_err(), "the top bit is ignored by X25519");
    }

    #[test]
    fn bytes_that_are_no_point_are_no_signing_key() {
        let mut bytes = [0_u8; 32];
        bytes[0] = 2;
        assert_eq!(SigningPublicKey::parse(&bytes).map_err(|e| e.code()), Err("not_a_point"));
    }
}
