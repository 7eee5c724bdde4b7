//! Reads settings one after the other, gathers what is wrong, and remembers what holds.

use super::given::{Given, Origin};
use super::problem::Problem;
use super::setting::Setting;
use core::fmt;

/// A setting as it holds: for `config check`. Secrets are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveLine {
    name: &'static str,
    /// `None` for a secret that is set.
    text: Option<String>,
    origin: Option<Origin>,
}

impl fmt::Display for EffectiveLine {
    /// As a line of a settings file; commented out where the server works the value out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match &self.text {
            Some(text) => toml::Value::String(text.clone()).to_string(),
            None => "\"(secret)\"".to_owned(),
        };
        let origin = match self.origin {
            None => "default",
            Some(Origin::File) => "file",
            Some(Origin::Environment) => "environment",
            Some(Origin::Flag) => "flag",
        };
        let mark = if self.text.as_deref() == Some("") && self.origin.is_none() { "# " } else { "" };
        write!(formatter, "{mark}{} = {value}  # {origin}", self.name)
    }
}

/// Reads settings from what was given.
pub(super) struct Reader<'a> {
    given: &'a Given,
    pub(super) problems: Vec<Problem>,
    pub(super) effective: Vec<EffectiveLine>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(given: &'a Given, problems: Vec<Problem>) -> Self {
        Self { given, problems, effective: Vec::new() }
    }

    /// The setting's value as `parse` reads it, which answers with the rule when it does not. `None` after a problem:
    /// the caller goes on, so that every problem is found in one go.
    pub(super) fn read<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let default = Setting::find(name).map_or("", |setting| setting.default);
        self.read_or(name, default, parse)
    }

    /// As [`Reader::read`], with another default than the table's.
    pub(super) fn read_or<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let given = self.given.get(name);
        let text = given.map_or(default, |given| given.text.trim());
        let origin = given.map(|given| given.origin);
        let Some(setting) = Setting::find(name) else {
            self.problems.push(Problem::of_several(name, "is not a setting"));
            return None;
        };
        let shown = (!setting.secret || origin.is_none()).then(|| text.to_owned());
        self.effective.push(EffectiveLine { name: setting.name, text: shown, origin });
        parse(text)
            .map_err(|rule| self.problems.push(Problem::of_setting(setting, origin, text, &rule.to_string())))
            .ok()
    }
}
