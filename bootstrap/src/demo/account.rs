//! What a client makes for a new account before it says a word to the server.

use super::derivation::{PasswordKeys, derive};
use super::failure::DemoFailure;
use super::key_pairs::KeyPairs;
use super::wrapping::{Purpose, wrap};
use data_encoding::BASE64URL_NOPAD;
use epic_domain::secret::Secret;
use epic_domain::user::{KdfParameters, Username};
use epic_outbound::entropy::{Entropy, random_bytes};
use serde_json::{Value, json};

/// Bytes of a fresh salt.
const SALT_BYTES: usize = 16;

/// A new account on the client's side.
pub(super) struct NewAccount {
    pub(super) username: Username,
    pub(super) auth_salt: [u8; SALT_BYTES],
    pub(super) enc_salt: [u8; SALT_BYTES],
    pub(super) mek: Secret<32>,
    pub(super) pairs: KeyPairs,
    keys: PasswordKeys,
    encrypted_mek: Vec<u8>,
    encrypted_private_key: Vec<u8>,
}

/// Parameters as the API writes them.
fn kdf_json(kdf: &KdfParameters) -> Value {
    json!({
        "algorithm": "argon2id",
        "memory_kib": kdf.memory_kib(),
        "iterations": kdf.iterations(),
        "parallelism": kdf.parallelism(),
    })
}

/// Fresh random bytes.
pub(super) fn fresh<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], DemoFailure> {
    random_bytes(entropy).map_err(|error| DemoFailure::Local(error.to_string()))
}

/// Bytes as the API writes them.
pub(super) fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

impl NewAccount {
    pub(super) fn make(
        username: Username,
        password: &str,
        entropy: &dyn Entropy,
    ) -> Result<Self, DemoFailure> {
        let (auth_salt, enc_salt) = (fresh(entropy)?, fresh(entropy)?);
        let keys = derive(password, &auth_salt, &enc_salt, &KdfParameters::CLIENT_DEFAULT)?;
        let mek = Secret::new(fresh(entropy)?);
        let pairs = KeyPairs::new(Secret::new(fresh(entropy)?), Secret::new(fresh(entropy)?));
        let encrypted_mek = wrap(&keys.kek, mek.expose(), Purpose::MasterKey, &username, fresh(entropy)?)?;
        let private_halves = pairs.private_halves();
        let encrypted_private_key =
            wrap(&mek, &private_halves, Purpose::PrivateKeys, &username, fresh(entropy)?)?;
        Ok(Self { username, auth_salt, enc_salt, mek, pairs, keys, encrypted_mek, encrypted_private_key })
    }

    /// The body of the registration: nothing in it opens a file.
    pub(super) fn registration(&self) -> Value {
        json!({
            "username": self.username.as_str(),
            "auth_salt": text(&self.auth_salt),
            "enc_salt": text(&self.enc_salt),
            "kdf": kdf_json(&KdfParameters::CLIENT_DEFAULT),
            "auth_key": text(self.keys.auth_key.expose()),
            "encrypted_mek": text(&self.encrypted_mek),
            "public_key": text(&self.pairs.encryption_public()),
            "signing_key": text(&self.pairs.signing_public()),
            "encrypted_private_key": text(&self.encrypted_private_key),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_domain::user::{AuthKey, EncryptionPublicKey, SigningPublicKey, WrappedKey};
    use epic_system::SystemEntropy;

    #[test]
    fn a_registration_holds_what_the_server_takes_and_no_secret_but_the_auth_key() {
        let username = Username::parse("demo-1").unwrap();
        let account = NewAccount::make(username, "password", &SystemEntropy).unwrap();
        let body = account.registration();
        let bytes = |name: &str| BASE64URL_NOPAD.decode(body[name].as_str().unwrap().as_bytes()).unwrap();
        assert!(AuthKey::parse(&bytes("auth_key")).is_ok());
        assert!(EncryptionPublicKey::parse(&bytes("public_key")).is_ok());
        assert!(SigningPublicKey::parse(&bytes("signing_key")).is_ok());
        assert!(WrappedKey::parse(&bytes("encrypted_mek")).is_ok());
        assert!(WrappedKey::parse(&bytes("encrypted_private_key")).is_ok());
        for secret in [account.mek.expose(), account.keys.kek.expose()] {
            assert!(!body.to_string().contains(&text(secret)));
        }
        assert!(!body.to_string().contains("password"));
    }
}
