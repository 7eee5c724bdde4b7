//! What every node knows of ended sessions, in memory.

use epic_domain::Timestamp;
use epic_domain::id::SessionId;
use epic_domain::session::Revocation;

/// The index that each protected call asks. It is filled from [`Sessions`](crate::sessions::Sessions) at start and
/// by every session that ends; nothing in it is older than an access token's life.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Revocations: Send + Sync {
    /// Whether the session has ended.
    fn is_revoked(&self, session_id: SessionId) -> bool;

    /// Takes revocations in. Calls of [`Revocations::is_revoked`] that start after this returns see them.
    fn announce(&self, revocations: &[Revocation]);

    /// Forgets revocations that no longer matter at `now`.
    fn prune(&self, now: Timestamp);
}
