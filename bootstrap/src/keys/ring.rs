//! All keys of a server, read from their folder or made there.

use super::lines::{self, KEY_BYTES, LineRefused};
use super::private_file::{
    PrivateFileError, create_private_folder, read_private, sync_folder, write_private,
};
use super::token_keys::{TokenKeysRefused, parse_token_key_file};
use epic_domain::secret::{Secret, SecretText};
use epic_outbound::entropy::{Entropy, EntropyError, random_bytes};
use epic_seal_aead::SealingKey;
use epic_token_jwt::Keyring;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The keys' folder within the data folder.
#[must_use]
pub fn folder_of(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// All keys of a server.
#[derive(Debug)]
pub struct KeyRing {
    /// Sign and verify tokens.
    pub token_keys: Keyring,
    /// Goes into every hash of an auth key and digest of a recovery code.
    pub pepper: Secret<KEY_BYTES>,
    /// Seal secrets at rest; the first seals, all open.
    pub sealing_keys: Vec<SealingKey>,
    /// Makes the salts of unknown names.
    pub decoy_key: Secret<KEY_BYTES>,
}

/// Why there are no keys to start with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key file is gone though there is a database that needs it.
    #[error("the key file {path} is missing although there is a database: restore it from a backup. {loss}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What losing it for good means.
        loss: &'static str,
    },
    /// A key file cannot be used.
    #[error("the key file {path} cannot be used: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: PrivateFileError,
    },
    /// A key file does not hold what it should.
    #[error("the key file {path} {error}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The rule it breaks.
        error: LineRefused,
    },
    /// The token key file holds keys that are refused.
    #[error("the key file {path} {error}")]
    TokenKeys {
        /// The file.
        path: PathBuf,
        /// The rule it breaks.
        error: TokenKeysRefused,
    },
    /// The folder cannot be used.
    #[error("the key folder {path} cannot be used: {error}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process is starting there.
    #[error("the data folder is in use by another process")]
    InUse,
    /// No randomness to make keys from.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// A key file: its name, and what to say when it is lost.
struct KeyFile {
    name: &'static str,
    loss: &'static str,
}

const TOKEN_KEYS: KeyFile = KeyFile {
    name: "token-keys",
    loss: "If it is lost, write a line kid:base64url of 32 random bytes into a new one, or set EPIC_TOKEN_KEYS: \
           everybody has to sign in again.",
};
const PEPPER: KeyFile = KeyFile {
    name: "pepper",
    loss: "Without it no password and no recovery code of any account fits again.",
};
const SEALING_KEYS: KeyFile =
    KeyFile { name: "sealing-keys", loss: "Without it no authenticator of any account works again." };
const DECOY_KEY: KeyFile = KeyFile {
    name: "decoy-key",
    loss: "If it is lost, write 32 random bytes in base64url into a new one: the salts of names that nobody has \
           change once, which tells those who asked before that nobody has them.",
};

impl KeyRing {
    /// Reads the keys of the server whose data lies in `data_dir`. Where there is no database yet, missing keys are
    /// made; where there is one, they are missed. `token_keys` take the place of the file of token keys.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn load_or_create(
        data_dir: &Path,
        token_keys: Option<Keyring>,
        database_exists: bool,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeysError> {
        let folder = folder_of(data_dir);
        let in_folder = |error| KeysError::Folder { path: folder.clone(), error };
        create_private_folder(&folder).map_err(in_folder)?;
        // Held while keys are made, so that two first starts do not make two sets; the kernel gives it back.
        let lock = File::open(&folder).map_err(in_folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(KeysError::InUse),
            Err(TryLockError::Error(error)) => return Err(in_folder(error)),
        }
        let source = KeySource { folder: &folder, may_create: !database_exists, entropy };
        let token_keys = match token_keys {
            Some(given) => given,
            None => source.token_keys()?,
        };
        let keys = Self {
            token_keys,
            pepper: source.single(&PEPPER)?,
            sealing_keys: source.sealing_keys()?,
            decoy_key: source.single(&DECOY_KEY)?,
        };
        if source.may_create {
            // Once for all of them, and before a database comes to need them.
            sync_folder(&folder).map_err(in_folder)?;
        }
        Ok(keys)
    }
}

/// Where keys come from.
struct KeySource<'a> {
    folder: &'a Path,
    may_create: bool,
    entropy: &'a dyn Entropy,
}

impl KeySource<'_> {
    fn token_keys(&self) -> Result<Keyring, KeysError> {
        let text = self.text(&TOKEN_KEYS, |source| source.fresh_line())?;
        parse_token_key_file(text.expose())
            .map_err(|error| KeysError::TokenKeys { path: self.path(&TOKEN_KEYS), error })
    }

    fn sealing_keys(&self) -> Result<Vec<SealingKey>, KeysError> {
        let text = self.text(&SEALING_KEYS, |source| source.fresh_line())?;
        let keys = lines::named_lines(text.expose()).and_then(|entries| {
            entries
                .into_iter()
                .map(|(id, key)| Ok(SealingKey::new(id, &lines::decode(key)?)))
                .collect::<Result<Vec<_>, _>>()
        });
        keys.map_err(|error| KeysError::Malformed { path: self.path(&SEALING_KEYS), error })
    }

    fn single(&self, file: &KeyFile) -> Result<Secret<KEY_BYTES>, KeysError> {
        let text = self.text(file, |source| source.fresh_key())?;
        lines::single(text.expose()).map_err(|error| KeysError::Malformed { path: self.path(file), error })
    }

    /// The file's text, or a fresh one that is in the file by now.
    fn text(
        &self,
        file: &KeyFile,
        fresh: impl FnOnce(&Self) -> Result<SecretText, EntropyError>,
    ) -> Result<SecretText, KeysError> {
        let refused = |error| KeysError::File { path: self.path(file), error };
        if let Some(text) = read_private(&self.path(file)).map_err(refused)? {
            return Ok(text);
        }
        if !self.may_create {
            return Err(KeysError::Missing { path: self.path(file), loss: file.loss });
        }
        let text = fresh(self)?;
        write_private(self.folder, file.name, &text).map_err(|error| refused(error.into()))?;
        Ok(text)
    }

    fn path(&self, file: &KeyFile) -> PathBuf {
        self.folder.join(file.name)
    }

    /// A key without a name, as a file's text.
    fn fresh_key(&self) -> Result<SecretText, EntropyError> {
        let bytes: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(random_bytes(self.entropy)?);
        let key = lines::encode(&bytes);
        Ok(SecretText::new(format!("{}\n", key.expose())))
    }

    /// A key with a fresh name, as a file's text.
    fn fresh_line(&self) -> Result<SecretText, EntropyError> {
        let name: [u8; 4] = random_bytes(self.entropy)?;
        let key = self.fresh_key()?;
        Ok(SecretText::new(format!("k{:08x}:{}", u32::from_be_bytes(name), key.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use epic_system::SystemEntropy;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    const FILES: [&str; 4] = ["token-keys", "pepper", "sealing-keys", "decoy-key"];

    fn load(data_dir: &Path, database_exists: bool) -> Result<KeyRing, KeysError> {
        KeyRing::load_or_create(data_dir, None, database_exists, &SystemEntropy)
    }

    fn texts(data_dir: &Path) -> Vec<String> {
        FILES.iter().map(|name| fs::read_to_string(folder_of(data_dir).join(name)).unwrap()).collect()
    }

    #[test]
    fn the_first_start_makes_private_keys_and_the_next_ones_keep_them() {
        let data = tempfile::tempdir().unwrap();
        let first = load(data.path(), false).unwrap();
        assert_eq!(fs::metadata(folder_of(data.path())).unwrap().mode() & 0o777, 0o700);
        for name in FILES {
            assert_eq!(
                fs::metadata(folder_of(data.path()).join(name)).unwrap().mode() & 0o777,
                0o600,
                "{name}"
            );
        }
        let before = texts(data.path());
        let second = load(data.path(), true).unwrap();
        assert_eq!(texts(data.path()), before);
        assert_eq!((first.pepper, first.decoy_key), (second.pepper, second.decoy_key));
    }

    #[test]
    fn no_two_keys_and_no_two_servers_have_the_same() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        load(one.path(), false).unwrap();
        load(other.path(), false).unwrap();
        let mut all = [texts(one.path()), texts(other.path())].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 2 * FILES.len());
    }

    #[test]
    fn a_start_that_was_cut_off_before_the_database_goes_on() {
        let data = tempfile::tempdir().unwrap();
        load(data.path(), false).unwrap();
        fs::remove_file(folder_of(data.path()).join("sealing-keys")).unwrap();
        let pepper = fs::read_to_string(folder_of(data.path()).join("pepper")).unwrap();
        load(data.path(), false).unwrap();
        assert_eq!(texts(data.path())[1], pepper);
    }

    #[test]
    fn a_key_that_a_database_needs_is_missed_by_name() {
        for name in FILES {
            let data = tempfile::tempdir().unwrap();
            load(data.path(), false).unwrap();
            fs::remove_file(folder_of(data.path()).join(name)).unwrap();
            let error = load(data.path(), true).unwrap_err();
            assert!(matches!(error, KeysError::Missing { .. }), "{error}");
            assert!(error.to_string().contains(name), "{error}");
            assert!(!folder_of(data.path()).join(name).exists(), "nothing takes its place");
        }
    }

    #[test]
    fn an_exposed_or_malformed_file_is_refused_without_its_content() {
        for name in FILES {
            let data = tempfile::tempdir().unwrap();
            load(data.path(), false).unwrap();
            let path = folder_of(data.path()).join(name);
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(load(data.path(), true), Err(KeysError::File { .. })), "{name}");
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            for content in ["", "hunter2", "k1:hunter2", "k1:hunter2\nk1:hunter2"] {
                fs::write(&path, content).unwrap();
                let error = load(data.path(), true).unwrap_err();
                assert!(
                    error.to_string().contains(name) && !error.to_string().contains("hunter2"),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn given_token_keys_need_no_file() {
        let data = tempfile::tempdir().unwrap();
        let given = crate::keys::parse_token_keys("k1:7TOiyW6vJbQ4hWBsMkdSVwd2LZeY1fUz0VPnwjXJEGo").unwrap();
        KeyRing::load_or_create(data.path(), Some(given), false, &SystemEntropy).unwrap();
        assert!(!folder_of(data.path()).join("token-keys").exists());
    }

    #[test]
    fn i09_a_second_process_that_is_starting_keeps_out() {
        let data = tempfile::tempdir().unwrap();
        load(data.path(), false).unwrap();
        let other = File::open(folder_of(data.path())).unwrap();
        other.try_lock().unwrap();
        assert!(matches!(load(data.path(), true), Err(KeysError::InUse)));
        drop(other);
        assert!(load(data.path(), true).is_ok());
    }
}
