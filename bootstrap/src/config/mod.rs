//! Settings: a file, the environment and flags become typed values, or a list of everything that is wrong.

mod given;
mod hashing;
mod limits;
mod log;
mod network;
mod parse;
mod problem;
mod reader;
mod sessions;
mod setting;
mod storage;
#[cfg(test)]
mod tests;
mod tokens;

pub use given::{Given, GivenText, Origin, unknown_variables};
pub use hashing::HashSettings;
pub use limits::{LimitSettings, LimiterChoice};
pub use log::{LogFormat, LogSettings};
pub use network::NetworkSettings;
pub use problem::{Problem, Problems};
pub use reader::EffectiveLine;
pub use setting::{CONFIG_VARIABLE, SETTINGS, Setting};
pub use storage::{BlobChoice, BucketChoice, StorageSettings, StoreChoice};

use crate::keys::TokenKeySource;
use epic_domain::introspection::ClientCredentials;
use epic_domain::session::SessionPolicy;
use reader::Reader;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The settings file that is read when none is named and it is there.
pub const DEFAULT_FILE: &str = "epic-server.toml";

/// Everything the server can be told, in typed values.
#[derive(Debug)]
pub struct Settings {
    /// How it meets the network.
    pub network: NetworkSettings,
    /// Where data lies.
    pub storage: StorageSettings,
    /// Where token keys come from.
    pub token_keys: TokenKeySource,
    /// How long tokens and sessions live.
    pub sessions: SessionPolicy,
    /// Services that may ask whether a token is live.
    pub introspection_clients: ClientCredentials,
    /// How much is allowed.
    pub limits: LimitSettings,
    /// How the server hashes.
    pub hashing: HashSettings,
    /// What is logged.
    pub log: LogSettings,
    /// What an operator should hear at the start.
    pub warnings: Vec<String>,
    /// Every setting as it holds, without secrets.
    pub effective: Vec<EffectiveLine>,
}

/// Reads the settings file: the one named, which must be there, or the default one if it is.
///
/// What cannot be read is added to `problems`.
#[must_use]
pub fn read_file(named: Option<&Path>, problems: &mut Vec<Problem>) -> Given {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    match fs::read_to_string(path) {
        Ok(content) => {
            let given = Given::from_toml(&content, problems);
            refuse_exposed_secrets(path, &given, problems);
            given
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Given::default(),
        Err(error) => {
            problems.push(Problem::of_file(format!("{} cannot be read: {error}", path.display())));
            Given::default()
        }
    }
}

/// A settings file that holds a secret is a key file, and like one it must not be readable by others.
fn refuse_exposed_secrets(path: &Path, given: &Given, problems: &mut Vec<Problem>) {
    let holds_secret = SETTINGS.iter().any(|setting| setting.secret && given.get(setting.name).is_some());
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.mode());
    if holds_secret && mode & 0o077 != 0 {
        let path = path.display();
        problems
            .push(Problem::of_file(format!("{path} holds secrets and others can read it: chmod 600 {path}")));
    }
}

impl Settings {
    /// Parses what was given. `problems` are those already found, so that all are shown together.
    ///
    /// # Errors
    /// [`Problems`]: everything that is wrong.
    pub fn parse(given: &Given, problems: Vec<Problem>) -> Result<Self, Problems> {
        let mut reader = Reader::new(given, problems);
        let network = NetworkSettings::read(&mut reader);
        let storage = StorageSettings::read(&mut reader);
        // An empty list that was given is a mistake and no wish for generated keys.
        let token_keys = tokens::read(&mut reader, given.get("token_keys").is_some());
        let sessions = sessions::read(&mut reader);
        let limits = LimitSettings::read(&mut reader, storage.as_ref().map(|storage| &storage.store));
        let clients = reader.read("introspection_clients", tokens::introspection_clients);
        let hashing = HashSettings::read(&mut reader);
        let log = LogSettings::read(&mut reader);
        let Reader { problems, effective, .. } = reader;
        let whole = (|| {
            let (network, storage, limits, hashing) = (network?, storage?, limits?, hashing?);
            Some(Self {
                warnings: warnings(given, &network, &storage, &limits, &hashing),
                network,
                storage,
                token_keys: token_keys?,
                sessions: sessions?,
                introspection_clients: clients?,
                limits,
                hashing,
                log: log?,
                effective,
            })
        })();
        match whole {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(Problems(problems)),
        }
    }
}

fn warnings(
    given: &Given,
    network: &NetworkSettings,
    storage: &StorageSettings,
    limits: &LimitSettings,
    hashing: &HashSettings,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if network.trusted_proxies.iter().any(|proxies| proxies.prefix_len() == 0) {
        warnings.push(
            "trusted_proxies holds every address: anyone may choose whose limits they use up".to_owned(),
        );
    }
    if matches!(&storage.blobs, BlobChoice::Bucket(bucket) if bucket.is_in_the_clear()) {
        warnings.push(
            "blobs names an endpoint without TLS: anyone on the way can drop contents and replay requests"
                .to_owned(),
        );
    }
    if storage.store.is_in_the_clear() {
        warnings.push(
            "store names a server elsewhere without TLS: anyone on the way can read and change what is stored"
                .to_owned(),
        );
    }
    if storage.store.is_mongodb() && storage.blobs == BlobChoice::Folder {
        warnings.push(
            "contents lie in this node's data folder: other nodes on the same database cannot read them, set blobs"
                .to_owned(),
        );
    }
    for action in limits.switched_off() {
        warnings.push(format!("the limit of {} is switched off", action.as_str()));
    }
    if hashing.is_weak() {
        warnings.push(
            "argon2 is below its floor: whoever steals the database can guess at its hashes".to_owned(),
        );
    }
    for setting in SETTINGS.iter().filter(|setting| setting.secret) {
        if given.get(setting.name).is_some_and(|given| given.origin == Origin::Flag) {
            warnings.push(format!(
                "--{} was given as a flag, which every process on this machine can read: use {} or the settings file",
                setting.flag(),
                setting.variable()
            ));
        }
    }
    warnings
}
