//! The log: to standard error, one event a line, in a form that nobody's input can forge.

mod one_line;
mod queue;

use crate::config::{LogFormat, LogSettings};
use queue::{LogQueue, QueueGuard};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Keeps the log going; when it is dropped, what waits is written.
#[must_use = "the log ends when this is dropped"]
pub struct LogGuard(#[expect(dead_code, reason = "held for its Drop")] QueueGuard);

/// The log could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the log cannot be started: {0}")]
pub struct LogError(#[source] Box<dyn core::error::Error + Send + Sync>);

/// Starts the log of this process.
///
/// # Errors
/// [`LogError`] when this process has one already, or can start no thread.
pub fn start(settings: &LogSettings) -> Result<LogGuard, LogError> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|error| LogError(error.into()))?;
    let (queue, guard) = LogQueue::start(std::io::stderr()).map_err(|error| LogError(error.into()))?;
    // No colours even on a terminal: an escape character in the log then always came from outside, and is escaped.
    let lines = tracing_subscriber::fmt::layer().with_writer(queue).with_ansi(false);
    let lines = match settings.format {
        LogFormat::Pretty => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry()
        .with(filter_fn(keeps_requests_to_itself))
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|error| LogError(error.into()))?;
    log_panics();
    Ok(LogGuard(guard))
}

/// Whether an event may be logged at all, whatever the operator's filter says: below a warning, warp logs the segments of
/// each path, and a path may hold a name that nobody has or a link's token.
fn keeps_requests_to_itself(metadata: &Metadata<'_>) -> bool {
    !metadata.target().starts_with("warp") || *metadata.level() <= Level::WARN
}

/// A panic is logged by its place alone: its message may hold whatever was at hand.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(place, thread = thread.name(), "a part of the server panicked");
    }));
}
