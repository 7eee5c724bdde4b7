//! Where links are kept.

use crate::StoreError;
use crate::files::Position;
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, File, Link, LinkTokenDigest, Once, Ownership};
use epic_domain::id::LinkId;

/// What became of a link about to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkCreation {
    /// It was stored, durably.
    Created,
    /// The file is gone or in the trash; nothing was stored.
    FileGone,
    /// The file has as many links as it may; nothing was stored.
    TooMany,
    /// An earlier request had the same idempotency key; nothing was stored.
    Earlier(Earlier),
}

/// Links.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Links: Send + Sync {
    /// Stores a link. Links that are not live at `now`, because they have expired or are used up, do not count against
    /// `per_file_max`. The key of `once` is the owner's, and is judged first.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was stored.
    async fn create<'a>(
        &self,
        ownership: &Ownership,
        link: &Link,
        per_file_max: u32,
        once: Option<&'a Once>,
        now: Timestamp,
    ) -> Result<LinkCreation, StoreError>;

    /// At most `limit` links of a file, the newest first, after a place; those that are used up or expired stand among
    /// them until a sweep takes them.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn list(
        &self,
        ownership: &Ownership,
        after: Option<Position>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError>;

    /// The link that a token opens, live or not, with its file.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn find(&self, token: &LinkTokenDigest) -> Result<Option<(Link, File)>, StoreError>;

    /// Counts a download, durably, if the link is live at `now`: false when it is not. Of racing calls exactly as many
    /// pass as the link allows.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was counted.
    async fn count_download(&self, link_id: LinkId, now: Timestamp) -> Result<bool, StoreError>;

    /// Ends a link. False when the file has no such link.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    async fn end(&self, ownership: &Ownership, link_id: LinkId) -> Result<bool, StoreError>;

    /// Removes at most `limit` links that expired at `ended_until` or before; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn remove_expired(&self, ended_until: Timestamp, limit: u32) -> Result<u32, StoreError>;
}
