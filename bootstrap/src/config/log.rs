//! What is logged and in which form.

use super::parse::Rule;
use super::reader::Reader;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

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
    let is_filter = EnvFilter::try_new(text).is_ok() && text.split(',').all(has_level);
    is_filter.then(|| text.to_owned()).ok_or_else(|| {
        "must be off, error, warn, info, debug, trace or a filter such as info,epic_inbound=debug".to_owned()
    })
}

/// Whether a directive says a level. One that does not, a misspelt level for example, is taken for the name of a part of
/// the program of which everything is logged, and of all else nothing.
fn has_level(directive: &str) -> bool {
    let level = directive.rsplit('=').next().unwrap_or(directive).trim();
    !level.is_empty() && level.parse::<LevelFilter>().is_ok()
}

fn format(text: &str) -> Result<LogFormat, Rule> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be pretty or json".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_refused_and_does_not_silence_the_log() {
        for bad in ["inof", "nonsense!!", "infoo=debug,warn,inof", "epic_inbound", "info,", ""] {
            assert!(filter(bad).is_err(), "{bad:?}");
        }
        for good in ["info", "WARN", "off", "info,epic_inbound=debug", "warn,epic_http_warp::edge=trace"] {
            assert!(filter(good).is_ok(), "{good:?}");
        }
    }
}
