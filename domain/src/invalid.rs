//! The one reason a value does not parse: a stable code for programs and a sentence for people.

use core::fmt;

/// Why a value was refused. It never holds the value itself, so it can be logged and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    code: &'static str,
    rule: &'static str,
}

impl Invalid {
    /// A refusal with a stable snake_case `code` and the `rule` that was broken, as a sentence fragment such as
    /// "must be 32 bytes".
    #[must_use]
    pub const fn new(code: &'static str, rule: &'static str) -> Self {
        Self { code, rule }
    }

    /// The stable, machine-readable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The rule that was broken, for a person to read.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.rule)
    }
}

impl core::error::Error for Invalid {}
