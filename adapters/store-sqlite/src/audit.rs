//! The port of the audit log.

use crate::SqliteStore;
use crate::error::Failure;
use crate::rows::{Columns, Fields, integer};
use async_trait::async_trait;
use epic_domain::audit::{Anchor, Event, EventKind, FailureReason, Head, Link};
use epic_domain::id::{EventId, SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

const ANCHOR: &str = "SELECT length, head FROM audit_anchor WHERE id = 1";
const SET_ANCHOR: &str = "INSERT INTO audit_anchor (id, length, head) VALUES (1, ?1, ?2) \
     ON CONFLICT (id) DO UPDATE SET length = excluded.length, head = excluded.head";
const INSERT: &str = "INSERT INTO audit \
     (sequence, id, at_ms, kind, user_id, session_id, origin, reason, count, head) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const PAGE: &str = "SELECT sequence, id, at_ms, kind, user_id, session_id, origin, reason, count, head \
     FROM audit WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

#[async_trait]
impl Audit for SqliteStore {
    async fn append(&self, events: &[Event]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let events = events.to_vec();
        self.write(move |connection| append(connection, events)).await
    }

    async fn anchor(&self) -> Result<Anchor, StoreError> {
        self.read(anchor).await
    }

    async fn read(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError> {
        SqliteStore::read(self, move |connection| page(connection, after, limit)).await
    }
}

/// Reads the anchor anew each time: a cached one would be wrong after a rollback.
fn anchor(connection: &Connection) -> Result<Anchor, Failure> {
    let mut statement = connection.prepare_cached(ANCHOR)?;
    let stored = statement.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()?;
    let Some((length, head)) = stored else { return Ok(Anchor::empty()) };
    let length = u64::try_from(length).map_err(|_| Failure::Damaged("anchor"))?;
    Ok(Anchor { length, head: Head::from_bytes(head) })
}

fn append(connection: &Connection, events: Vec<Event>) -> Result<(), Failure> {
    let mut anchor = anchor(connection)?;
    let mut insert = connection.prepare_cached(INSERT)?;
    for event in events {
        let link = anchor.link(event);
        anchor = link.anchor();
        insert_link(&mut insert, &link)?;
    }
    connection.prepare_cached(SET_ANCHOR)?.execute((integer(anchor.length)?, anchor.head.as_bytes()))?;
    Ok(())
}

fn insert_link(insert: &mut rusqlite::Statement<'_>, link: &Link) -> Result<(), Failure> {
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

fn page(connection: &Connection, after: u64, limit: u32) -> Result<Vec<Link>, Failure> {
    let Ok(after) = integer(after) else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

fn decode(row: &Row<'_>) -> Result<Link, Failure> {
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
