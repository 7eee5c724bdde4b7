//! An owner's files page by page: by age, and by change.

use crate::error::Failure;
use crate::file_row::{decode, file_columns};
use crate::rows::{Columns, Fields, integer, millis};
use crate::statements::statements;
use epic_domain::file::{File, FileChange, Revision};
use epic_domain::id::{FileId, UserId};
use epic_domain::moving::RemovedFile;
use epic_outbound::files::{Position, Since};
use rusqlite::{Connection, Row, params_from_iter};

/// That the account is there: nobody sees the files of one that is removed, cleared away or not.
macro_rules! account_is_there {
    () => {
        "EXISTS (SELECT 1 FROM users WHERE users.id = ?1)"
    };
}

/// The columns of a removal, in the order in which they are decoded.
macro_rules! removal_columns {
    () => {
        "owner_id, revision, file_id, at_ms, ordered_at_ms, checksum"
    };
}

statements! {
    AT_HAND = concat!(
        "SELECT ", file_columns!(), " FROM files INDEXED BY files_at_hand WHERE owner_id = ?1 \
         AND trashed_at_ms IS NULL AND (created_at_ms, id) < (?2, ?3) AND ", account_is_there!(),
        " ORDER BY created_at_ms DESC, id DESC LIMIT ?4"
    );
    IN_TRASH = concat!(
        "SELECT ", file_columns!(), " FROM files INDEXED BY files_in_trash WHERE owner_id = ?1 \
         AND trashed_at_ms IS NOT NULL AND (created_at_ms, id) < (?2, ?3) AND ", account_is_there!(),
        " ORDER BY created_at_ms DESC, id DESC LIMIT ?4"
    );
    AFTER_REVISION = concat!(
        "SELECT ", file_columns!(), " FROM files INDEXED BY files_by_revision WHERE owner_id = ?1 AND revision > ?2 \
         AND ", account_is_there!(), " ORDER BY revision LIMIT ?3"
    );
    FROM_TIME = concat!(
        "SELECT ", file_columns!(), " FROM files INDEXED BY files_by_time WHERE owner_id = ?1 \
         AND ordered_at_ms >= ?2 AND ", account_is_there!(), " ORDER BY ordered_at_ms, revision LIMIT ?3"
    );
    REMOVED_AFTER_REVISION = concat!(
        "SELECT ", removal_columns!(), " FROM removed_files WHERE owner_id = ?1 AND revision > ?2 AND ",
        account_is_there!(), " ORDER BY revision LIMIT ?3"
    );
    REMOVED_FROM_TIME = concat!(
        "SELECT ", removal_columns!(), " FROM removed_files INDEXED BY removed_files_by_time WHERE owner_id = ?1 \
         AND ordered_at_ms >= ?2 AND ", account_is_there!(), " ORDER BY ordered_at_ms, revision LIMIT ?3"
    );
    REMEMBER_REMOVAL = concat!(
        "INSERT INTO removed_files (", removal_columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    );
    REMOVALS = concat!(
        "SELECT ", removal_columns!(), " FROM removed_files WHERE (owner_id, revision) > (?1, ?2) \
         ORDER BY owner_id, revision LIMIT ?3"
    );
    FORGET_REMOVAL = "DELETE FROM removed_files WHERE owner_id = ?1 AND revision = ?2";
}

/// Columns of a removal before the checksum.
const REMOVAL_WIDTH: usize = 5;

/// A place as it is bound: its time and id. Without one it comes before everything.
pub(crate) fn place(after: Option<Position>) -> (i64, [u8; 16]) {
    after.map_or((i64::MAX, [0xFF; 16]), |position| (millis(position.at), position.id))
}

pub(crate) fn list(
    connection: &Connection,
    owner: UserId,
    trashed: bool,
    after: Option<Position>,
    limit: u32,
) -> Result<Vec<File>, Failure> {
    let (at, id) = place(after);
    let mut statement = connection.prepare_cached(if trashed { IN_TRASH } else { AT_HAND })?;
    let rows = statement.query_map((owner.as_bytes(), at, id, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// Changes from two tables, read as of one moment and merged.
pub(crate) fn changes(
    connection: &Connection,
    owner: UserId,
    since: Since,
    limit: u32,
) -> Result<Vec<FileChange>, Failure> {
    let (present, removed, from) = match since {
        Since::Revision(revision) => {
            let Ok(revision) = integer(revision.get()) else { return Ok(Vec::new()) };
            (AFTER_REVISION, REMOVED_AFTER_REVISION, revision)
        }
        Since::Time(time) => (FROM_TIME, REMOVED_FROM_TIME, millis(time)),
    };
    let _snapshot = connection.unchecked_transaction()?;
    let decode_present = |row: &Row<'_>| Ok(FileChange::Present(Box::new(decode(row)?)));
    let mut changes = some_changes(connection, present, owner, from, limit, decode_present)?;
    changes.extend(some_changes(connection, removed, owner, from, limit, decode_removal)?);
    changes.sort_unstable_by_key(FileChange::revision);
    changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(changes)
}

fn some_changes(
    connection: &Connection,
    statement: &str,
    owner: UserId,
    from: i64,
    limit: u32,
    decode: impl Fn(&Row<'_>) -> Result<FileChange, Failure>,
) -> Result<Vec<FileChange>, Failure> {
    let mut statement = connection.prepare_cached(statement)?;
    let rows = statement.query_map((owner.as_bytes(), from, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// Remembers that a file was removed, as a change of its owner's files.
pub(crate) fn remember_removal(connection: &Connection, removed: &RemovedFile) -> Result<(), Failure> {
    let row = Columns::default()
        .bytes(removed.owner.as_bytes())
        .number(removed.revision.get())?
        .bytes(removed.file_id.as_bytes())
        .time(removed.at)?
        .time(removed.ordered_at)?
        .with_checksum();
    connection.prepare_cached(REMEMBER_REMOVAL)?.execute(params_from_iter(row))?;
    Ok(())
}

/// Writes a removal over one that may be there.
pub(crate) fn put_removal(connection: &Connection, removed: &RemovedFile) -> Result<(), Failure> {
    connection
        .prepare_cached(FORGET_REMOVAL)?
        .execute((removed.owner.as_bytes(), integer(removed.revision.get())?))?;
    remember_removal(connection, removed)
}

/// At most `limit` removals that follow this revision of this owner, by owner and revision. The empty id and -1 come before
/// all.
pub(crate) fn page_of_removals(
    connection: &Connection,
    (owner, revision): (&[u8], i64),
    limit: u32,
) -> Result<Vec<RemovedFile>, Failure> {
    let mut statement = connection.prepare_cached(REMOVALS)?;
    let rows = statement.query_map((owner, revision, limit), |row| Ok(decode_removed(row)))?;
    rows.map(|row| row?).collect()
}

fn decode_removal(row: &Row<'_>) -> Result<FileChange, Failure> {
    let RemovedFile { file_id, revision, at, .. } = decode_removed(row)?;
    Ok(FileChange::Removed { file_id, revision, at })
}

fn decode_removed(row: &Row<'_>) -> Result<RemovedFile, Failure> {
    let mut fields = Fields::checked(row, REMOVAL_WIDTH)?;
    Ok(RemovedFile {
        owner: UserId::from_bytes(fields.take()?),
        revision: Revision::from_number(fields.number()?),
        file_id: FileId::from_bytes(fields.take()?),
        at: fields.time()?,
        ordered_at: fields.time()?,
    })
}
