//! What the server's own secret does: nothing in the store can be guessed against without it.

use epic_domain::id::UserId;
use epic_domain::secret::Secret;
use epic_domain::user::{AuthKey, RecoveryCode, RecoveryCodeDigest};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Keys made from the pepper, ready for use; wiped when dropped.
pub(crate) struct Pepper {
    auth_keys: Hmac<Sha256>,
    recovery_codes: Hmac<Sha256>,
}

/// No auth key has this length, so the key it gives is unrelated to every peppered auth key.
const RECOVERY_LABEL: &[u8] = b"epic/v1/recovery-code";

impl Pepper {
    pub(crate) fn new(pepper: &Secret<32>) -> Self {
        let auth_keys = keyed(pepper.expose());
        let recovery_key: Zeroizing<[u8; 32]> =
            Zeroizing::new(auth_keys.clone().chain_update(RECOVERY_LABEL).finalize().into_bytes().into());
        Self { auth_keys, recovery_codes: keyed(&recovery_key) }
    }

    /// What Argon2 hashes.
    pub(crate) fn auth_key(&self, auth_key: &AuthKey) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.auth_keys.clone().chain_update(auth_key.expose()).finalize().into_bytes().into())
    }

    /// The digest of a user's recovery code. Both parts have fixed lengths, so no two pairs run together.
    pub(crate) fn recovery_code(&self, user_id: UserId, code: &RecoveryCode) -> RecoveryCodeDigest {
        let mac = self.recovery_codes.clone().chain_update(user_id.as_bytes()).chain_update(code.expose());
        RecoveryCodeDigest::from_bytes(mac.finalize().into_bytes().into())
    }
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key of half a block needs no hashing first: this is RFC 2104 with the key padded by zeros.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(padded, byte)| *padded = *byte);
    Hmac::new((&*block).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER;

    #[test]
    fn the_mac_is_hmac_sha256_of_the_key_as_it_is() {
        // RFC 4231, case 1, has a key of 20 bytes; zeros behind a key are the padding of RFC 2104.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let tag: [u8; 32] = keyed(&key).chain_update(b"Hi There").finalize().into_bytes().into();
        assert_eq!(HEXLOWER.encode(&tag), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_digest_is_bound_to_pepper_user_and_code() {
        let digest = |pepper: u8, user: u8, code: u8| {
            Pepper::new(&Secret::new([pepper; 32]))
                .recovery_code(UserId::from_bytes([user; 16]), &RecoveryCode::from_randomness(&[code; 12]))
        };
        assert_eq!(digest(1, 1, 1), digest(1, 1, 1));
        assert_ne!(digest(1, 1, 1), digest(2, 1, 1));
        assert_ne!(digest(1, 1, 1), digest(1, 2, 1));
        assert_ne!(digest(1, 1, 1), digest(1, 1, 2));
    }
}
