//! The log: to standard error, one event a line, in a form that nobody's input can forge.

mod one_line;
mod queue;

use crate::config::{LogFormat, LogSettings};
use queue::{LogQueue, QueueGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

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
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(queue).with_ansi(false);
    let started = match settings.format {
        LogFormat::Pretty => builder.finish().try_init(),
        LogFormat::Json => builder.json().finish().try_init(),
    };
    started.map_err(|error| LogError(error.into()))?;
    log_panics();
    Ok(LogGuard(guard))
}

/// A panic is logged by its place alone: its message may hold whatever was at hand.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(place, thread = thread.name(), "a part of the server panicked");
    }));
}
