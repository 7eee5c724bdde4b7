//! What stands in a store that others are moving into, until all is there.

use super::{Key, Kind};
use crate::Timestamp;
use crate::audit::Anchor;

/// The mark of a move that has begun and is not at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where the audit chain of the source stands. It holds every event's hash, so that no other store has the same, and
    /// none that has been used since.
    pub source: Anchor,
    /// When the move began. What has expired by then does not move.
    pub began_at: Timestamp,
    /// The last page that was taken over whole.
    pub progress: Option<Progress>,
}

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The kind that was moving; all kinds before it are there.
    pub kind: Kind,
    /// The last record of it that is there; `None` when there was none to move.
    pub last: Option<Key>,
}
