//! The memory of ended sessions.

use crate::Timestamp;
use crate::id::SessionId;

/// A session that has ended while access tokens of it may still be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// The session.
    pub session_id: SessionId,
    /// From here on its last access token has expired, and the revocation can be forgotten.
    pub until: Timestamp,
}
