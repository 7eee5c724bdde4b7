//! Contents as columns of a file, and earlier ones as rows of their own.

use crate::error::Failure;
use crate::file_row::owner_is_there;
use crate::rows::{Columns, Fields, millis};
use crate::statements::statements;
use epic_domain::Timestamp;
use epic_domain::file::{Content, ContentDigest, ContentNumber, EncryptedDataKey};
use epic_domain::id::{BlobId, FileId, UserId};
use epic_domain::moving::EarlierContent;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

macro_rules! columns {
    () => {
        "versions.file_id, versions.number, versions.blob_id, versions.size_bytes, versions.digest, \
         versions.encrypted_data_key, versions.written_by, versions.written_at_ms, versions.superseded_at_ms, \
         versions.checksum"
    };
}

statements! {
    BY_NUMBER = concat!(
        "SELECT ", columns!(), " FROM files CROSS JOIN versions ON versions.file_id = files.id \
         WHERE files.id = ?1 AND versions.number = ?2 AND ", owner_is_there!()
    );
    ANY_BY_NUMBER = concat!("SELECT ", columns!(), " FROM versions WHERE file_id = ?1 AND number = ?2");
    PAGE = concat!(
        "SELECT ", columns!(), " FROM files CROSS JOIN versions ON versions.file_id = files.id \
         WHERE files.id = ?1 AND versions.number < ?2 AND ", owner_is_there!(),
        " ORDER BY versions.number DESC LIMIT ?3"
    );
    OF_FILE = concat!("SELECT ", columns!(), " FROM versions WHERE file_id = ?1 ORDER BY number LIMIT ?2");
    PAGE_OF_ALL = concat!(
        "SELECT ", columns!(), " FROM versions WHERE (file_id, number) > (?1, ?2) ORDER BY file_id, number LIMIT ?3"
    );
    OLD = "SELECT file_id, number FROM versions INDEXED BY versions_by_end WHERE superseded_at_ms <= ?1 \
         ORDER BY superseded_at_ms LIMIT ?2";
    INSERT = "INSERT INTO versions (file_id, number, blob_id, size_bytes, digest, encrypted_data_key, written_by, \
         written_at_ms, superseded_at_ms, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    DELETE = "DELETE FROM versions WHERE file_id = ?1 AND number = ?2";
}

/// Columns before the checksum.
const WIDTH: usize = 9;

/// Adds a content's columns: number, blob, size, digest, data key, writer, time.
pub(crate) fn encode_content<'a>(columns: Columns<'a>, content: &'a Content) -> Result<Columns<'a>, Failure> {
    columns
        .number(content.number.get().into())?
        .bytes(content.blob_id.as_bytes())
        .number(content.size_bytes)?
        .bytes(content.digest.as_bytes())
        .bytes(content.encrypted_data_key.as_bytes())
        .bytes(content.written_by.as_bytes())
        .time(content.written_at)
}

pub(crate) fn decode_content(fields: &mut Fields<'_>) -> Result<Content, Failure> {
    Ok(Content {
        number: ContentNumber::from_number(fields.small_number()?),
        blob_id: BlobId::from_bytes(fields.take()?),
        size_bytes: fields.number()?,
        digest: ContentDigest::from_bytes(fields.take()?),
        encrypted_data_key: fields.parse("data key", |bytes: Vec<u8>| EncryptedDataKey::parse(&bytes))?,
        written_by: UserId::from_bytes(fields.take()?),
        written_at: fields.time()?,
    })
}

pub(crate) fn find(
    connection: &Connection,
    file_id: FileId,
    number: ContentNumber,
) -> Result<Option<Content>, Failure> {
    find_by(connection, BY_NUMBER, file_id, number)
}

/// The content, whether anyone may see the file or not.
pub(crate) fn find_any(
    connection: &Connection,
    file_id: FileId,
    number: ContentNumber,
) -> Result<Option<Content>, Failure> {
    find_by(connection, ANY_BY_NUMBER, file_id, number)
}

fn find_by(
    connection: &Connection,
    query: &str,
    file_id: FileId,
    number: ContentNumber,
) -> Result<Option<Content>, Failure> {
    let mut statement = connection.prepare_cached(query)?;
    let found = statement.query_row((file_id.as_bytes(), number.get()), |row| Ok(decode(row))).optional()?;
    found.transpose()
}

/// At most `limit` earlier contents, the newest first, before a number.
pub(crate) fn page(
    connection: &Connection,
    file_id: FileId,
    before: Option<ContentNumber>,
    limit: u32,
) -> Result<Vec<Content>, Failure> {
    let before = before.map_or(i64::MAX, |number| number.get().into());
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((file_id.as_bytes(), before, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// At most `limit` earlier contents, whether anyone may see the file or not.
pub(crate) fn of_file(connection: &Connection, file_id: FileId, limit: u32) -> Result<Vec<Content>, Failure> {
    let mut statement = connection.prepare_cached(OF_FILE)?;
    let rows = statement.query_map((file_id.as_bytes(), limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// At most `limit` earlier contents that follow the one with this number of this file, by file and number. The empty id and
/// -1 come before all.
pub(crate) fn page_of_all(
    connection: &Connection,
    (file_id, number): (&[u8], i64),
    limit: u32,
) -> Result<Vec<EarlierContent>, Failure> {
    let mut statement = connection.prepare_cached(PAGE_OF_ALL)?;
    let rows = statement.query_map((file_id, number, limit), |row| Ok(decode_earlier(row)))?;
    rows.map(|row| row?).collect()
}

/// At most `limit` contents that were superseded at `superseded_until` or before.
pub(crate) fn old(
    connection: &Connection,
    superseded_until: Timestamp,
    limit: u32,
) -> Result<Vec<(FileId, ContentNumber)>, Failure> {
    let mut statement = connection.prepare_cached(OLD)?;
    let rows = statement.query_map((millis(superseded_until), limit), |row| {
        Ok((FileId::from_bytes(row.get(0)?), ContentNumber::from_number(row.get(1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn insert(
    connection: &Connection,
    file_id: FileId,
    content: &Content,
    superseded_at: Timestamp,
) -> Result<(), Failure> {
    let columns = encode_content(Columns::default().bytes(file_id.as_bytes()), content)?;
    let row = columns.time(superseded_at)?.with_checksum();
    connection.prepare_cached(INSERT)?.execute(params_from_iter(row))?;
    Ok(())
}

/// Removes the row alone: its blob is to be doomed and its bytes freed in the same step.
pub(crate) fn delete(connection: &Connection, file_id: FileId, number: ContentNumber) -> Result<(), Failure> {
    connection.prepare_cached(DELETE)?.execute((file_id.as_bytes(), number.get()))?;
    Ok(())
}

fn decode(row: &Row<'_>) -> Result<Content, Failure> {
    decode_earlier(row).map(|earlier| earlier.content)
}

fn decode_earlier(row: &Row<'_>) -> Result<EarlierContent, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(EarlierContent {
        file_id: FileId::from_bytes(fields.take()?),
        content: decode_content(&mut fields)?,
        superseded_at: fields.time()?,
    })
}
