//! Accounts that go, with all that belongs to them.
//!
//! The account itself goes at once, and from then on nobody sees anything of it. What it leaves behind is cleared away in
//! pieces, so that the writer never stands still for an account with many files: the first piece in the same
//! transaction, the others between the writer's next ones, also after a restart.

use crate::error::Failure;
use crate::file_removal::{drop_file, drop_version};
use crate::rows::integer;
use crate::statements::statements;
use crate::upload_changes::give_up;
use crate::{content_row, file_row, upload_row, user_row};
use epic_domain::id::{FileId, UserId};
use rusqlite::Connection;

statements! {
    REMEMBER = "INSERT INTO removed_accounts (id) VALUES (?1)";
    NEXT = "SELECT id FROM removed_accounts WHERE id > x'' ORDER BY id LIMIT 1";
    IS_LEFT = "SELECT 1 FROM removed_accounts WHERE id = ?1";
    FORGET = "DELETE FROM removed_accounts WHERE id = ?1";
    FILES = "SELECT id FROM files INDEXED BY files_by_revision WHERE owner_id = ?1 LIMIT ?2";
    DELETE_SHARES_OF_FILE = "DELETE FROM shares WHERE id IN (SELECT id FROM shares INDEXED BY shares_by_file \
         WHERE file_id = ?1 LIMIT ?2)";
    DELETE_LINKS_OF_FILE = "DELETE FROM links WHERE id IN (SELECT id FROM links INDEXED BY links_by_file \
         WHERE file_id = ?1 LIMIT ?2)";
    DELETE_INCOMING = "DELETE FROM shares WHERE id IN (SELECT id FROM shares INDEXED BY shares_by_recipient \
         WHERE recipient_id = ?1 LIMIT ?2)";
    DELETE_REMOVALS = "DELETE FROM removed_files WHERE owner_id = ?1 AND revision IN (SELECT revision \
         FROM removed_files WHERE owner_id = ?1 LIMIT ?2)";
    DELETE_REQUESTS = "DELETE FROM requests WHERE owner_id = ?1 AND key_digest IN (SELECT key_digest \
         FROM requests WHERE owner_id = ?1 LIMIT ?2)";
}

/// How many rows one piece removes: a few milliseconds of the writer's time.
const ROWS_PER_PIECE: u32 = 1_024;

/// How many rows the piece may still remove.
struct Room(u32);

impl Room {
    fn spend(&mut self, rows: usize) {
        self.0 = self.0.saturating_sub(u32::try_from(rows).unwrap_or(u32::MAX));
    }

    const fn is_spent(&self) -> bool {
        self.0 == 0
    }
}

/// Removes an account and as much of what it leaves behind as one piece holds; false when it was not there.
pub(crate) fn remove(connection: &Connection, account: UserId) -> Result<bool, Failure> {
    if !user_row::delete(connection, account)? {
        return Ok(false);
    }
    connection.prepare_cached(REMEMBER)?.execute([account.as_bytes()])?;
    clear_piece(connection, account)?;
    Ok(true)
}

/// Clears away all that an earlier account with this id has left behind.
pub(crate) fn make_way(connection: &Connection, account: UserId) -> Result<(), Failure> {
    while connection.prepare_cached(IS_LEFT)?.exists([account.as_bytes()])? {
        clear_piece(connection, account)?;
    }
    Ok(())
}

/// Whether any account has left something behind.
pub(crate) fn are_left(connection: &Connection) -> Result<bool, Failure> {
    Ok(connection.prepare_cached(NEXT)?.exists([])?)
}

/// Clears the next piece away.
pub(crate) fn clear_next(connection: &Connection) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(NEXT)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(()) };
    let account = UserId::from_bytes(row.get(0)?);
    drop(rows);
    clear_piece(connection, account)
}

fn clear_piece(connection: &Connection, account: UserId) -> Result<(), Failure> {
    let mut room = Room(ROWS_PER_PIECE);
    clear_uploads(connection, account, &mut room)?;
    delete_some(connection, DELETE_INCOMING, account.as_bytes(), &mut room)?;
    clear_files(connection, account, &mut room)?;
    delete_some(connection, DELETE_REMOVALS, account.as_bytes(), &mut room)?;
    delete_some(connection, DELETE_REQUESTS, account.as_bytes(), &mut room)?;
    if !room.is_spent() {
        connection.prepare_cached(FORGET)?.execute([account.as_bytes()])?;
    }
    Ok(())
}

/// Those that the account sends, and those of others that would have become its own.
fn clear_uploads(connection: &Connection, account: UserId, room: &mut Room) -> Result<(), Failure> {
    for some_of in [upload_row::of_uploader, upload_row::of_owner] {
        let uploads = some_of(connection, account, room.0)?;
        room.spend(uploads.len());
        for upload in uploads {
            give_up(connection, &upload)?;
        }
    }
    Ok(())
}

fn clear_files(connection: &Connection, account: UserId, room: &mut Room) -> Result<(), Failure> {
    for file_id in files(connection, account, room.0)? {
        if !clear_file(connection, file_id, room)? {
            break;
        }
    }
    Ok(())
}

fn files(connection: &Connection, account: UserId, limit: u32) -> Result<Vec<FileId>, Failure> {
    let mut statement = connection.prepare_cached(FILES)?;
    let rows = statement.query_map((account.as_bytes(), limit), |row| row.get(0).map(FileId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The file goes last, and only while there is room; false when it is still there.
fn clear_file(connection: &Connection, file_id: FileId, room: &mut Room) -> Result<bool, Failure> {
    let versions = content_row::of_file(connection, file_id, room.0)?;
    room.spend(versions.len());
    for content in versions {
        drop_version(connection, file_id, &content)?;
    }
    delete_some(connection, DELETE_SHARES_OF_FILE, file_id.as_bytes(), room)?;
    delete_some(connection, DELETE_LINKS_OF_FILE, file_id.as_bytes(), room)?;
    if room.is_spent() {
        return Ok(false);
    }
    let file = file_row::find_any(connection, file_id)?.ok_or(Failure::Damaged("file"))?;
    drop_file(connection, &file)?;
    room.spend(1);
    Ok(true)
}

fn delete_some(
    connection: &Connection,
    statement: &str,
    of: &[u8; 16],
    room: &mut Room,
) -> Result<(), Failure> {
    let removed = connection.prepare_cached(statement)?.execute((of, integer(room.0.into())?))?;
    room.spend(removed);
    Ok(())
}
