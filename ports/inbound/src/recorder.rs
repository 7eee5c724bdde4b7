//! Writes security events into the audit log.

use crate::{Fault, Minting};
use epic_domain::Timestamp;
use epic_domain::audit::{Event, EventKind, FailureReason, FileMark, GrantMark};
use epic_domain::id::{FileId, SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_outbound::audit::Audit;
use std::sync::Arc;

/// Writes events; when it fails, so does what was to be recorded (nothing security-relevant goes unrecorded).
#[derive(Clone)]
pub struct Recorder {
    audit: Arc<dyn Audit>,
    minting: Minting,
}

/// What a use case knows of an event; the recorder adds the id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Happening {
    pub(crate) kind: EventKind,
    pub(crate) at: Timestamp,
    pub(crate) user_id: Option<UserId>,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) origin: Option<IpPrefix>,
    pub(crate) reason: Option<FailureReason>,
    pub(crate) count: u32,
    pub(crate) file: Option<FileMark>,
}

impl Happening {
    pub(crate) const fn new(kind: EventKind, at: Timestamp, origin: IpPrefix) -> Self {
        Self {
            kind,
            at,
            user_id: None,
            session_id: None,
            origin: Some(origin),
            reason: None,
            count: 1,
            file: None,
        }
    }

    /// Something that the server did by itself.
    pub(crate) const fn by_the_server(kind: EventKind, at: Timestamp) -> Self {
        Self { kind, at, user_id: None, session_id: None, origin: None, reason: None, count: 1, file: None }
    }

    pub(crate) const fn of_user(mut self, user_id: UserId) -> Self {
        self.user_id = Some(user_id);
        self
    }

    pub(crate) const fn in_session(mut self, session_id: SessionId) -> Self {
        self.session_id = Some(session_id);
        self
    }

    pub(crate) const fn to_file(mut self, file_id: FileId, grant: Option<GrantMark>) -> Self {
        self.file = Some(FileMark { file_id, grant });
        self
    }

    pub(crate) const fn because(mut self, reason: FailureReason) -> Self {
        self.reason = Some(reason);
        self
    }

    pub(crate) const fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }
}

impl Recorder {
    /// Writes to `audit`.
    #[must_use]
    pub fn new(audit: Arc<dyn Audit>, minting: Minting) -> Self {
        Self { audit, minting }
    }

    pub(crate) async fn record(&self, happenings: &[Happening]) -> Result<(), Fault> {
        let events =
            happenings.iter().map(|happening| self.event(*happening)).collect::<Result<Vec<_>, _>>()?;
        for event in &events {
            tracing::info!(
                kind = event.kind.as_str(),
                reason = event.reason.map(FailureReason::as_str),
                user_id = event.user_id.map(tracing::field::display),
                session_id = event.session_id.map(tracing::field::display),
                origin = event.origin.map(tracing::field::display),
                count = event.count,
                file_id = event.file.map(|mark| tracing::field::display(mark.file_id)),
                "security event"
            );
        }
        Ok(self.audit.append(&events).await?)
    }

    fn event(&self, happening: Happening) -> Result<Event, Fault> {
        Ok(Event {
            id: self.minting.event_id(happening.at)?,
            at: happening.at,
            kind: happening.kind,
            user_id: happening.user_id,
            session_id: happening.session_id,
            origin: happening.origin,
            reason: happening.reason,
            count: happening.count,
            file: happening.file,
        })
    }
}
