//! What happened to one's file, as a chain that can be verified.

use crate::Fault;
use crate::authenticate::Authenticated;
use crate::listed::Listed;
use crate::sight::Sight;
use epic_domain::audit::{Anchor, FileLink};
use epic_domain::id::FileId;
use epic_outbound::audit::Audit;
use epic_outbound::clock::Clock;
use epic_outbound::files::Files;
use epic_outbound::shares::Shares;
use std::sync::Arc;

/// A page of a file's chain, and where the chain stands.
#[derive(Debug)]
pub struct FileEvents {
    /// The page.
    pub page: Listed<FileLink, u64>,
    /// Where the chain stands: at the end of the page or further.
    pub anchor: Anchor,
}

/// Shows owners what happened to their files.
#[derive(Clone)]
pub struct FileAudit {
    audit: Arc<dyn Audit>,
    sight: Sight,
}

impl FileAudit {
    /// Reads from `audit`.
    #[must_use]
    pub fn new(
        audit: Arc<dyn Audit>,
        files: Arc<dyn Files>,
        shares: Arc<dyn Shares>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { audit, sight: Sight::new(files, shares, clock) }
    }

    /// At most `limit` events of one of the caller's files after a place, the oldest first. `None` when there is no such
    /// file.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn list(
        &self,
        caller: &Authenticated,
        file_id: FileId,
        after: u64,
        limit: u32,
    ) -> Result<Option<FileEvents>, Fault> {
        if self.sight.own(caller.user().id, file_id).await?.is_none() {
            return Ok(None);
        }
        let links = self.audit.list_of_file(file_id, after, limit.saturating_add(1)).await?;
        let page = Listed::cut(links, limit, |link| link.sequence);
        // Read after the page, so that it never stands before what the page shows.
        let anchor = self.audit.anchor_of_file(file_id).await?;
        Ok(Some(FileEvents { page, anchor }))
    }
}
