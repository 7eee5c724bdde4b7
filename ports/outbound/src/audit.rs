//! Where the audit log is kept.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::audit::{Anchor, Event, EventKind, FileLink, Link, SignedHead};
use epic_domain::id::{FileId, UserId};

/// The most events that one call appends: a store may have to keep them in one record.
pub const EVENTS_MAX: usize = 1_000;

/// The audit log: one chain of events.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Audit: Send + Sync {
    /// Puts events, [`EVENTS_MAX`] at most, at the end of the chain, in their order, durably and in one step. An event about
    /// a file is put at the end of that file's chain in the same step.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was appended.
    async fn append(&self, events: &[Event]) -> Result<(), StoreError>;

    /// Where the chain stands.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn anchor(&self) -> Result<Anchor, StoreError>;

    /// At most `limit` links that follow place `after`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn read(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError>;

    /// At most `limit` links of a user's events, the newest first, of one kind if `kind` says so, before place `before` if
    /// it says so.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        user_id: UserId,
        kind: Option<EventKind>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError>;

    /// At most `limit` links of a file's own chain that follow place `after`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list_of_file(
        &self,
        file_id: FileId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<FileLink>, StoreError>;

    /// Where a file's own chain stands.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn anchor_of_file(&self, file_id: FileId) -> Result<Anchor, StoreError>;

    /// Keeps a signed head, durably. The first one kept of a chain's length stays: a later one of the same length could
    /// cover up a chain that was rewritten between them.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was kept.
    async fn keep_signed_head(&self, head: &SignedHead) -> Result<(), StoreError>;

    /// At most `limit` signed heads whose chain is longer than `after`, the shortest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn signed_heads(&self, after: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError>;
}
