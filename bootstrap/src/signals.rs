//! The signals by which a system or a person ends the server.

use std::io;
use std::process;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// The exit code when somebody does not wait for an orderly end: 128 and the number of SIGINT, as shells have it.
const IMPATIENT: i32 = 130;

impl Signals {
    /// Listens for both from now on; the default, to die at once, no longer holds.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the first signal. From then on a second one ends the process at once.
    pub(crate) async fn first(mut self) {
        self.next().await;
        tracing::info!(
            "stopping: no new connections, requests under way may end; a second signal ends at once"
        );
        tokio::spawn(async move {
            self.next().await;
            process::exit(IMPATIENT);
        });
    }
}
