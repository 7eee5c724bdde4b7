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

/// How many rows one piece removes: some hundredths of a second of the writer's time.
const ROWS_PER_PIECE: u32 = 512;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{completion, file_lists, link_row, requests, share_row, storage, upload_changes};
    use epic_domain::file::{ContentNumber, File, Revision};
    use epic_outbound::files::Since;
    use epic_outbound::uploads::{BeginRight, Beginning, CompletionOutcome};
    use epic_tests::builders::{
        T0, completion as completed, content, link, once, share, upload, upload_id, user, user_id,
    };

    const FILES: u64 = 2_000;
    const _: () = assert!(FILES > 3 * ROWS_PER_PIECE as u64);

    fn uploaded(connection: &Connection, seed: u64) -> File {
        let upload = upload(seed, 1).build();
        let once = once(seed);
        let right = BeginRight::NewFile;
        let begun = upload_changes::begin(connection, &upload, &right, u64::MAX, Some(&once)).unwrap();
        assert_eq!(begun, Beginning::Begun);
        match completion::complete(connection, &completed(&upload, T0)).unwrap() {
            CompletionOutcome::Completed(file) => *file,
            other => panic!("{other:?}"),
        }
    }

    /// Account 1 with more files than a piece holds, each shared with account 2, with a link and an earlier content; and
    /// with an upload of account 2 for it.
    fn filled() -> (Connection, Vec<File>) {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::connection::harden(&connection, 8_192).unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        for seed in [1, 2] {
            user_row::insert(&connection, &user(seed).build()).unwrap();
        }
        let files: Vec<File> = (1..=FILES).map(|seed| uploaded(&connection, seed)).collect();
        for (seed, file) in (1..).zip(&files) {
            let earlier = content(FILES + seed, user_id(1));
            content_row::insert(&connection, file.id, &earlier, T0).unwrap();
            share_row::insert(&connection, &share(seed, file, user_id(2)).build()).unwrap();
            link_row::insert(&connection, &link(seed, file).build()).unwrap();
        }
        let foreign = upload(3 * FILES, 1).sent_by(user_id(2)).build();
        upload_row::insert(&connection, &foreign).unwrap();
        (connection, files)
    }

    fn nothing_is_seen(connection: &Connection, files: &[File]) {
        for (seed, file) in (1..).zip(files) {
            assert_eq!(file_row::find(connection, file.id).unwrap(), None);
            assert_eq!(content_row::find(connection, file.id, ContentNumber::FIRST).unwrap(), None);
            assert_eq!(content_row::page(connection, file.id, None, 10).unwrap(), []);
            assert_eq!(share_row::find_for(connection, file.id, user_id(2)).unwrap(), None);
            assert_eq!(share_row::page(connection, file.id, None, 10, T0).unwrap(), []);
            let link = link(seed, file).build();
            assert_eq!(link_row::find(connection, link.id).unwrap(), None);
            assert_eq!(link_row::find_by_token(connection, &link.token_digest).unwrap(), None);
            let key_digest = once(seed).key_digest;
            assert_eq!(requests::find(connection, user_id(1), &key_digest, T0).unwrap(), None);
        }
        assert_eq!(share_row::incoming(connection, user_id(2), None, 10, T0).unwrap(), []);
        assert_eq!(file_lists::list(connection, user_id(1), false, None, 10).unwrap(), []);
        let all = Since::Revision(Revision::NONE);
        assert_eq!(file_lists::changes(connection, user_id(1), all, 10).unwrap(), []);
        assert_eq!(upload_row::find(connection, upload_id(3 * FILES)).unwrap(), None);
        assert!(storage::Storage::find(connection, user_id(1)).unwrap().is_none());
    }

    fn rows(connection: &Connection, table: &str) -> usize {
        connection
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u32>(0))
            .unwrap() as usize
    }

    #[test]
    fn what_is_not_cleared_away_yet_is_not_seen() {
        let (connection, files) = filled();
        assert!(remove(&connection, user_id(1)).unwrap());
        assert!(are_left(&connection).unwrap());
        assert!(rows(&connection, "files") > 0);
        nothing_is_seen(&connection, &files);
        assert!(!remove(&connection, user_id(1)).unwrap());
    }

    #[test]
    fn piece_by_piece_nothing_is_left_but_doomed_blobs() {
        let (connection, files) = filled();
        remove(&connection, user_id(1)).unwrap();
        let mut doomed = rows(&connection, "doomed_blobs");
        while are_left(&connection).unwrap() {
            let before = doomed;
            clear_next(&connection).unwrap();
            doomed = rows(&connection, "doomed_blobs");
            assert!(doomed - before <= ROWS_PER_PIECE as usize);
        }
        nothing_is_seen(&connection, &files);
        for table in
            ["files", "versions", "shares", "links", "uploads", "requests", "removed_files", "storage"]
        {
            assert_eq!(rows(&connection, table), 0, "{table}");
        }
        assert_eq!(doomed, 2 * files.len() + 1);
    }

    #[test]
    fn a_recipient_who_goes_leaves_no_shares() {
        let (connection, files) = filled();
        assert!(remove(&connection, user_id(2)).unwrap());
        let file = files.last().unwrap();
        assert_eq!(share_row::find_for(&connection, file.id, user_id(2)).unwrap(), None);
        assert_eq!(share_row::page(&connection, file.id, None, 10, T0).unwrap(), []);
        while are_left(&connection).unwrap() {
            clear_next(&connection).unwrap();
        }
        assert_eq!((rows(&connection, "shares"), rows(&connection, "uploads")), (0, 0));
        assert_eq!(file_row::find(&connection, file.id).unwrap().as_ref(), Some(file));
        assert_eq!(rows(&connection, "files"), files.len());
    }
}
