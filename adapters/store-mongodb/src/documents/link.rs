//! Events in their places in the audit chain. Their own hash chain is their checksum.

use super::values::{binary, bytes, date, integer, number, parsed, small_number, time};
use super::{FORMAT, check_format};
use crate::errors::Failure;
use epic_domain::audit::{
    Anchor, Event, EventKind, FailureReason, FileMark, FilePlace, GrantMark, Head, Link,
};
use epic_domain::id::{EventId, FileId, SessionId, UserId};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileDocument>,
}

/// The file that an event is about, and the event's place in that file's own chain.
#[derive(Debug, Serialize, Deserialize)]
struct FileDocument {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<Binary>,
    sequence: i64,
    head: Binary,
}

/// What is read of a link to know that it is there.
#[derive(Debug, Deserialize)]
pub(crate) struct PresentDocument {}

/// What is read of a link to know where a file's own chain stands.
#[derive(Debug, Deserialize)]
pub(crate) struct PlaceDocument {
    file: FileDocument,
}

impl PresentDocument {
    /// The fields that are read.
    pub(crate) fn projection() -> Document {
        doc! { "_id": 1 }
    }
}

impl LinkDocument {
    pub(crate) fn encode(link: &Link) -> Result<Self, Failure> {
        let Link { sequence, event, head, file } = link;
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
            file: encode_file(event.file, *file)?,
        })
    }

    pub(crate) fn decode(self) -> Result<Link, Failure> {
        check_format(self.v)?;
        let (mark, place) = self.file.as_ref().map(FileDocument::decode).transpose()?.unzip();
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
                file: mark,
            },
            head: Head::from_bytes(bytes(&self.head, "head")?),
            file: place,
        })
    }
}

/// An event about a file has a place in that file's chain, and no other event has one.
fn encode_file(mark: Option<FileMark>, place: Option<FilePlace>) -> Result<Option<FileDocument>, Failure> {
    let (Some(mark), Some(place)) = (mark, place) else { return Ok(None) };
    Ok(Some(FileDocument {
        id: Uuid::from_bytes(*mark.file_id.as_bytes()),
        grant: mark.grant.map(|grant| binary(&grant.to_bytes())),
        sequence: integer(place.sequence)?,
        head: binary(place.head.as_bytes()),
    }))
}

impl FileDocument {
    fn decode(&self) -> Result<(FileMark, FilePlace), Failure> {
        let grant = self.grant.as_ref().map(|stored| bytes(stored, "grant")).transpose()?;
        let grant = parsed("grant", grant.map(GrantMark::from_bytes).transpose())?;
        Ok((FileMark { file_id: FileId::from_bytes(self.id.bytes()), grant }, self.place()?))
    }

    fn place(&self) -> Result<FilePlace, Failure> {
        let head = Head::from_bytes(bytes(&self.head, "head")?);
        Ok(FilePlace { sequence: number(self.sequence)?, head })
    }
}

impl PlaceDocument {
    /// The fields that are read.
    pub(crate) fn projection() -> Document {
        doc! { "file": 1 }
    }

    pub(crate) fn anchor(&self) -> Result<Anchor, Failure> {
        let FilePlace { sequence, head } = self.file.place()?;
        Ok(Anchor { length: sequence, head })
    }
}

/// Links of a file's own chain that follow a place in it.
pub(crate) fn of_file(file_id: FileId, after: i64) -> Document {
    doc! { "file.id": Uuid::from_bytes(*file_id.as_bytes()), "file.sequence": { "$gt": after } }
}

/// Links that follow a place.
pub(crate) fn following(after: i64) -> Document {
    doc! { "_id": { "$gt": after } }
}

/// What is in the places of these links.
pub(crate) fn among(links: &[LinkDocument]) -> Document {
    let places: Vec<i64> = links.iter().map(|link| link.sequence).collect();
    doc! { "_id": { "$in": places } }
}

/// Links of a user's events before a place, of one kind if `kind` says so.
pub(crate) fn of_user(user_id: UserId, kind: Option<EventKind>, before: i64) -> Document {
    let mut filter = doc! { "user_id": Uuid::from_bytes(*user_id.as_bytes()), "_id": { "$lt": before } };
    if let Some(kind) = kind {
        filter.insert("kind", kind.as_str());
    }
    filter
}
