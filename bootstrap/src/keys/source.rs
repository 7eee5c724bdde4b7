//! The files of the keys' folder: read, or made where that may be.

use super::lines::{self, KEY_BYTES, LineRefused};
use super::private_file::{PrivateFileError, read_private, write_private};
use super::token_keys::{TokenAlgorithm, TokenKeys, TokenKeysRefused, parse_token_key_file};
use core::cell::Cell;
use epic_domain::key_id::KeyId;
use epic_domain::secret::{Secret, SecretText};
use epic_outbound::entropy::{Entropy, EntropyError, random_bytes};
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Why there are no keys to start with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A key file is gone though there is a database that needs it.
    #[error(
        "the key file {path} is missing although there is a database: restore it from a backup, or copy it from another node that serves from the same database. {loss}"
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// What losing it for good means.
        loss: &'static str,
    },
    /// A key file is not there though other nodes may have it: they must all have the same.
    #[error(
        "the key file {path} is missing: copy it from another node that serves from the same database. If none has it, make it on one by `epic-server keys make` and copy it to all"
    )]
    NotShared {
        /// The file.
        path: PathBuf,
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
    /// A token key file holds keys that are refused.
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
    /// The database is used with other keys.
    #[error(
        "the database is used with other keys than those in the data folder: copy the folder keys of a node that serves from it"
    )]
    OfAnotherDatabase,
    /// No randomness to make keys from.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// What depends on the keys of a server already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependents {
    /// Nothing yet: whatever is missing is made.
    Nothing,
    /// A database of this server's alone.
    OwnDatabase,
    /// A database from which other nodes serve, too: nothing is made here that they would lack.
    SharedDatabase,
}

/// A key file: its name, and what becomes of a server without it.
pub(super) struct KeyFile {
    name: &'static str,
    absence: Absence,
}

/// What becomes of a server that has a database and not the file.
enum Absence {
    /// It does not start; this says what losing the file for good means.
    Loss(&'static str),
    /// It makes the file: nothing in the database depends on it.
    Fresh,
}

pub(super) const TOKEN_KEYS: KeyFile = KeyFile {
    name: "token-keys",
    absence: Absence::Loss(
        "If it is lost or was never made, write a line kid:base64url of 32 random bytes into a new one, or set \
         EPIC_TOKEN_KEYS: everybody has to sign in again.",
    ),
};
pub(super) const PEPPER: KeyFile = KeyFile {
    name: "pepper",
    absence: Absence::Loss("Without it no password and no recovery code of any account fits again."),
};
pub(super) const SEALING_KEYS: KeyFile = KeyFile {
    name: "sealing-keys",
    absence: Absence::Loss("Without it no authenticator of any account works again."),
};
pub(super) const DECOY_KEY: KeyFile = KeyFile {
    name: "decoy-key",
    absence: Absence::Loss(
        "If it is lost, write 32 random bytes in base64url into a new one: the salts of names that nobody has \
         change once, which tells those who asked before that nobody has them.",
    ),
};
/// Key pairs in place of the secrets in `token-keys`. A server that changes over to them has a database already.
pub(super) const EDDSA_TOKEN_KEYS: KeyFile =
    KeyFile { name: "token-signing-keys-ed25519", absence: Absence::Fresh };
/// Servers of earlier versions have a database and no such keys. Heads that a lost key has signed cannot be checked by
/// this server any more; everything else goes on.
pub(super) const AUDIT_SIGNING_KEYS: KeyFile =
    KeyFile { name: "audit-signing-keys", absence: Absence::Fresh };

/// Named keys of a file that may be missing: none then. Nothing is made.
pub(super) fn named_if_there<K>(
    folder: &Path,
    file: &KeyFile,
    make: impl Fn(KeyId, &Secret<KEY_BYTES>) -> K,
) -> Result<Vec<K>, KeysError> {
    let path = folder.join(file.name);
    match read_private(&path) {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(text)) => {
            lines::named_keys(text.expose(), make).map_err(|error| KeysError::Malformed { path, error })
        }
        Err(error) => Err(KeysError::File { path, error }),
    }
}

/// Where keys come from.
pub(super) struct KeySource<'a> {
    folder: &'a Path,
    dependents: Dependents,
    entropy: &'a dyn Entropy,
    has_made: Cell<bool>,
}

impl<'a> KeySource<'a> {
    pub(super) const fn new(folder: &'a Path, dependents: Dependents, entropy: &'a dyn Entropy) -> Self {
        Self { folder, dependents, entropy, has_made: Cell::new(false) }
    }

    /// Whether a file was made that may not survive a power cut yet.
    pub(super) const fn has_made(&self) -> bool {
        self.has_made.get()
    }

    pub(super) fn token_keys(&self, algorithm: TokenAlgorithm) -> Result<TokenKeys, KeysError> {
        let file = match algorithm {
            TokenAlgorithm::Hs256 => &TOKEN_KEYS,
            TokenAlgorithm::Eddsa => &EDDSA_TOKEN_KEYS,
        };
        let text = self.text(file, Self::fresh_line)?;
        parse_token_key_file(algorithm, text.expose())
            .map_err(|error| KeysError::TokenKeys { path: self.path(file), error })
    }

    /// Named keys, one a line, as `make` takes them.
    pub(super) fn named<K>(
        &self,
        file: &KeyFile,
        make: impl Fn(KeyId, &Secret<KEY_BYTES>) -> K,
    ) -> Result<Vec<K>, KeysError> {
        let text = self.text(file, Self::fresh_line)?;
        lines::named_keys(text.expose(), make)
            .map_err(|error| KeysError::Malformed { path: self.path(file), error })
    }

    pub(super) fn single(&self, file: &KeyFile) -> Result<Secret<KEY_BYTES>, KeysError> {
        let text = self.text(file, Self::fresh_key)?;
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
        match (&file.absence, self.dependents) {
            (_, Dependents::Nothing) | (Absence::Fresh, Dependents::OwnDatabase) => {}
            (Absence::Loss(loss), _) => return Err(KeysError::Missing { path: self.path(file), loss }),
            (Absence::Fresh, Dependents::SharedDatabase) => {
                return Err(KeysError::NotShared { path: self.path(file) });
            }
        }
        let text = fresh(self)?;
        write_private(self.folder, file.name, &text).map_err(|error| refused(error.into()))?;
        self.has_made.set(true);
        if self.dependents != Dependents::Nothing {
            let path = self.path(file).display().to_string();
            tracing::warn!(
                path,
                "a key file was not there and was made: if it was lost, restore it from a backup"
            );
        }
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
