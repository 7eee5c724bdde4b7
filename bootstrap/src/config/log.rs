//! What is logged and in which form.

use super::parse::Rule;
use super::reader::Reader;
use tracing_subscriber::EnvFilter;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: a JSON object a line.
    Json,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// The filter, known to parse.
    pub filter: String,
    /// The form.
    pub format: LogFormat,
}

impl LogSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let filter = reader.read("log", filter);
        let format = reader.read("log_format", format);
        Some(Self { filter: filter?, format: format? })
    }
}

fn filter(text: &str) -> Result<String, Rule> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_| {
        "must be off, error, warn, info, debug, trace or a filter such as info,epic_inbound=debug".to_owned()
    })
}

fn format(text: &str) -> Result<LogFormat, Rule> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be pretty or json".to_owned()),
    }
}
