//! The settings there are: one table from which flags, variables, file keys and help all come.

use clap::{Arg, ArgAction};

/// One setting, by the name it has in the file; its variable and flag follow from that name.
#[derive(Debug)]
pub struct Setting {
    /// The name in the file, such as `data_dir`.
    pub name: &'static str,
    /// The text that stands when nobody gives another; empty when the server works the value out.
    pub default: &'static str,
    /// What it means, for the help.
    pub help: &'static str,
    /// Whether its value may hold a secret and is never shown.
    pub secret: bool,
}

const fn plain(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, help, secret: false }
}

const fn secret(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, help, secret: true }
}

/// Every setting, in the order in which help and `config check` show them.
pub static SETTINGS: &[Setting] = &[
    plain("listen", "127.0.0.1:8080", "Address and port to serve on; port 0 takes a free one"),
    plain("data_dir", "./epic-data", "Folder of the database and the generated keys; one process at a time"),
    secret(
        "store",
        "sqlite",
        "Where accounts, sessions and which files there are is kept: sqlite, or mongodb://host/database for several nodes",
    ),
    secret(
        "blobs",
        "",
        "Where contents are kept: s3://bucket/prefix?endpoint=URL&region=NAME [default: the data folder]",
    ),
    plain(
        "token_algorithm",
        "hs256",
        "hs256, or eddsa for tokens that others can check; a change signs everybody out",
    ),
    secret(
        "token_keys",
        "",
        "Token keys as kid:base64url,kid:base64url; the first signs; seeds for eddsa [default: generated]",
    ),
    plain("access_ttl", "30m", "How long an access token lives"),
    plain("refresh_ttl", "7d", "How long a refresh token lives"),
    plain("session_ttl", "30d", "How long a session lives at the most"),
    plain("refresh_grace", "10s", "How long a refresh token just replaced still gives its successor"),
    plain("sessions_max", "50", "Sessions of an account; one more ends the one not seen for the longest"),
    plain(
        "step_up_ttl",
        "5m",
        "How long after a proof of who they are somebody may change what guards the account",
    ),
    plain(
        "limiter",
        "node",
        "Who counts sign-ins, registrations and codes: node, each in memory, or shared, all of them in MongoDB",
    ),
    plain("limit_preset", "default", "default, or sync: api and upload for clients that sync many files"),
    plain("limit_login", "5/5m", "Sign-ins allowed from an address; off switches the limit off"),
    plain("limit_register", "3/1h", "Registrations allowed from an address, or off"),
    plain("limit_totp", "3/5m", "One-time codes an account may fail, or off"),
    plain("limit_upload", "10/15m", "Uploads an account may start, or off"),
    plain("limit_api", "100/1h", "Other calls allowed to an account, or to an address without one, or off"),
    plain("limit_login_account", "30/1m", "Sign-ins allowed to an account from anywhere, or off"),
    secret(
        "introspection_clients",
        "",
        "Services that may ask whether a token is live, as id:secret,id2:secret2",
    ),
    plain("trusted_proxies", "", "Networks whose Forwarded and X-Forwarded-For are believed, as a CIDR list"),
    plain(
        "allowed_origins",
        "",
        "Web origins that may call from a browser, such as https://files.example.org",
    ),
    plain("argon2", "19456,2,1", "Cost of the server's hashes: KiB, passes, lanes"),
    plain("argon2_slots", "", "Hashes that run at once [default: the number of cores]"),
    plain("insecure_argon2", "false", "Allows an argon2 cost under 19456,2,1; for tests alone"),
    plain("quota", "10GiB", "Storage of an account"),
    plain("content_max", "10GiB", "The largest content of a file"),
    plain("upload_ttl", "24h", "How long an upload may rest before it is given up"),
    plain("trash_ttl", "30d", "How long a file stays in the trash"),
    plain("versions_ttl", "30d", "How long an earlier content of a file is kept"),
    plain("connections_max", "4096", "Connections open at once"),
    plain("header_timeout", "10s", "Time to send a request's header"),
    plain("body_timeout", "10s", "Time to send a request's body"),
    plain("write_timeout", "10s", "Time for a client to take some more of a reply"),
    plain("request_timeout", "30s", "Time to answer a request"),
    plain("shutdown_grace", "10s", "Time that requests in flight get when the server stops"),
    plain("log", "info", "Log level or filter, such as warn or info,epic_inbound=debug"),
    plain("log_format", "pretty", "pretty for people, json for machines"),
];

/// The file that holds settings, and the commands' own needs, come by variables too.
pub const CONFIG_VARIABLE: &str = "EPIC_CONFIG";

impl Setting {
    /// The setting with this name in the file.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its environment variable, such as `EPIC_DATA_DIR`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("EPIC_{}", self.name.to_ascii_uppercase())
    }

    /// Its flag without the dashes, such as `data-dir`.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// Its argument on the command line, which reads the variable too.
    pub(super) fn argument(&'static self) -> Arg {
        let help = if self.default.is_empty() {
            self.help.to_owned()
        } else {
            format!("{} [default: {}]", self.help, self.default)
        };
        Arg::new(self.name)
            .long(self.flag())
            .env(self.variable())
            .hide_env_values(true)
            .value_name(if self.secret { "SECRET" } else { "VALUE" })
            .help(help)
            .help_heading("Settings")
            .action(ArgAction::Set)
            .allow_hyphen_values(true)
            .global(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_variables_and_flags() {
        let setting = Setting::find("data_dir").unwrap();
        assert_eq!((setting.variable().as_str(), setting.flag().as_str()), ("EPIC_DATA_DIR", "data-dir"));
    }

    #[test]
    fn no_setting_stands_twice() {
        for (index, setting) in SETTINGS.iter().enumerate() {
            assert!(SETTINGS[index + 1..].iter().all(|other| other.name != setting.name), "{}", setting.name);
        }
    }
}
