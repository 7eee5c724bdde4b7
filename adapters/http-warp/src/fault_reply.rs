//! The reply when the server could not answer.

use crate::problem::Problem;
use core::time::Duration;
use epic_inbound::Fault;
use http::StatusCode;

/// Seconds after which a store that did not answer is worth asking again.
const STORE_RETRY_AFTER_SECONDS: u64 = 5;

/// The problem for a fault. The cause goes to the log; the reply says when to try again.
pub(crate) fn fault(fault: &Fault) -> Problem {
    tracing::warn!(error = %Chain(fault), "request failed");
    match fault {
        Fault::Overloaded { retry_after } => busy(*retry_after),
        Fault::Unavailable(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Service unavailable",
            "A part of the server does not answer. The call may or may not have taken effect; try again later.",
        )
        .with_retry_after(STORE_RETRY_AFTER_SECONDS),
        Fault::Full(_) => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "insufficient_storage",
            "Insufficient storage",
            "The server has no room left. The call may or may not have taken effect; tell whoever runs it.",
        ),
        Fault::Corrupt(_) => Problem::internal(),
    }
}

fn busy(retry_after: Duration) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "overloaded",
        "Service overloaded",
        "The server has more to do than it can. Nothing was changed; try again shortly.",
    )
    .with_retry_after(retry_after.as_secs().max(1))
}

/// An error with all its sources, on one line.
struct Chain<'a>(&'a dyn core::error::Error);

impl core::fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(formatter, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
