//! What happened to one's own account.

use crate::Fault;
use crate::authenticate::Authenticated;
use crate::listed::Listed;
use epic_domain::audit::{EventKind, Link};
use epic_outbound::audit::Audit;
use std::sync::Arc;

/// A page of events.
#[derive(Debug)]
pub struct EventPage {
    /// The events, the newest first.
    pub links: Vec<Link>,
    /// The place of the last one, when there are more.
    pub next: Option<u64>,
}

/// Shows people what happened to their accounts.
#[derive(Clone)]
pub struct AuditTrail {
    audit: Arc<dyn Audit>,
}

impl AuditTrail {
    /// Reads from `audit`.
    #[must_use]
    pub fn new(audit: Arc<dyn Audit>) -> Self {
        Self { audit }
    }

    /// At most `limit` of the caller's events, the newest first, of one kind if asked, before a place if asked.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn list(
        &self,
        caller: &Authenticated,
        kind: Option<EventKind>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<EventPage, Fault> {
        let wanted = limit.saturating_add(1);
        let links = self.audit.list(caller.user().id, kind, before, wanted).await?;
        let Listed { items: links, next } = Listed::cut(links, limit, |link| link.sequence);
        Ok(EventPage { links, next })
    }
}
