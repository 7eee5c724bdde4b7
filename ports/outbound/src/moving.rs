//! What a store gives away and takes in when it moves into another one.
//!
//! Neither is for a server at work: whoever calls them makes sure that nothing else uses the store.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::audit::Anchor;
use epic_domain::moving::{Key, Kind, Mark, Progress, Record};

/// What became of a move about to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveBeginning {
    /// The store was empty and is marked now; or it was marked by an earlier try from the same source, which goes on. This
    /// is the mark.
    Begun(Mark),
    /// The store holds something, and no move into it has begun.
    Occupied,
    /// A move into the store has begun from another source, or from this one before it went on.
    OtherSource,
}

/// Everything that a store keeps, in order.
#[async_trait]
pub trait Export: Send + Sync {
    /// Removes what has expired at `now` and clears away all that removed accounts have left, as a server at work does, so
    /// that from now on nothing goes by itself.
    ///
    /// # Errors
    /// [`StoreError`]; some of it may be gone.
    async fn settle(&self, now: Timestamp) -> Result<(), StoreError>;

    /// At most `limit` records of a kind that follow `after`, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn page(&self, kind: Kind, after: Option<Key>, limit: u32) -> Result<Vec<Record>, StoreError>;
}

/// A store that others move into. While it is marked as half-moved, it does not open for a server.
#[async_trait]
pub trait Import: Export {
    /// Marks an empty store as one that a move from `source` has begun into, or finds the mark of an earlier try. `now` is
    /// kept with a new mark.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was marked.
    async fn begin(&self, source: Anchor, now: Timestamp) -> Result<MoveBeginning, StoreError>;

    /// Stores records, durably, over those with the same keys: to do it twice changes nothing. What they refer to was stored
    /// before.
    ///
    /// # Errors
    /// [`StoreError`]; some of them may be stored.
    async fn put(&self, records: &[Record]) -> Result<(), StoreError>;

    /// Notes in the mark how far the move has come, durably.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn note(&self, progress: Progress) -> Result<(), StoreError>;

    /// Takes the mark away: all is there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn finish(&self) -> Result<(), StoreError>;
}
