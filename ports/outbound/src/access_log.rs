//! The note that a session used a protected route.

use epic_domain::Timestamp;
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;

/// One use of a protected route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// By whom.
    pub user_id: UserId,
    /// In which session.
    pub session_id: SessionId,
    /// From where.
    pub origin: IpPrefix,
    /// When.
    pub at: Timestamp,
}

/// Uses of a session since they were last drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessSummary {
    /// The latest of them.
    pub last: Access,
    /// How many.
    pub count: u32,
}

/// Gathers uses in memory, so that a protected call waits for no disk; a background task drains them into the audit
/// log. After a crash the uses of the last few seconds are missing there, and nothing else is.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccessLog: Send + Sync {
    /// Notes a use. Never blocks on I/O; past a bound on sessions in memory a use goes uncounted.
    fn note(&self, access: &Access);

    /// Takes everything gathered so far.
    fn drain(&self) -> Vec<AccessSummary>;
}
