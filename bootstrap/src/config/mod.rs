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

pub use given::{Given, GivenText, Origin, unknown_variables};
pub use hashing::HashSettings;
pub use limits::LimitSettings;
pub use log::{LogFormat, LogSettings};
pub use network::NetworkSettings;
pub use problem::{Problem, Problems};
pub use reader::EffectiveLine;
pub use setting::{CONFIG_VARIABLE, SETTINGS, Setting};
pub use storage::{StorageSettings, StoreChoice};

use crate::keys::parse_token_keys;
use epic_domain::session::SessionPolicy;
use epic_token_jwt::Keyring;
use reader::Reader;
use std::fs;
use std::io;
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
    /// Token keys that take the place of the key file.
    pub token_keys: Option<Keyring>,
    /// How long tokens and sessions live.
    pub sessions: SessionPolicy,
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
        Ok(content) => Given::from_toml(&content, problems),
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Given::default(),
        Err(error) => {
            problems.push(Problem::of_file(format!("{} cannot be read: {error}", path.display())));
            Given::default()
        }
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
        let token_keys_given = given.get("token_keys").is_some();
        let token_keys =
            reader.read("token_keys", |text| token_keys_given.then(|| parse_token_keys(text)).transpose());
        let sessions = sessions::read(&mut reader);
        let limits = LimitSettings::read(&mut reader);
        let hashing = HashSettings::read(&mut reader);
        let log = LogSettings::read(&mut reader);
        let Reader { problems, effective, .. } = reader;
        let whole = (|| {
            let (limits, hashing) = (limits?, hashing?);
            Some(Self {
                network: network?,
                storage: storage?,
                token_keys: token_keys?,
                sessions: sessions?,
                limits,
                hashing,
                log: log?,
                warnings: warnings(given, &limits, &hashing),
                effective,
            })
        })();
        match whole {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(Problems(problems)),
        }
    }
}

fn warnings(given: &Given, limits: &LimitSettings, hashing: &HashSettings) -> Vec<String> {
    let mut warnings = Vec::new();
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
