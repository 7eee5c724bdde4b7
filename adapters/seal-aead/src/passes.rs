//! The port [`Passes`].
//!
//! The text of a pass is the base64url (RFC 4648, section 5, without padding) of an envelope. Under the key lies always
//! the same number of bytes, `kind (1) · user id (16) · version (8) · expiry in milliseconds (8)`, so that the length of
//! a pass says nothing about it.

use crate::envelope::NONCE_BYTES;
use crate::vault::{Purpose, Vault, code_of};
use crate::{KeysRefused, SealingKey};
use data_encoding::BASE64URL_NOPAD;
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::secret::SecretText;
use epic_domain::user::Version;
use epic_outbound::entropy::Entropy;
use epic_outbound::passes::{Pass, PassError, PassKind, Passes};
use std::sync::Arc;

const PLAIN_BYTES: usize = 1 + 16 + 8 + 8;
const TAG_BYTES: usize = 16;
const KEY_ID_BYTES_MAX: usize = 32;
const ENVELOPE_BYTES_MAX: usize = 2 + KEY_ID_BYTES_MAX + NONCE_BYTES + PLAIN_BYTES + TAG_BYTES;

/// Characters of the longest pass there is; a longer text is refused unread.
pub const PASS_TEXT_MAX: usize = (ENVELOPE_BYTES_MAX * 4).div_ceil(3);

/// The port [`Passes`] over XChaCha20-Poly1305.
#[derive(Debug)]
pub struct AeadPasses {
    vault: Vault,
}

impl AeadPasses {
    /// Passes: the first of `keys` seals, all of them open. They may be the keys of the sealer.
    ///
    /// # Errors
    /// [`KeysRefused`] when there is no key, or when two have one id.
    pub fn new(keys: Vec<SealingKey>, entropy: Arc<dyn Entropy>) -> Result<Self, KeysRefused> {
        Ok(Self { vault: Vault::new(keys, entropy)? })
    }
}

impl Passes for AeadPasses {
    fn issue(&self, pass: &Pass) -> Result<SecretText, PassError> {
        let envelope = self.vault.seal(Purpose::Pass(pass.kind), &encode(pass)).map_err(PassError)?;
        Ok(SecretText::new(BASE64URL_NOPAD.encode(&envelope)))
    }

    fn read(&self, kind: PassKind, text: &str) -> Option<Pass> {
        if text.len() > PASS_TEXT_MAX {
            return None;
        }
        // Strict: no padding, no other alphabet, no stray bits, so a pass has one spelling.
        let envelope = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        decode(kind, &self.vault.open(Purpose::Pass(kind), &envelope).ok()?)
    }
}

fn encode(pass: &Pass) -> Vec<u8> {
    let parts: [&[u8]; 4] = [
        &[code_of(pass.kind)],
        pass.user_id.as_bytes(),
        &pass.version.number().to_be_bytes(),
        &pass.expires_at.as_millis().to_be_bytes(),
    ];
    parts.concat()
}

fn decode(kind: PassKind, plain: &[u8]) -> Option<Pass> {
    let (code, rest) = plain.split_first()?;
    let (user_id, rest) = rest.split_first_chunk::<16>()?;
    let (version, rest) = rest.split_first_chunk::<8>()?;
    let (expires_at, rest) = rest.split_first_chunk::<8>()?;
    (*code == code_of(kind) && rest.is_empty()).then(|| Pass {
        kind,
        user_id: UserId::from_bytes(*user_id),
        version: Version::from_number(u64::from_be_bytes(*version)),
        expires_at: Timestamp::from_millis(u64::from_be_bytes(*expires_at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_under_the_key_comes_back_and_nothing_else_is_read() {
        let pass = Pass {
            kind: PassKind::Recovery,
            user_id: UserId::from_bytes([7; 16]),
            version: Version::from_number(u64::MAX),
            expires_at: Timestamp::MAX,
        };
        let plain = encode(&pass);
        assert_eq!(plain.len(), PLAIN_BYTES);
        assert_eq!(decode(PassKind::Recovery, &plain), Some(pass));
        assert_eq!(decode(PassKind::KnownDevice, &plain), None);
        for length in 0..PLAIN_BYTES {
            assert_eq!(decode(PassKind::Recovery, &plain[..length]), None, "{length} bytes");
        }
        assert_eq!(decode(PassKind::Recovery, &[plain.as_slice(), &[0]].concat()), None);
    }
}
