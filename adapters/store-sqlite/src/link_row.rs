//! Links as rows.

use crate::error::Failure;
use crate::file_lists::place;
use crate::file_row::{self, file_columns, owner_is_there};
use crate::rows::{Columns, Fields, millis};
use crate::statements::statements;
use epic_domain::Timestamp;
use epic_domain::file::{File, Link, LinkTokenDigest};
use epic_domain::id::{FileId, LinkId, UserId};
use epic_outbound::files::Position;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

/// The columns of a link, in the order in which they are decoded.
macro_rules! columns {
    () => {
        "links.id, links.file_id, links.owner_id, links.token_digest, links.expires_at_ms, links.max_downloads, \
         links.created_at_ms, links.downloads, links.checksum"
    };
}

/// That the owner has not gone: then nobody sees the link, cleared away or not.
macro_rules! link_owner_is_there {
    () => {
        "EXISTS (SELECT 1 FROM users WHERE users.id = links.owner_id)"
    };
}

statements! {
    BY_ID = concat!("SELECT ", columns!(), " FROM links WHERE id = ?1 AND ", link_owner_is_there!());
    BY_TOKEN = concat!(
        "SELECT ", columns!(), ", ", file_columns!(), " FROM links CROSS JOIN files ON files.id = links.file_id \
         WHERE links.token_digest = ?1 AND ", owner_is_there!()
    );
    PAGE = concat!(
        "SELECT ", columns!(), " FROM links INDEXED BY links_by_file WHERE file_id = ?1 \
         AND (created_at_ms, id) < (?2, ?3) AND ", link_owner_is_there!(),
        " ORDER BY created_at_ms DESC, id DESC LIMIT ?4"
    );
    PAGE_OF_ALL = concat!("SELECT ", columns!(), " FROM links WHERE id > ?1 ORDER BY id LIMIT ?2");
    INSERT = "INSERT INTO links (id, file_id, owner_id, token_digest, expires_at_ms, max_downloads, created_at_ms, \
         downloads, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    UPDATE = "UPDATE links SET (downloads, checksum) = (?8, ?9) WHERE id = ?1";
    DELETE = "DELETE FROM links WHERE id = ?1";
    DELETE_EXPIRED = "DELETE FROM links WHERE id IN (SELECT id FROM links INDEXED BY links_by_expiry \
         WHERE expires_at_ms <= ?1 LIMIT ?2)";
}

/// Columns before the checksum.
const WIDTH: usize = 8;

pub(crate) fn find(connection: &Connection, link_id: LinkId) -> Result<Option<Link>, Failure> {
    let mut statement = connection.prepare_cached(BY_ID)?;
    statement.query_row([link_id.as_bytes()], |row| Ok(decode(row))).optional()?.transpose()
}

pub(crate) fn find_by_token(
    connection: &Connection,
    token: &LinkTokenDigest,
) -> Result<Option<(Link, File)>, Failure> {
    let mut statement = connection.prepare_cached(BY_TOKEN)?;
    let found = statement
        .query_row([token.as_bytes()], |row| Ok((decode(row), file_row::decode_from(row, WIDTH + 1))))
        .optional()?;
    found.map(|(link, file)| Ok((link?, file?))).transpose()
}

pub(crate) fn page(
    connection: &Connection,
    file_id: FileId,
    after: Option<Position>,
    limit: u32,
) -> Result<Vec<Link>, Failure> {
    let (at, id) = place(after);
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((file_id.as_bytes(), at, id, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// At most `limit` links whose ids follow `after`, in their order. Every id follows the empty one.
pub(crate) fn page_of_all(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Link>, Failure> {
    let mut statement = connection.prepare_cached(PAGE_OF_ALL)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn insert(connection: &Connection, link: &Link) -> Result<(), Failure> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(encode(link)?))?;
    Ok(())
}

/// Writes how many downloads a link has had.
pub(crate) fn update(connection: &Connection, link: &Link) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE)?.execute(params_from_iter(encode(link)?))?;
    Ok(())
}

pub(crate) fn delete(connection: &Connection, link_id: LinkId) -> Result<(), Failure> {
    connection.prepare_cached(DELETE)?.execute([link_id.as_bytes()])?;
    Ok(())
}

pub(crate) fn delete_expired(
    connection: &Connection,
    ended_until: Timestamp,
    limit: u32,
) -> Result<u32, Failure> {
    let removed = connection.prepare_cached(DELETE_EXPIRED)?.execute((millis(ended_until), limit))?;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}

fn encode(link: &Link) -> Result<Vec<ToSqlOutput<'_>>, Failure> {
    Ok(Columns::default()
        .bytes(link.id.as_bytes())
        .bytes(link.file_id.as_bytes())
        .bytes(link.owner.as_bytes())
        .bytes(link.token_digest.as_bytes())
        .optional_time(link.expires_at)?
        .optional_number(link.max_downloads.map(u64::from))?
        .time(link.created_at)?
        .number(link.downloads.into())?
        .with_checksum())
}

fn decode(row: &Row<'_>) -> Result<Link, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(Link {
        id: LinkId::from_bytes(fields.take()?),
        file_id: FileId::from_bytes(fields.take()?),
        owner: UserId::from_bytes(fields.take()?),
        token_digest: LinkTokenDigest::from_bytes(fields.take()?),
        expires_at: fields.optional_time()?,
        max_downloads: fields.parse("number", |number: Option<i64>| number.map(u32::try_from).transpose())?,
        created_at: fields.time()?,
        downloads: fields.small_number()?,
    })
}
