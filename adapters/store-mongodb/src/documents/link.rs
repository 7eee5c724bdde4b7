//! Events in their places in the audit chain. Their own hash chain is their checksum.

use super::values::{binary, bytes, date, integer, number, parsed, small_number, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::audit::{Event, EventKind, FailureReason, Head, Link};
use epic_domain::id::{EventId, SessionId, UserId};
use epic_domain::network::IpPrefix;
use mongodb::bson::{Binary, DateTime, Document, Uuid, doc};
use serde::{Deserialize, Serialize};

/// An event in its place.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LinkDocument {
    /// The place: two links never share one.
    #[serde(rename = "_id")]
    sequence: i64,
    v: i32,
    event_id: Uuid,
    at: DateTime,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Binary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    count: i64,
    head: Binary,
}

impl LinkDocument {
    pub(crate) fn encode(link: &Link) -> Result<Self, Failure> {
        let Link { sequence, event, head } = link;
        Ok(Self {
            sequence: integer(*sequence)?,
            v: FORMAT,
            event_id: Uuid::from_bytes(*event.id.as_bytes()),
            at: date(event.at),
            kind: event.kind.as_str().to_owned(),
            user_id: event.user_id.map(|id| Uuid::from_bytes(*id.as_bytes())),
            session_id: event.session_id.map(|id| Uuid::from_bytes(*id.as_bytes())),
            origin: event.origin.map(|origin| binary(&origin.to_bytes())),
            reason: event.reason.map(|reason| reason.as_str().to_owned()),
            count: event.count.into(),
            head: binary(head.as_bytes()),
        })
    }

    pub(crate) fn decode(self) -> Result<Link, Failure> {
        check_format(self.v)?;
        let origin = self.origin.map(|stored| bytes(&stored, "origin")).transpose()?;
        let reason = self.reason.map(|name| FailureReason::parse(&name)).transpose();
        Ok(Link {
            sequence: number(self.sequence)?,
            event: Event {
                id: EventId::from_bytes(self.event_id.bytes()),
                at: time(self.at)?,
                kind: parsed("event kind", EventKind::parse(&self.kind))?,
                user_id: self.user_id.map(|id| UserId::from_bytes(id.bytes())),
                session_id: self.session_id.map(|id| SessionId::from_bytes(id.bytes())),
                origin: origin.map(IpPrefix::from_bytes),
                reason: parsed("failure reason", reason)?,
                count: small_number(self.count)?,
            },
            head: Head::from_bytes(bytes(&self.head, "head")?),
        })
    }
}

/// Links that follow a place.
pub(crate) fn following(after: i64) -> Document {
    doc! { "_id": { "$gt": after } }
}

/// Links of a user's events before a place, of one kind if `kind` says so.
pub(crate) fn of_user(user_id: UserId, kind: Option<EventKind>, before: i64) -> Document {
    let mut filter = doc! { "user_id": Uuid::from_bytes(*user_id.as_bytes()), "_id": { "$lt": before } };
    if let Some(kind) = kind {
        filter.insert("kind", kind.as_str());
    }
    filter
}
