//! Where shares are kept.

use crate::StoreError;
use crate::files::Position;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, File, Once, Ownership, Share};
use epic_domain::id::{FileId, ShareId, UserId};

/// What became of a share about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granting {
    /// It was stored, durably.
    Granted,
    /// The recipient had a share of the file already. It holds what the new one says, durably, and has kept its own id.
    Replaced(ShareId),
    /// The file is gone or in the trash; nothing was stored.
    FileGone,
    /// There is no account with the recipient's id, whatever its status would be; nothing was stored.
    RecipientGone,
    /// The file has as many shares as it may; nothing was stored.
    TooMany,
    /// An earlier request had the same idempotency key; nothing was stored.
    Earlier(Earlier),
}

/// Shares.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Shares: Send + Sync {
    /// Stores a share, or puts it in the place of the one that its recipient has of the file. Of racing calls for one
    /// recipient one grants and the others replace. Shares past their end do not count against `per_file_max`; to replace one
    /// of them needs room as a new one does. The key of `once` is the owner's, and is judged first.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was stored.
    async fn grant<'a>(
        &self,
        ownership: &Ownership,
        share: &Share,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<Granting, StoreError>;

    /// At most `limit` shares of a file that are live at `now`, the newest first, after a place.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Share>, StoreError>;

    /// At most `limit` shares with `recipient` that are live at `now`, each with its file, the newest first, after a place.
    /// Files in the trash are not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn incoming(
        &self,
        recipient: UserId,
        after: Option<Position>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(Share, File)>, StoreError>;

    /// The share that `recipient` has of a file, live or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find_for(&self, file_id: FileId, recipient: UserId) -> Result<Option<Share>, StoreError>;

    /// Ends a share of a file at the wish of its owner or its recipient, and returns it. `None` when there is none that
    /// `by` may end.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn end(&self, file_id: FileId, share_id: ShareId, by: UserId) -> Result<Option<Share>, StoreError>;

    /// Removes at most `limit` shares that are past their end at `now`; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_expired(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;
}
