//! The command line.

use crate::config::{CONFIG_VARIABLE, Given};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// EPIC Server: accounts and sessions for end-to-end encrypted storage.
///
/// Without a command it serves. Settings come from the file, the environment and flags, the later over the earlier.
#[derive(Debug, Parser)]
#[command(name = "epic-server", version)]
pub struct Cli {
    /// Settings file [default: epic-server.toml, if there is one]
    #[arg(long, value_name = "FILE", env = CONFIG_VARIABLE, hide_env_values = true, global = true)]
    pub config: Option<PathBuf>,
    /// The settings given by flags and variables.
    #[command(flatten)]
    pub given: Given,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until told to stop (the default)
    Serve,
    /// Look at settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look after keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Move everything from one store into the other and compare them; no server may use either meanwhile
    Migrate(MigrateArguments),
    /// Go through the life of an account against a running server, as a client does, and say what happens
    Demo(DemoArguments),
}

/// Looking at settings.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Say what is wrong with the settings, or show how they hold, without secrets
    Check,
}

/// Looking at the audit log.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// Check that no event was changed, removed, moved or cut off; a server on SQLite must be stopped
    Verify {
        /// Signed heads kept elsewhere, such as a copy of audit-heads.jsonl: the log must still fit them; may be repeated
        #[arg(long, value_name = "FILE")]
        heads: Vec<PathBuf>,
    },
}

/// Looking after keys.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum KeysCommand {
    /// Make the keys of a new installation in the data folder, to be given to every node; where there are keys, make none
    Make,
}

/// Where to move from, and where to.
#[derive(Debug, Clone, Copy, Args)]
pub struct MigrateArguments {
    /// The store that everything is in: sqlite is the one in the data folder, mongodb the one that EPIC_STORE names
    #[arg(long, value_enum)]
    pub from: StoreKind,
    /// The store to move into, which must be empty
    #[arg(long, value_enum)]
    pub to: StoreKind,
}

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// SQLite.
    Sqlite,
    /// MongoDB.
    Mongodb,
}

impl StoreKind {
    /// Its name, as the command line has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Mongodb => "mongodb",
        }
    }
}

/// What to demonstrate with.
#[derive(Args)]
pub struct DemoArguments {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// The account to register [default: demo-, and random letters]
    #[arg(long)]
    pub username: Option<String>,
    /// Its password; every process on this machine can read it while this runs [default: random]
    #[arg(long)]
    pub password: Option<String>,
}

impl core::fmt::Debug for DemoArguments {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("DemoArguments")
            .field("url", &self.url)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, SETTINGS};
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_has_its_flag_before_and_after_the_command() {
        for setting in SETTINGS {
            let flag = format!("--{}", setting.flag());
            for line in [
                vec!["epic-server", &flag, "text", "config", "check"],
                vec!["epic-server", "config", "check", &flag, "text"],
            ] {
                let cli = Cli::try_parse_from(line).unwrap();
                let given = cli.given.get(setting.name).unwrap();
                assert_eq!((given.text.as_str(), given.origin), ("text", Origin::Flag), "{flag}");
            }
        }
    }

    #[test]
    fn debug_tells_no_password() {
        let cli = Cli::try_parse_from(["epic-server", "demo", "--password", "hunter2"]).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"));
    }
}
