//! The answer for a username nobody has: salts that look like anyone's and never change.

use crate::secret::Secret;
use crate::user::{AuthSalt, EncSalt, KdfParameters, Salts, Username};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Makes the salts of unknown names: a keyed function of the canonical name, so that they are stable across
/// restarts, differ between names, and cannot be told from real ones without the key.
#[derive(Debug, Clone)]
pub struct DecoySalts {
    key: Secret<32>,
}

/// Bytes in a decoy salt: what the reference client draws for a real one.
const SALT_BYTES: usize = 16;

impl DecoySalts {
    /// Decoys under this key. The key must outlive restarts, or decoys would change and give themselves away.
    #[must_use]
    pub const fn new(key: Secret<32>) -> Self {
        Self { key }
    }

    /// The salts and parameters to answer for `username`.
    #[must_use]
    pub fn salts_for(&self, username: &Username) -> (Salts, KdfParameters) {
        let digest = self.digest(username);
        let (auth, rest) = digest.split_at(SALT_BYTES);
        let (enc, _) = rest.split_at(SALT_BYTES);
        (Salts::from_distinct(AuthSalt::decoy(auth), EncSalt::decoy(enc)), KdfParameters::CLIENT_DEFAULT)
    }

    fn digest(&self, username: &Username) -> [u8; 2 * SALT_BYTES] {
        // HMAC pads its key to a block with zeros (RFC 2104, section 2); done here, so that it cannot fail.
        let mut block = [0_u8; 64];
        for (padded, byte) in block.iter_mut().zip(self.key.expose()) {
            *padded = *byte;
        }
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(b"epic/v1/decoy-salts\0");
        mac.update(username.as_str().as_bytes());
        mac.finalize().into_bytes().into()
    }
}
