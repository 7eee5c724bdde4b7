//! Events and signed heads as rows.

use crate::error::Failure;
use crate::rows::{Columns, Fields};
use epic_domain::audit::{
    Anchor, Event, EventKind, FailureReason, FileMark, FilePlace, GrantMark, Head, Link, SignedHead,
};
use epic_domain::id::{EventId, FileId, SessionId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::network::IpPrefix;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Row, Statement, params_from_iter};

/// The columns of an event, in the order in which they are decoded.
macro_rules! link_columns {
    () => {
        "sequence, id, at_ms, kind, user_id, session_id, origin, reason, count, file_id, grant_mark, head, \
         file_sequence, file_head"
    };
}
pub(crate) use link_columns;

pub(crate) fn insert_link(insert: &mut Statement<'_>, link: &Link) -> Result<(), Failure> {
    let Link { sequence, event, head, file } = link;
    let origin = event.origin.map(IpPrefix::to_bytes);
    let grant = event.file.and_then(|mark| mark.grant).map(GrantMark::to_bytes);
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
        .optional_bytes(event.file.as_ref().map(|mark| mark.file_id.as_bytes().as_slice()))
        .optional_bytes(grant.as_ref().map(<[u8; 17]>::as_slice))
        .bytes(head.as_bytes())
        .optional_number(file.map(|place| place.sequence))?
        .optional_bytes(file.as_ref().map(|place| place.head.as_bytes().as_slice()))
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
            file: decode_file_mark(&mut fields)?,
        },
        head: Head::from_bytes(fields.take()?),
        file: decode_file_place(&mut fields)?,
    })
}

fn decode_file_mark(fields: &mut Fields<'_>) -> Result<Option<FileMark>, Failure> {
    let file_id = fields.take::<Option<[u8; 16]>>()?.map(FileId::from_bytes);
    let grant =
        fields.parse("grant", |bytes: Option<[u8; 17]>| bytes.map(GrantMark::from_bytes).transpose())?;
    match (file_id, grant) {
        (Some(file_id), grant) => Ok(Some(FileMark { file_id, grant })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Failure::Damaged("file mark")),
    }
}

fn decode_file_place(fields: &mut Fields<'_>) -> Result<Option<FilePlace>, Failure> {
    let sequence = fields.optional_number()?;
    let head = fields.take::<Option<[u8; 32]>>()?.map(Head::from_bytes);
    match (sequence, head) {
        (Some(sequence), Some(head)) => Ok(Some(FilePlace { sequence, head })),
        (None, None) => Ok(None),
        _ => Err(Failure::Damaged("file place")),
    }
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
