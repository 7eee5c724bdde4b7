//! The mark of a store that others are moving into. Its table is there for as long as the move takes.

use crate::OpenError;
use crate::error::Failure;
use crate::moving_export::page;
use crate::rows::{Columns, Fields};
use epic_domain::Timestamp;
use epic_domain::audit::{Anchor, Head};
use epic_domain::moving::{Key, Kind, Mark, Progress, Record};
use epic_outbound::moving::MoveBeginning;
use rusqlite::{Connection, Row, params_from_iter};

const IS_THERE: &str = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'moving'";
/// The kind is null until a page is there, the key while there was nothing to move of the kind.
const MAKE: &str = "CREATE TABLE moving (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1), source_length INTEGER NOT NULL, \
     source_head BLOB NOT NULL, began_at_ms INTEGER NOT NULL, kind TEXT, last_key BLOB, checksum INTEGER NOT NULL) STRICT";
const TAKE_AWAY: &str = "DROP TABLE IF EXISTS moving";
const FIND: &str =
    "SELECT source_length, source_head, began_at_ms, kind, last_key, checksum FROM moving WHERE id = 1";
const SAVE: &str = "INSERT OR REPLACE INTO moving (id, source_length, source_head, began_at_ms, kind, last_key, checksum) \
     VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)";

/// Columns before the checksum.
const WIDTH: usize = 5;

/// Refuses a store that is half-moved.
///
/// # Errors
/// [`OpenError::HalfMoved`], otherwise what SQLite reports.
pub(crate) fn refuse(connection: &Connection) -> Result<(), OpenError> {
    if is_there(connection)? { Err(OpenError::HalfMoved) } else { Ok(()) }
}

fn is_there(connection: &Connection) -> Result<bool, Failure> {
    // Not kept compiled: it is asked twice in the life of a store.
    Ok(connection.prepare(IS_THERE)?.exists([])?)
}

pub(crate) fn begin(
    connection: &Connection,
    source: Anchor,
    now: Timestamp,
) -> Result<MoveBeginning, Failure> {
    if is_there(connection)? {
        let mark = find(connection)?;
        return Ok(if mark.source == source {
            MoveBeginning::Begun(mark)
        } else {
            MoveBeginning::OtherSource
        });
    }
    if !is_empty(connection)? {
        return Ok(MoveBeginning::Occupied);
    }
    connection.execute(MAKE, [])?;
    let mark = Mark { source, began_at: now, progress: None };
    save(connection, &mark)?;
    Ok(MoveBeginning::Begun(mark))
}

pub(crate) fn note(connection: &Connection, progress: Progress) -> Result<(), Failure> {
    let mark = find(connection)?;
    save(connection, &Mark { progress: Some(progress), ..mark })
}

pub(crate) fn take_away(connection: &Connection) -> Result<(), Failure> {
    connection.execute(TAKE_AWAY, [])?;
    Ok(())
}

fn is_empty(connection: &Connection) -> Result<bool, Failure> {
    for kind in Kind::ALL {
        match page(connection, *kind, None, 1)?.first() {
            None => {}
            Some(Record::Anchor(anchor)) if *anchor == Anchor::empty() => {}
            Some(_) => return Ok(false),
        }
    }
    Ok(true)
}

fn find(connection: &Connection) -> Result<Mark, Failure> {
    connection.query_row(FIND, [], |row| Ok(decode(row)))?
}

fn save(connection: &Connection, mark: &Mark) -> Result<(), Failure> {
    let Mark { source, began_at, progress } = mark;
    let last = progress.and_then(|progress| progress.last).map(|key| key.to_bytes());
    let row = Columns::default()
        .number(source.length)?
        .bytes(source.head.as_bytes())
        .time(*began_at)?
        .optional_text(progress.map(|progress| progress.kind.as_str()))
        .optional_bytes(last.as_ref().map(<[u8; 48]>::as_slice))
        .with_checksum();
    connection.execute(SAVE, params_from_iter(row))?;
    Ok(())
}

fn decode(row: &Row<'_>) -> Result<Mark, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    let source = Anchor { length: fields.number()?, head: Head::from_bytes(fields.take()?) };
    let began_at = fields.time()?;
    let kind =
        fields.parse("kind", |text: Option<String>| text.map(|text| Kind::parse(&text)).transpose())?;
    let last: Option<[u8; 48]> = fields.take()?;
    let last = last.map(|bytes| Key::from_bytes(&bytes));
    Ok(Mark { source, began_at, progress: kind.map(|kind| Progress { kind, last }) })
}
