//! A client's two key pairs: X25519 (RFC 7748) to be written to, Ed25519 (RFC 8032) to sign.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::montgomery::MontgomeryPoint;
use epic_domain::secret::Secret;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

/// Both pairs; the private halves are 32 random bytes each.
#[derive(Debug)]
pub(super) struct KeyPairs {
    encryption: Secret<32>,
    signing: Secret<32>,
}

impl KeyPairs {
    pub(super) const fn new(encryption: Secret<32>, signing: Secret<32>) -> Self {
        Self { encryption, signing }
    }

    /// The public half that others encrypt to.
    pub(super) fn encryption_public(&self) -> [u8; 32] {
        MontgomeryPoint::mul_base_clamped(*self.encryption.expose()).to_bytes()
    }

    /// The public half that others verify with (RFC 8032, section 5.1.5).
    pub(super) fn signing_public(&self) -> [u8; 32] {
        let digest: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(self.signing.expose()).into());
        let mut scalar = Zeroizing::new([0; 32]);
        scalar.iter_mut().zip(digest.iter()).for_each(|(scalar, byte)| *scalar = *byte);
        EdwardsPoint::mul_base_clamped(*scalar).compress().to_bytes()
    }

    /// Both private halves, one after the other, as they are wrapped.
    pub(super) fn private_halves(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.encryption.expose().as_slice(), self.signing.expose()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    fn secret(hex: &str) -> Secret<32> {
        Secret::from_slice(&HEXLOWER.decode(hex.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn public_halves_are_those_of_the_rfcs() {
        // RFC 7748, section 6.1 (Alice), and RFC 8032, section 7.1, test 1.
        let pairs = KeyPairs::new(
            secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"),
            secret("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
        );
        assert_eq!(
            HEXLOWER.encode(&pairs.encryption_public()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
        );
        assert_eq!(
            HEXLOWER.encode(&pairs.signing_public()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }
}
