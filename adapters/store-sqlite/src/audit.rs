//! The port of the audit log.

use crate::SqliteStore;
use crate::audit_row::{decode_head, decode_link, encode_head, insert_link, link_columns};
use crate::error::Failure;
use crate::rows::{Fields, integer};
use crate::statements::statements;
use async_trait::async_trait;
use epic_domain::audit::{Anchor, Event, EventKind, FileLink, Head, Link, SignedHead};
use epic_domain::id::{FileId, UserId};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

const ANCHOR: &str = "SELECT length, head FROM audit_anchor WHERE id = 1";
const SET_ANCHOR: &str = "INSERT INTO audit_anchor (id, length, head) VALUES (1, ?1, ?2) \
     ON CONFLICT (id) DO UPDATE SET length = excluded.length, head = excluded.head";
const INSERT: &str = concat!(
    "INSERT INTO audit (",
    link_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
);
const PAGE: &str =
    concat!("SELECT ", link_columns!(), " FROM audit WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
const LIST: &str = concat!(
    "SELECT ",
    link_columns!(),
    " FROM audit INDEXED BY audit_by_user WHERE user_id = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3"
);
const LIST_OF_KIND: &str = concat!(
    "SELECT ",
    link_columns!(),
    " FROM audit INDEXED BY audit_by_kind WHERE user_id = ?1 AND sequence < ?2 AND kind = ?4 \
     ORDER BY sequence DESC LIMIT ?3"
);
statements! {
    LIST_OF_FILE = concat!(
        "SELECT ",
        link_columns!(),
        " FROM audit INDEXED BY audit_by_file WHERE file_id = ?1 AND file_sequence > ?2 \
         ORDER BY file_sequence LIMIT ?3"
    );
    ANCHOR_OF_FILE = "SELECT file_sequence, file_head FROM audit INDEXED BY audit_by_file WHERE file_id = ?1 \
         ORDER BY file_sequence DESC LIMIT 1";
}
const KEEP_HEAD: &str = "INSERT INTO audit_heads (length, head, at_ms, key_id, signature) \
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (length) DO NOTHING";
const HEADS: &str = "SELECT length, head, at_ms, key_id, signature FROM audit_heads WHERE length > ?1 \
     ORDER BY length LIMIT ?2";

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

    async fn list(
        &self,
        user_id: UserId,
        kind: Option<EventKind>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        SqliteStore::read(self, move |connection| list(connection, user_id, kind, before, limit)).await
    }

    async fn list_of_file(
        &self,
        file_id: FileId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<FileLink>, StoreError> {
        SqliteStore::read(self, move |connection| list_of_file(connection, file_id, after, limit)).await
    }

    async fn anchor_of_file(&self, file_id: FileId) -> Result<Anchor, StoreError> {
        SqliteStore::read(self, move |connection| anchor_of_file(connection, file_id)).await
    }

    async fn keep_signed_head(&self, head: &SignedHead) -> Result<(), StoreError> {
        let head = head.clone();
        self.write(move |connection| keep_head(connection, &head)).await
    }

    async fn signed_heads(&self, after: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        let Ok(after) = integer(after) else { return Ok(Vec::new()) };
        SqliteStore::read(self, move |connection| heads(connection, after, limit)).await
    }
}

/// Reads the anchor anew each time: a cached one would be wrong after a rollback.
pub(crate) fn anchor(connection: &Connection) -> Result<Anchor, Failure> {
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
        // Read anew for each event: several of one append may be about one file.
        let of_file = event.file.map(|mark| anchor_of_file(connection, mark.file_id)).transpose()?;
        let link = anchor.link(event, of_file);
        anchor = link.anchor();
        insert_link(&mut insert, &link)?;
    }
    set_anchor(connection, anchor)
}

pub(crate) fn set_anchor(connection: &Connection, anchor: Anchor) -> Result<(), Failure> {
    connection.prepare_cached(SET_ANCHOR)?.execute((integer(anchor.length)?, anchor.head.as_bytes()))?;
    Ok(())
}

/// Writes a link as it is, over one that may stand in its place.
pub(crate) fn put(connection: &Connection, link: &Link) -> Result<(), Failure> {
    connection.prepare_cached("DELETE FROM audit WHERE sequence = ?1")?.execute([integer(link.sequence)?])?;
    let mut insert = connection.prepare_cached(INSERT)?;
    insert_link(&mut insert, link)
}

/// Writes a signed head over one that may stand in its place.
pub(crate) fn put_head(connection: &Connection, head: &SignedHead) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM audit_heads WHERE length = ?1")?
        .execute([integer(head.anchor.length)?])?;
    keep_head(connection, head)
}

pub(crate) fn page(connection: &Connection, after: u64, limit: u32) -> Result<Vec<Link>, Failure> {
    let Ok(after) = integer(after) else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode_link(row)))?;
    rows.map(|row| row?).collect()
}

fn list(
    connection: &Connection,
    user_id: UserId,
    kind: Option<EventKind>,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Link>, Failure> {
    // A place that is too large to be stored comes after every stored one.
    let before = before.and_then(|before| integer(before).ok()).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(if kind.is_some() { LIST_OF_KIND } else { LIST })?;
    let user = user_id.as_bytes();
    let decode = |row: &Row<'_>| Ok(decode_link(row));
    let links = match kind {
        Some(kind) => statement.query_map((user, before, limit, kind.as_str()), decode)?,
        None => statement.query_map((user, before, limit), decode)?,
    };
    links.map(|link| link?).collect()
}

fn list_of_file(
    connection: &Connection,
    file_id: FileId,
    after: u64,
    limit: u32,
) -> Result<Vec<FileLink>, Failure> {
    let Ok(after) = integer(after) else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(LIST_OF_FILE)?;
    let rows = statement.query_map((file_id.as_bytes(), after, limit), |row| Ok(decode_link(row)))?;
    rows.map(|row| FileLink::of(&row??).ok_or(Failure::Damaged("file place"))).collect()
}

fn anchor_of_file(connection: &Connection, file_id: FileId) -> Result<Anchor, Failure> {
    let mut statement = connection.prepare_cached(ANCHOR_OF_FILE)?;
    let stored = statement
        .query_row([file_id.as_bytes()], |row| {
            let mut fields = Fields::unchecked(row);
            Ok(fields
                .number()
                .and_then(|length| Ok(Anchor { length, head: Head::from_bytes(fields.take()?) })))
        })
        .optional()?;
    stored.unwrap_or_else(|| Ok(Anchor::of_file(file_id)))
}

/// Of two heads at one place the first is kept: had the chain been rewritten between them, the second would cover it up.
fn keep_head(connection: &Connection, head: &SignedHead) -> Result<(), Failure> {
    connection.prepare_cached(KEEP_HEAD)?.execute(params_from_iter(encode_head(head)?))?;
    Ok(())
}

/// At most `limit` heads of chains that are longer than `after`; -1 is before all.
pub(crate) fn heads(connection: &Connection, after: i64, limit: u32) -> Result<Vec<SignedHead>, Failure> {
    let mut statement = connection.prepare_cached(HEADS)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode_head(row)))?;
    rows.map(|row| row?).collect()
}
