//! What is wrong with the settings, said so that a person can mend it.

use super::given::Origin;
use super::setting::Setting;
use core::fmt;

/// One thing that is wrong. It never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    /// Something wrong with the settings file itself.
    #[must_use]
    pub fn of_file(message: impl fmt::Display) -> Self {
        Self(format!("settings file: {message}"))
    }

    /// Something wrong with one setting: where it was given, its text unless that may be secret, and the rule.
    #[must_use]
    pub fn of_setting(setting: &Setting, origin: Option<Origin>, text: &str, rule: &str) -> Self {
        let place = match origin {
            None => format!("{} (its default)", setting.name),
            Some(Origin::File) => format!("{} (in the settings file)", setting.name),
            Some(Origin::Environment) => setting.variable(),
            Some(Origin::Flag) => format!("--{}", setting.flag()),
        };
        if setting.secret || text.is_empty() {
            Self(format!("{place}: {rule}"))
        } else {
            Self(format!("{place}: {rule}, not {text:?}"))
        }
    }

    /// Something wrong with several settings taken together.
    #[must_use]
    pub fn of_several(names: &str, rule: impl fmt::Display) -> Self {
        Self(format!("{names}: {rule}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Everything that is wrong, at least one thing.
#[derive(Debug, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the settings are not usable:")?;
        self.0.iter().try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}
