//! The system under test: the use cases over ports, restarted at will, and asked in the terms of the model.

mod ask;
mod parts;
mod use_cases;

pub(crate) use ask::ask;
pub(crate) use parts::{Lasting, Ports, policy, quotas};
pub(crate) use use_cases::{CLIENT, UseCases, decoys};

/// A running process.
pub(crate) struct Process {
    pub(crate) ports: Ports,
    pub(crate) use_cases: UseCases,
}

impl Process {
    /// Starts on what lasts, and takes up where the last one left off.
    pub(crate) async fn start(lasting: &Lasting) -> Self {
        let ports = lasting.start().await;
        let use_cases = UseCases::of(&ports);
        use_cases.housekeeping.take_up().await.unwrap();
        Self { ports, use_cases }
    }
}
