//! Which sessions have ended: from memory while that can be trusted, else from the store.

use crate::Fault;
use epic_domain::id::SessionId;
use epic_outbound::changes::UpToDate;
use epic_outbound::revocations::Revocations;
use epic_outbound::sessions::Sessions;
use std::sync::Arc;

/// Knows which sessions have ended.
#[derive(Clone)]
pub(crate) struct EndedSessions {
    pub(crate) revocations: Arc<dyn Revocations>,
    pub(crate) sessions: Arc<dyn Sessions>,
    /// Whether memory knows what other nodes ended; `None` when there are none.
    pub(crate) up_to_date: Option<Arc<dyn UpToDate>>,
}

/// What memory says of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remembered {
    /// It has ended.
    Ended,
    /// It has not.
    Live,
    /// Memory may have missed its end.
    Unknown,
}

impl EndedSessions {
    /// Asks memory alone.
    pub(crate) fn remembered(&self, session_id: SessionId) -> Remembered {
        // In this order: what is missing in the index now may be there when it is up to date again.
        let is_up_to_date = self.up_to_date.as_ref().is_none_or(|node| node.is_up_to_date());
        match (self.revocations.is_revoked(session_id), is_up_to_date) {
            (true, _) => Remembered::Ended,
            (false, true) => Remembered::Live,
            (false, false) => Remembered::Unknown,
        }
    }

    /// Whether a session lives of which memory says this. The store is asked when memory does not know.
    ///
    /// # Errors
    /// [`Fault`] when the store would have to be asked and does not answer.
    pub(crate) async fn is_live(&self, session_id: SessionId, remembered: Remembered) -> Result<bool, Fault> {
        match remembered {
            Remembered::Ended => Ok(false),
            Remembered::Live => Ok(true),
            Remembered::Unknown => Ok(self.sessions.find(session_id).await?.is_some()),
        }
    }
}
