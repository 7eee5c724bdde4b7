//! Where the audit log is kept.

use crate::StoreError;
use async_trait::async_trait;
use epic_domain::audit::{Anchor, Event, Link};

/// The audit log: one chain of events.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Audit: Send + Sync {
    /// Puts events at the end of the chain, in their order, durably and in one step.
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
}
