//! Files as rows.

use crate::content_row::{decode_content, encode_content};
use crate::error::Failure;
use crate::rows::{Columns, Fields};
use crate::statements::statements;
use epic_domain::Timestamp;
use epic_domain::file::{EncryptedFilename, File, Ownership, Revision};
use epic_domain::id::{FileId, UserId};
use epic_domain::moving::StoredFile;
use epic_domain::user::Version;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

/// The columns of a file, in the order in which they are decoded.
macro_rules! file_columns {
    () => {
        "files.id, files.owner_id, files.created_at_ms, files.encrypted_filename, files.number, files.blob_id, \
         files.size_bytes, files.digest, files.encrypted_data_key, files.written_by, files.written_at_ms, \
         files.version, files.revision, files.updated_at_ms, files.trashed_at_ms, files.ordered_at_ms, \
         files.checksum"
    };
}
pub(crate) use file_columns;

/// That the file's owner has not gone: nobody sees the files of an account that is removed, cleared away or not.
macro_rules! owner_is_there {
    () => {
        "EXISTS (SELECT 1 FROM users WHERE users.id = files.owner_id)"
    };
}
pub(crate) use owner_is_there;

/// Columns that may change, in their order.
macro_rules! changeable {
    () => {
        "encrypted_filename, number, blob_id, size_bytes, digest, encrypted_data_key, written_by, written_at_ms, \
         version, revision, updated_at_ms, trashed_at_ms, ordered_at_ms, checksum"
    };
}

/// Their values.
macro_rules! changed {
    () => {
        "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17"
    };
}

statements! {
    BY_ID = concat!("SELECT ", file_columns!(), " FROM files WHERE id = ?1 AND ", owner_is_there!());
    ANY_BY_ID = concat!("SELECT ", file_columns!(), " FROM files WHERE id = ?1");
    PAGE = concat!("SELECT ", file_columns!(), " FROM files WHERE id > ?1 ORDER BY id LIMIT ?2");
    INSERT = concat!(
        "INSERT INTO files (id, owner_id, created_at_ms, ", changeable!(), ") VALUES (?1, ?2, ?3, ", changed!(), ")"
    );
    UPDATE = concat!("UPDATE files SET (", changeable!(), ") = (", changed!(), ") WHERE id = ?1");
    DELETE = "DELETE FROM files WHERE id = ?1";
}

/// Columns before the checksum.
const WIDTH: usize = 16;

pub(crate) fn find(connection: &Connection, file_id: FileId) -> Result<Option<File>, Failure> {
    let mut statement = connection.prepare_cached(BY_ID)?;
    statement.query_row([file_id.as_bytes()], |row| Ok(decode(row))).optional()?.transpose()
}

/// The file, whether anyone may see it or not.
pub(crate) fn find_any(connection: &Connection, file_id: FileId) -> Result<Option<File>, Failure> {
    let mut statement = connection.prepare_cached(ANY_BY_ID)?;
    statement.query_row([file_id.as_bytes()], |row| Ok(decode(row))).optional()?.transpose()
}

/// The file that an ownership speaks of.
pub(crate) fn find_owned(connection: &Connection, ownership: &Ownership) -> Result<Option<File>, Failure> {
    let file = find(connection, ownership.file_id())?;
    Ok(file.filter(|file| file.owner == ownership.owner()))
}

/// The file that an ownership speaks of, unless it lies in the trash.
pub(crate) fn find_at_hand(connection: &Connection, ownership: &Ownership) -> Result<Option<File>, Failure> {
    Ok(find_owned(connection, ownership)?.filter(|file| !file.is_trashed()))
}

/// At most `limit` files whose ids follow `after`, in their order, whether anyone may see them or not. Every id follows the
/// empty one.
pub(crate) fn page(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<StoredFile>, Failure> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode_stored(row, 0)))?;
    rows.map(|row| row?).collect()
}

/// Stores a new file, whose change came at `ordered_at` in its owner's order.
pub(crate) fn insert(connection: &Connection, file: &File, ordered_at: Timestamp) -> Result<(), Failure> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(encode(file, ordered_at)?))?;
    Ok(())
}

/// Writes a file over the one with its id.
pub(crate) fn update(connection: &Connection, file: &File, ordered_at: Timestamp) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE)?.execute(params_from_iter(encode(file, ordered_at)?))?;
    Ok(())
}

/// Removes the row, and by the foreign keys its shares and links. It fails while there are earlier contents.
pub(crate) fn delete(connection: &Connection, file_id: FileId) -> Result<(), Failure> {
    connection.prepare_cached(DELETE)?.execute([file_id.as_bytes()])?;
    Ok(())
}

fn encode(file: &File, ordered_at: Timestamp) -> Result<Vec<ToSqlOutput<'_>>, Failure> {
    let columns = Columns::default()
        .bytes(file.id.as_bytes())
        .bytes(file.owner.as_bytes())
        .time(file.created_at)?
        .bytes(file.encrypted_filename.as_bytes());
    Ok(encode_content(columns, &file.content)?
        .number(file.version.number())?
        .number(file.revision.get())?
        .time(file.updated_at)?
        .optional_time(file.trashed_at)?
        .time(ordered_at)?
        .with_checksum())
}

pub(crate) fn decode(row: &Row<'_>) -> Result<File, Failure> {
    decode_from(row, 0)
}

/// The file whose columns begin at column `first` of a joined row.
pub(crate) fn decode_from(row: &Row<'_>, first: usize) -> Result<File, Failure> {
    decode_stored(row, first).map(|stored| stored.file)
}

fn decode_stored(row: &Row<'_>, first: usize) -> Result<StoredFile, Failure> {
    let mut fields = Fields::checked_from(row, first, WIDTH)?;
    let (id, owner) = (FileId::from_bytes(fields.take()?), UserId::from_bytes(fields.take()?));
    let created_at = fields.time()?;
    let file = File {
        id,
        owner,
        encrypted_filename: fields.parse("name", |bytes: Vec<u8>| EncryptedFilename::parse(&bytes))?,
        content: decode_content(&mut fields)?,
        version: Version::from_number(fields.number()?),
        revision: Revision::from_number(fields.number()?),
        created_at,
        updated_at: fields.time()?,
        trashed_at: fields.optional_time()?,
    };
    Ok(StoredFile { file, ordered_at: fields.time()? })
}
