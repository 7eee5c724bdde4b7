//! From a password to the two keys a client needs (client protocol, version 1, steps 1 to 3).

use super::failure::DemoFailure;
use epic_domain::secret::Secret;
use epic_domain::user::KdfParameters;
use epic_hash_argon2::client_kdf::derive_root;
use hkdf::Hkdf;
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The keys that a password gives.
#[derive(Debug)]
pub(super) struct PasswordKeys {
    /// Proves the password; the server sees it.
    pub(super) auth_key: Secret<32>,
    /// Opens the master key; the server never sees it.
    pub(super) kek: Secret<32>,
}

/// Derives both keys. This is the slow step: 64 MiB and three passes by default.
pub(super) fn derive(
    password: &str,
    auth_salt: &[u8],
    enc_salt: &[u8],
    kdf: &KdfParameters,
) -> Result<PasswordKeys, DemoFailure> {
    let normal: Zeroizing<String> = Zeroizing::new(password.nfkc().collect());
    let root = derive_root(normal.as_bytes(), auth_salt, kdf)
        .map_err(|error| DemoFailure::Local(format!("Argon2id failed: {error}")))?;
    Ok(PasswordKeys {
        auth_key: expand(root.expose(), None, b"epic/v1/auth")?,
        kek: expand(root.expose(), Some(enc_salt), b"epic/v1/kek")?,
    })
}

fn expand(root: &[u8; 64], salt: Option<&[u8]>, info: &[u8]) -> Result<Secret<32>, DemoFailure> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(salt, root)
        .expand(info, key.as_mut_slice())
        .map_err(|_| DemoFailure::Local("HKDF failed".to_owned()))?;
    Ok(Secret::new(*key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXLOWER_PERMISSIVE;

    fn derived(password: &str, auth_salt: u8, enc_salt: u8) -> PasswordKeys {
        derive(password, &[auth_salt; 16], &[enc_salt; 16], &KdfParameters::FLOOR).unwrap()
    }

    #[test]
    fn spellings_of_one_password_give_one_key() {
        assert_eq!(
            derived("re\u{301}sume\u{301}", 1, 2).auth_key,
            derived("r\u{e9}sum\u{e9}", 1, 2).auth_key
        );
    }

    #[test]
    fn the_enc_salt_moves_the_kek_alone() {
        let (one, other) = (derived("password", 1, 2), derived("password", 1, 3));
        assert_eq!(one.auth_key, other.auth_key);
        assert_ne!(one.kek, other.kek);
        assert_ne!(one.auth_key, one.kek);
    }

    #[test]
    fn expansion_is_rfc_5869() {
        // Appendix A.1 has a key of 22 bytes; the extraction with its salt and the first 32 bytes of its output.
        let salt = HEXLOWER_PERMISSIVE.decode(b"000102030405060708090a0b0c").unwrap();
        let info = HEXLOWER_PERMISSIVE.decode(b"f0f1f2f3f4f5f6f7f8f9").unwrap();
        let mut output = [0; 42];
        Hkdf::<Sha256>::new(Some(&salt), &[0x0b; 22]).expand(&info, &mut output).unwrap();
        assert_eq!(
            HEXLOWER_PERMISSIVE.encode(&output),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }
}
