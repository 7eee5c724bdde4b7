//! All keys of a server, read from their folder or made there.

use super::lines::KEY_BYTES;
use super::private_file::{create_private_folder, sync_folder};
use super::source::{
    AUDIT_SIGNING_KEYS, DECOY_KEY, Dependents, KeySource, KeysError, PEPPER, SEALING_KEYS, named_if_there,
};
use super::token_keys::{TokenKeySource, TokenKeys};
use epic_domain::secret::Secret;
use epic_outbound::entropy::Entropy;
use epic_seal_aead::SealingKey;
use epic_sign_ed25519::HeadKey;
use hkdf::Hkdf;
use sha2::Sha256;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The keys' folder within the data folder.
#[must_use]
pub fn folder_of(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// All keys of a server.
#[derive(Debug)]
pub struct KeyRing {
    /// Sign and verify tokens.
    pub token_keys: TokenKeys,
    /// Goes into every hash of an auth key and digest of a recovery code.
    pub pepper: Secret<KEY_BYTES>,
    /// Seal secrets at rest; the first seals, all open.
    pub sealing_keys: Vec<SealingKey>,
    /// Sign where the audit log stands; the first signs, all check.
    pub audit_signing_keys: Vec<HeadKey>,
    /// Makes the salts of unknown names.
    pub decoy_key: Secret<KEY_BYTES>,
}

impl KeyRing {
    /// Reads the keys of the server whose data lies in `data_dir`. Where nothing depends on them yet, missing keys are
    /// made; where there is a database, those on which it depends are missed. Keys that were given take the place of the file
    /// of token keys.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn load_or_create(
        data_dir: &Path,
        token_keys: TokenKeySource,
        dependents: Dependents,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeysError> {
        let folder = folder_of(data_dir);
        let in_folder = |error| KeysError::Folder { path: folder.clone(), error };
        create_private_folder(&folder).map_err(in_folder)?;
        // Held while keys are made, so that two first starts do not make two sets; the kernel gives it back. Nodes that share
        // the folder and start together wait for each other.
        let lock = File::open(&folder).map_err(in_folder)?;
        lock.lock().map_err(in_folder)?;
        let source = KeySource::new(&folder, dependents, entropy);
        let token_keys = match token_keys {
            TokenKeySource::Given(given) => *given,
            TokenKeySource::File(algorithm) => source.token_keys(algorithm)?,
        };
        let keys = Self {
            token_keys,
            pepper: source.single(&PEPPER)?,
            sealing_keys: source.named(&SEALING_KEYS, SealingKey::new)?,
            audit_signing_keys: source.named(&AUDIT_SIGNING_KEYS, HeadKey::new)?,
            decoy_key: source.single(&DECOY_KEY)?,
        };
        if source.has_made() {
            // Once for all of them, and before a database comes to need them.
            sync_folder(&folder).map_err(in_folder)?;
        }
        Ok(keys)
    }

    /// Makes the keys of a new installation, for nodes that are given them. Where there are keys it makes none; they are to be
    /// whole then.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn make(
        data_dir: &Path,
        token_keys: TokenKeySource,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeysError> {
        let folder = folder_of(data_dir);
        let has_some = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        let dependents = if has_some { Dependents::OwnDatabase } else { Dependents::Nothing };
        Self::load_or_create(data_dir, token_keys, dependents, entropy)
    }

    /// Under which a shared limiter knows addresses and names: the same on all nodes that serve from one database, since they
    /// have the same pepper.
    #[must_use]
    pub fn limiter_key(&self) -> Secret<KEY_BYTES> {
        Secret::new(Hkdf::<Sha256>::extract(Some(b"epic/v1/limiter-key"), self.pepper.expose()).0.into())
    }

    /// What says, without telling anything about the keys, whether two rings go with the same database: the pepper, since
    /// it is the one key that can never be replaced. The first step of HKDF with SHA-256 (RFC 5869, section 2.2).
    #[must_use]
    pub fn mark(&self) -> [u8; 32] {
        Hkdf::<Sha256>::extract(Some(b"epic/v1/key-mark"), self.pepper.expose()).0.into()
    }
}

/// The keys by which signed heads of the audit log are checked; none where no server has made any yet.
///
/// # Errors
/// [`KeysError`] when their file cannot be used.
pub fn read_audit_signing_keys(data_dir: &Path) -> Result<Vec<HeadKey>, KeysError> {
    named_if_there(&folder_of(data_dir), &AUDIT_SIGNING_KEYS, HeadKey::new)
}

#[cfg(test)]
mod tests {
    use super::Dependents::{Nothing, OwnDatabase, SharedDatabase};
    use super::*;
    use crate::keys::{TokenAlgorithm, parse_token_keys};
    use epic_system::SystemEntropy;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    /// Files on which a database depends.
    const NEEDED: [&str; 4] = ["token-keys", "pepper", "sealing-keys", "decoy-key"];
    const FILES: [&str; 5] = ["token-keys", "pepper", "sealing-keys", "decoy-key", "audit-signing-keys"];

    const EDDSA_FILE: &str = "token-signing-keys-ed25519";

    fn load(data_dir: &Path, dependents: Dependents) -> Result<KeyRing, KeysError> {
        load_with(data_dir, TokenAlgorithm::Hs256, dependents)
    }

    fn load_with(
        data_dir: &Path,
        algorithm: TokenAlgorithm,
        dependents: Dependents,
    ) -> Result<KeyRing, KeysError> {
        let token_keys = TokenKeySource::File(algorithm);
        KeyRing::load_or_create(data_dir, token_keys, dependents, &SystemEntropy)
    }

    fn texts(data_dir: &Path) -> Vec<String> {
        FILES.iter().map(|name| fs::read_to_string(folder_of(data_dir).join(name)).unwrap()).collect()
    }

    #[test]
    fn the_first_start_makes_private_keys_and_the_next_ones_keep_them() {
        let data = tempfile::tempdir().unwrap();
        let first = load(data.path(), Nothing).unwrap();
        assert_eq!(fs::metadata(folder_of(data.path())).unwrap().mode() & 0o777, 0o700);
        for name in FILES {
            assert_eq!(
                fs::metadata(folder_of(data.path()).join(name)).unwrap().mode() & 0o777,
                0o600,
                "{name}"
            );
        }
        let before = texts(data.path());
        let second = load(data.path(), OwnDatabase).unwrap();
        assert_eq!(texts(data.path()), before);
        assert_eq!((first.pepper, first.decoy_key), (second.pepper, second.decoy_key));
    }

    #[test]
    fn no_two_keys_and_no_two_servers_have_the_same() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        load(one.path(), Nothing).unwrap();
        load(other.path(), Nothing).unwrap();
        let mut all = [texts(one.path()), texts(other.path())].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 2 * FILES.len());
    }

    #[test]
    fn a_start_that_was_cut_off_before_the_database_goes_on() {
        let data = tempfile::tempdir().unwrap();
        load(data.path(), Nothing).unwrap();
        fs::remove_file(folder_of(data.path()).join("sealing-keys")).unwrap();
        let pepper = fs::read_to_string(folder_of(data.path()).join("pepper")).unwrap();
        load(data.path(), Nothing).unwrap();
        assert_eq!(texts(data.path())[1], pepper);
    }

    #[test]
    fn a_key_that_a_database_needs_is_missed_by_name() {
        for name in NEEDED {
            let data = tempfile::tempdir().unwrap();
            load(data.path(), Nothing).unwrap();
            fs::remove_file(folder_of(data.path()).join(name)).unwrap();
            let error = load(data.path(), OwnDatabase).unwrap_err();
            assert!(matches!(error, KeysError::Missing { .. }), "{error}");
            assert!(error.to_string().contains(name), "{error}");
            assert!(!folder_of(data.path()).join(name).exists(), "nothing takes its place");
        }
    }

    #[test]
    fn an_exposed_or_malformed_file_is_refused_without_its_content() {
        for name in FILES {
            let data = tempfile::tempdir().unwrap();
            load(data.path(), Nothing).unwrap();
            let path = folder_of(data.path()).join(name);
            fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(load(data.path(), OwnDatabase), Err(KeysError::File { .. })), "{name}");
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            for content in ["", "hunter2", "k1:hunter2", "k1:hunter2\nk1:hunter2"] {
                fs::write(&path, content).unwrap();
                let error = load(data.path(), OwnDatabase).unwrap_err();
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
        for algorithm in [TokenAlgorithm::Hs256, TokenAlgorithm::Eddsa] {
            let text = "k1:7TOiyW6vJbQ4hWBsMkdSVwd2LZeY1fUz0VPnwjXJEGo";
            let given = TokenKeySource::Given(Box::new(parse_token_keys(algorithm, text).unwrap()));
            KeyRing::load_or_create(data.path(), given, Nothing, &SystemEntropy).unwrap();
        }
        for name in ["token-keys", EDDSA_FILE] {
            assert!(!folder_of(data.path()).join(name).exists(), "{name}");
        }
    }

    #[test]
    fn first_starts_at_one_moment_make_one_set_of_keys() {
        for _ in 0..20 {
            let data = tempfile::tempdir().unwrap();
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    let data = data.path().to_owned();
                    std::thread::spawn(move || load(&data, Nothing).unwrap().mark())
                })
                .collect();
            let marks: Vec<_> = starts.into_iter().map(|start| start.join().unwrap()).collect();
            assert!(marks.iter().all(|mark| *mark == marks[0]));
        }
    }

    #[test]
    fn keys_are_made_once_and_a_part_of_them_is_no_set() {
        let data = tempfile::tempdir().unwrap();
        let make = || KeyRing::make(data.path(), TokenKeySource::File(TokenAlgorithm::Hs256), &SystemEntropy);
        let made = make().unwrap().mark();
        assert_eq!(make().unwrap().mark(), made);
        fs::remove_file(folder_of(data.path()).join("sealing-keys")).unwrap();
        assert!(matches!(make(), Err(KeysError::Missing { .. })));
    }

    #[test]
    fn keys_that_no_database_depends_on_are_made_beside_one_and_kept() {
        let data = tempfile::tempdir().unwrap();
        load(data.path(), Nothing).unwrap();
        let path = folder_of(data.path()).join("audit-signing-keys");
        fs::remove_file(&path).unwrap();
        let made = load(data.path(), OwnDatabase).unwrap().audit_signing_keys[0].public();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(load(data.path(), OwnDatabase).unwrap().audit_signing_keys[0].public(), made);
        assert_eq!(read_audit_signing_keys(data.path()).unwrap()[0].public(), made);
    }

    /// Each would have others: their tokens, and the heads that they have signed, could not be checked by the rest.
    #[test]
    fn where_nodes_share_a_database_no_key_is_made_on_one_of_them() {
        let data = tempfile::tempdir().unwrap();
        load(data.path(), Nothing).unwrap();
        load(data.path(), SharedDatabase).unwrap();
        let refused = load_with(data.path(), TokenAlgorithm::Eddsa, SharedDatabase).unwrap_err();
        assert!(
            refused.to_string().contains(EDDSA_FILE) && refused.to_string().contains("keys make"),
            "{refused}"
        );
        fs::remove_file(folder_of(data.path()).join("audit-signing-keys")).unwrap();
        assert!(matches!(load(data.path(), SharedDatabase), Err(KeysError::NotShared { .. })));
        for name in ["audit-signing-keys", EDDSA_FILE] {
            assert!(!folder_of(data.path()).join(name).exists(), "{name}");
        }
        KeyRing::make(data.path(), TokenKeySource::File(TokenAlgorithm::Eddsa), &SystemEntropy).unwrap();
        load_with(data.path(), TokenAlgorithm::Eddsa, SharedDatabase).unwrap();
    }

    #[test]
    fn looking_at_the_audit_signing_keys_makes_none() {
        let data = tempfile::tempdir().unwrap();
        assert!(read_audit_signing_keys(data.path()).unwrap().is_empty());
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_algorithm_chooses_the_file_and_a_change_of_it_makes_the_other() {
        let data = tempfile::tempdir().unwrap();
        let keys = load_with(data.path(), TokenAlgorithm::Eddsa, Nothing).unwrap();
        assert!(matches!(keys.token_keys, TokenKeys::Eddsa(_)));
        assert!(!folder_of(data.path()).join("token-keys").exists());

        let data = tempfile::tempdir().unwrap();
        let keys = load(data.path(), Nothing).unwrap();
        assert!(matches!(keys.token_keys, TokenKeys::Hs256(_)));
        assert!(!folder_of(data.path()).join(EDDSA_FILE).exists());
        load_with(data.path(), TokenAlgorithm::Eddsa, OwnDatabase).unwrap();
        let made = fs::read_to_string(folder_of(data.path()).join(EDDSA_FILE)).unwrap();
        load_with(data.path(), TokenAlgorithm::Eddsa, OwnDatabase).unwrap();
        assert_eq!(fs::read_to_string(folder_of(data.path()).join(EDDSA_FILE)).unwrap(), made);
    }

    #[test]
    fn a_line_put_in_front_takes_over_and_the_old_one_stays() {
        let data = tempfile::tempdir().unwrap();
        let old = load(data.path(), Nothing).unwrap().audit_signing_keys[0].public();
        let path = folder_of(data.path()).join("audit-signing-keys");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("new:7TOiyW6vJbQ4hWBsMkdSVwd2LZeY1fUz0VPnwjXJEGo\n{text}")).unwrap();
        let keys = load(data.path(), OwnDatabase).unwrap().audit_signing_keys;
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0].public(), old);
        assert_eq!(keys[1].public(), old);
    }
}
