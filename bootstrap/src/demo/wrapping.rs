//! Wrapped keys: XChaCha20-Poly1305 with a random nonce before the ciphertext.

use super::failure::DemoFailure;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use epic_domain::secret::Secret;
use epic_domain::user::Username;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// What a wrapped key is for: one made for a purpose does not open for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The master key under the key-encryption key.
    MasterKey,
    /// The private keys under the master key.
    PrivateKeys,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::MasterKey => "mek",
            Self::PrivateKeys => "private-keys",
        }
    }
}

/// Names version, purpose and username; the zero byte is in neither, so no two differing triples are one text.
fn associated_data(purpose: Purpose, username: &Username) -> String {
    format!("epic/v1\0{}\0{username}", purpose.name())
}

/// Wraps `plain` under `key`. A nonce is never used twice: pass fresh random bytes.
pub(super) fn wrap(
    key: &Secret<32>,
    plain: &[u8],
    purpose: Purpose,
    username: &Username,
    nonce: [u8; NONCE_BYTES],
) -> Result<Vec<u8>, DemoFailure> {
    let aad = associated_data(purpose, username);
    let payload = Payload { msg: plain, aad: aad.as_bytes() };
    let sealed = XChaCha20Poly1305::new(key.expose().into())
        .encrypt(&nonce.into(), payload)
        .map_err(|_| DemoFailure::Local("a key could not be wrapped".to_owned()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens a wrapped key; `None` when it is not what was wrapped for this purpose and name under this key.
pub(super) fn unwrap(
    key: &Secret<32>,
    wrapped: &[u8],
    purpose: Purpose,
    username: &Username,
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>()?;
    let aad = associated_data(purpose, username);
    let payload = Payload { msg: sealed, aad: aad.as_bytes() };
    XChaCha20Poly1305::new(key.expose().into()).decrypt(&(*nonce).into(), payload).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_where_it_belongs_and_nowhere_else() {
        let (key, other_key) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let name = |text| Username::parse(text).unwrap();
        let wrapped = wrap(&key, b"secret", Purpose::MasterKey, &name("alice"), [3; NONCE_BYTES]).unwrap();
        let open = |key, purpose, username| unwrap(key, &wrapped, purpose, &name(username));
        assert_eq!(open(&key, Purpose::MasterKey, "alice").unwrap().as_slice(), b"secret");
        assert!(open(&other_key, Purpose::MasterKey, "alice").is_none());
        assert!(open(&key, Purpose::PrivateKeys, "alice").is_none());
        assert!(open(&key, Purpose::MasterKey, "bob").is_none());
        assert!(unwrap(&key, &wrapped[..10], Purpose::MasterKey, &name("alice")).is_none());
    }
}
