//! Names requests, so that a reply, an error and a log line can be put together.

use crate::Fault;
use epic_domain::id::RequestId;
use epic_outbound::clock::Clock;
use epic_outbound::entropy::{Entropy, random_bytes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes request ids: unique but not secret, so a counter from a random start does (RFC 9562, section 6.2, allows a
/// counter in the random bits of a version 7 UUID), and no call waits for randomness.
pub struct RequestIds {
    clock: Arc<dyn Clock>,
    run: [u8; 2],
    counter: AtomicU64,
}

impl RequestIds {
    /// Ids of this run of the server.
    ///
    /// # Errors
    /// [`Fault`] when there is no randomness to start from.
    pub fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Result<Self, Fault> {
        let run = random_bytes(entropy)?;
        let counter = AtomicU64::new(u64::from_be_bytes(random_bytes(entropy)?));
        Ok(Self { clock, run, counter })
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> RequestId {
        let [run_a, run_b] = self.run;
        let [a, b, c, d, e, f, g, h] = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        RequestId::from_parts(self.clock.now(), &[run_a, run_b, a, b, c, d, e, f, g, h])
    }
}
