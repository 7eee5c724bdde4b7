//! What was given: texts from the file, the environment and the flags, the later over the earlier.

use super::problem::Problem;
use super::setting::{CONFIG_VARIABLE, SETTINGS, Setting};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use core::fmt;
use std::collections::BTreeMap;

/// Where a text came from, in rising order of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The settings file.
    File,
    /// An environment variable.
    Environment,
    /// A flag on the command line, which every process on the machine can read.
    Flag,
}

/// A text somebody gave. Its `Debug` is silent: any of them may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenText {
    /// The text.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Debug for GivenText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GivenText(redacted, {:?})", self.origin)
    }
}

/// Every text given, by the setting's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given(BTreeMap<&'static str, GivenText>);

impl Given {
    /// Reads a settings file's text. What is wrong with it is added to `problems`; what is right is kept.
    #[must_use]
    pub fn from_toml(content: &str, problems: &mut Vec<Problem>) -> Self {
        let table = match content.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                // Its own Display quotes the line, which may hold a secret.
                let offset = error.span().map_or(0, |span| span.start);
                let line = content.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
                problems.push(Problem::of_file(format!("line {line} is not TOML: {}", error.message())));
                return Self::default();
            }
        };
        let mut given = Self::default();
        for (key, value) in table {
            match (Setting::find(&key), text_of(&value)) {
                (None, _) => problems.push(Problem::of_file(format!("{key} is not a setting"))),
                (Some(setting), None) => problems.push(Problem::of_file(format!(
                    "{} must be a text, a number, true, false or a list of texts",
                    setting.name
                ))),
                (Some(setting), Some(text)) => given.set(setting.name, text, Origin::File),
            }
        }
        given
    }

    /// Gives a setting a text, as a file, variable or flag would; for tests and for the command line.
    pub fn set(&mut self, name: &'static str, text: String, origin: Origin) {
        self.0.insert(name, GivenText { text, origin });
    }

    /// These texts, and those of `lower` where there is none here.
    #[must_use]
    pub fn over(mut self, lower: Self) -> Self {
        for (name, text) in lower.0 {
            self.0.entry(name).or_insert(text);
        }
        self
    }

    /// What was given for a setting.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&GivenText> {
        self.0.get(name)
    }
}

/// The text of a TOML value, as a variable would have held it.
fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given = Self::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in SETTINGS {
            let origin = match matches.value_source(setting.name) {
                Some(ValueSource::CommandLine) => Origin::Flag,
                Some(ValueSource::EnvVariable) => Origin::Environment,
                _ => continue,
            };
            if let Some(text) = matches.get_one::<String>(setting.name) {
                self.set(setting.name, text.clone(), origin);
            }
        }
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(Setting::argument).collect::<Vec<Arg>>())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The variables among `names` that look like settings and are none: most likely misspelt.
#[must_use]
pub fn unknown_variables(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let known =
        |name: &str| name == CONFIG_VARIABLE || SETTINGS.iter().any(|setting| setting.variable() == name);
    names.into_iter().filter(|name| name.starts_with("EPIC_") && !known(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(content: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let _ = Given::from_toml(content, &mut problems);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_unknown_key_is_named() {
        let problems = problems_of("lisen = \"a\"\n[limits]\nlogin = \"5/5m\"\n");
        assert_eq!(problems.len(), 2);
        assert!(problems.iter().any(|problem| problem.contains("lisen")), "{problems:?}");
        assert!(problems.iter().any(|problem| problem.contains("limits")), "{problems:?}");
    }

    #[test]
    fn a_broken_line_is_numbered_and_not_quoted() {
        let problems = problems_of("listen = \"a\"\ntoken_keys = \"k:hunter2\n");
        assert!(problems[0].contains("line 2"), "{problems:?}");
        assert!(!problems[0].contains("hunter2"), "{problems:?}");
    }

    #[test]
    fn numbers_truths_and_lists_are_read_like_texts() {
        let mut problems = Vec::new();
        let given = Given::from_toml(
            "connections_max = 7\ninsecure_argon2 = true\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]",
            &mut problems,
        );
        assert!(problems.is_empty());
        let text = |name| given.get(name).unwrap().text.as_str();
        assert_eq!(text("connections_max"), "7");
        assert_eq!(text("insecure_argon2"), "true");
        assert_eq!(text("trusted_proxies"), "10.0.0.0/8,::1");
    }

    #[test]
    fn a_value_of_another_shape_is_refused_without_its_content() {
        let problems = problems_of("token_keys = { k = \"hunter2\" }\nlisten = 1.5");
        assert_eq!(problems.len(), 2);
        assert!(problems.iter().all(|problem| !problem.contains("hunter2")), "{problems:?}");
    }

    #[test]
    fn misspelt_variables_are_found() {
        let names = ["EPIC_LISTEN", "EPIC_CONFIG", "EPIC_LISEN", "HOME", "EPIC_"].map(str::to_owned);
        assert_eq!(unknown_variables(names), ["EPIC_LISEN", "EPIC_"]);
    }
}
