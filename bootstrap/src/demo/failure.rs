//! Why a demonstration did not end as it should.

use core::fmt;

/// Why a demonstration did not end as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DemoFailure {
    /// No server answers.
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What the connection said.
        reason: String,
    },
    /// The server asks to wait.
    Limited {
        /// What was asked.
        what: String,
        /// Seconds to wait, when the server said how many.
        retry_after_seconds: Option<u64>,
    },
    /// The server answered with another status.
    Status {
        /// What was asked.
        what: String,
        /// The status a correct server answers with.
        expected: u16,
        /// The status it answered with.
        found: u16,
        /// What it said.
        detail: String,
    },
    /// The server's answer is not what it should be.
    Answer(String),
    /// This machine could not do its part.
    Local(String),
}

impl fmt::Display for DemoFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { url, reason } => {
                write!(formatter, "no EPIC server answers at {url} ({reason}). Start one with: epic-server")
            }
            Self::Limited { what, retry_after_seconds: Some(seconds) } => {
                let wait = humantime::format_duration(core::time::Duration::from_secs(*seconds));
                write!(formatter, "{what}: the server has had enough of these for now. Try again in {wait}.")
            }
            Self::Limited { what, retry_after_seconds: None } => {
                write!(formatter, "{what}: the server has had enough of these for now. Try again later.")
            }
            Self::Status { what, expected, found, detail } => {
                write!(formatter, "{what}: expected status {expected}, the server answered {found}: {detail}")
            }
            Self::Answer(message) | Self::Local(message) => formatter.write_str(message),
        }
    }
}

impl core::error::Error for DemoFailure {}
