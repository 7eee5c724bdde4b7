//! Events and signed heads as rows.

use crate::error::Failure;
use crate::rows::{Columns, Fields};
use epic_domain::audit::{Anchor, Event, EventKind, FailureReason, Head, Link, SignedHead};
use epic_domain::id::{EventId, SessionId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::network::IpPrefix;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Row, Statement, params_from_iter};

/// The columns of an event, in the order in which they are decoded.
macro_rules! link_columns {
    () => {
        "sequence, id, at_ms, kind, user_id, session_id, origin, reason, count, head"
    };
}
pub(crate) use link_columns;

pub(crate) fn insert_link(insert: &mut Statement<'_>, link: &Link) -> Result<(), Failure> {
    let Link { sequence, event, head } = link;
    let origin = event.origin.map(IpPrefix::to_bytes);
    let row = Columns::default()
        .number(*sequence)?
        .bytes(event.id.as_bytes())
        .time(event.at)?
        .text(event.kind.as_str())
        .optional_bytes(event.user_id.as_ref().map(|id| id.as_bytes().as_slice()))
        .optional_bytes(event.session_id.as_ref().map(|id| id.as_bytes().as_slice()))
        .optional_bytes(origin.as_ref().map(<[u8; 16]>::as_slice))
        .optional_text(event.reason.map(FailureReason::as_str))
        .number(event.count.into())?
        .bytes(head.as_bytes())
        .without_checksum();
    insert.execute(params_from_iter(row))?;
    Ok(())
}

pub(crate) fn decode_link(row: &Row<'_>) -> Result<Link, Failure> {
    let mut fields = Fields::unchecked(row);
    Ok(Link {
        sequence: fields.number()?,
        event: Event {
            id: EventId::from_bytes(fields.take()?),
            at: fields.time()?,
            kind: fields.parse("event kind", |text: String| EventKind::parse(&text))?,
            user_id: fields.take::<Option<[u8; 16]>>()?.map(UserId::from_bytes),
            session_id: fields.take::<Option<[u8; 16]>>()?.map(SessionId::from_bytes),
            origin: fields.take::<Option<[u8; 16]>>()?.map(IpPrefix::from_bytes),
            reason: fields.parse("failure reason", |text: Option<String>| {
                text.map(|text| FailureReason::parse(&text)).transpose()
            })?,
            count: fields.small_number()?,
        },
        head: Head::from_bytes(fields.take()?),
    })
}

/// A signed head's columns: length, head, time, key id, signature.
pub(crate) fn encode_head(head: &SignedHead) -> Result<Vec<ToSqlOutput<'_>>, Failure> {
    Ok(Columns::default()
        .number(head.anchor.length)?
        .bytes(head.anchor.head.as_bytes())
        .time(head.at)?
        .text(head.key_id.as_str())
        .bytes(&head.signature)
        .without_checksum())
}

pub(crate) fn decode_head(row: &Row<'_>) -> Result<SignedHead, Failure> {
    let mut fields = Fields::unchecked(row);
    Ok(SignedHead {
        anchor: Anchor { length: fields.number()?, head: Head::from_bytes(fields.take()?) },
        at: fields.time()?,
        key_id: fields.parse("key id", |text: String| KeyId::parse(&text))?,
        signature: fields.take()?,
    })
}
