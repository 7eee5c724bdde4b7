//! Shares as rows.

use crate::error::Failure;
use crate::file_lists::place;
use crate::file_row::{self, file_columns};
use crate::rows::{Columns, Fields, millis};
use crate::statements::statements;
use epic_domain::Timestamp;
use epic_domain::file::{EncryptedDataKey, File, Permission, Share};
use epic_domain::id::{FileId, ShareId, UserId};
use epic_outbound::files::Position;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Params, Row, params_from_iter};

/// The columns of a share, in the order in which they are decoded.
macro_rules! columns {
    () => {
        "shares.id, shares.file_id, shares.owner_id, shares.recipient_id, shares.recipient_key_id, \
         shares.encrypted_data_key, shares.permission, shares.expires_at_ms, shares.created_at_ms, \
         shares.checksum"
    };
}

/// That neither the owner nor the recipient has gone: then nobody sees the share, cleared away or not.
macro_rules! both_are_there {
    () => {
        "EXISTS (SELECT 1 FROM users WHERE users.id = shares.owner_id) \
         AND EXISTS (SELECT 1 FROM users WHERE users.id = shares.recipient_id)"
    };
}

statements! {
    BY_ID = concat!("SELECT ", columns!(), " FROM shares WHERE id = ?1 AND ", both_are_there!());
    BY_RECIPIENT = concat!(
        "SELECT ", columns!(), " FROM shares WHERE file_id = ?1 AND recipient_id = ?2 AND ", both_are_there!()
    );
    PAGE = concat!(
        "SELECT ", columns!(), " FROM shares INDEXED BY shares_by_file WHERE file_id = ?1 \
         AND (created_at_ms, id) < (?2, ?3) AND (expires_at_ms IS NULL OR expires_at_ms > ?4) AND ",
        both_are_there!(), " ORDER BY created_at_ms DESC, id DESC LIMIT ?5"
    );
    PAGE_OF_ALL = concat!("SELECT ", columns!(), " FROM shares WHERE id > ?1 ORDER BY id LIMIT ?2");
    /// The order of the join is fixed, as CROSS JOIN does: shares lead to files.
    INCOMING = concat!(
        "SELECT ", columns!(), ", ", file_columns!(), " FROM shares INDEXED BY shares_by_recipient \
         CROSS JOIN files ON files.id = shares.file_id WHERE shares.recipient_id = ?1 \
         AND (shares.created_at_ms, shares.id) < (?2, ?3) \
         AND (shares.expires_at_ms IS NULL OR shares.expires_at_ms > ?4) AND files.trashed_at_ms IS NULL AND ",
        both_are_there!(), " ORDER BY shares.created_at_ms DESC, shares.id DESC LIMIT ?5"
    );
    /// The rule is the domain's `is_live_at`, told to the index: it alone is read.
    COUNT_LIVE = "SELECT count(*) FROM shares INDEXED BY shares_by_file WHERE file_id = ?1 \
         AND (expires_at_ms IS NULL OR expires_at_ms > ?2)";
    INSERT = "INSERT INTO shares (id, file_id, owner_id, recipient_id, recipient_key_id, encrypted_data_key, \
         permission, expires_at_ms, created_at_ms, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    UPDATE = "UPDATE shares SET (recipient_key_id, encrypted_data_key, permission, expires_at_ms, created_at_ms, \
         checksum) = (?5, ?6, ?7, ?8, ?9, ?10) WHERE id = ?1";
    DELETE = "DELETE FROM shares WHERE id = ?1";
    DELETE_EXPIRED = "DELETE FROM shares WHERE id IN (SELECT id FROM shares INDEXED BY shares_by_expiry \
         WHERE expires_at_ms <= ?1 LIMIT ?2)";
}

/// Columns before the checksum.
const WIDTH: usize = 9;

pub(crate) fn find(connection: &Connection, share_id: ShareId) -> Result<Option<Share>, Failure> {
    find_by(connection, BY_ID, [share_id.as_bytes()])
}

pub(crate) fn find_for(
    connection: &Connection,
    file_id: FileId,
    recipient: UserId,
) -> Result<Option<Share>, Failure> {
    find_by(connection, BY_RECIPIENT, (file_id.as_bytes(), recipient.as_bytes()))
}

fn find_by(connection: &Connection, query: &str, params: impl Params) -> Result<Option<Share>, Failure> {
    let mut statement = connection.prepare_cached(query)?;
    statement.query_row(params, |row| Ok(decode(row))).optional()?.transpose()
}

/// A page of a file's shares that are live at `now`.
pub(crate) fn page(
    connection: &Connection,
    file_id: FileId,
    after: Option<Position>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Share>, Failure> {
    let (at, id) = place(after);
    let mut statement = connection.prepare_cached(PAGE)?;
    let params = (file_id.as_bytes(), at, id, millis(now), limit);
    let rows = statement.query_map(params, |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// A page of a recipient's shares that are live at `now`, each with its file, unless it lies in the trash.
pub(crate) fn incoming(
    connection: &Connection,
    recipient: UserId,
    after: Option<Position>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<(Share, File)>, Failure> {
    let (at, id) = place(after);
    let mut statement = connection.prepare_cached(INCOMING)?;
    let params = (recipient.as_bytes(), at, id, millis(now), limit);
    let rows = statement.query_map(params, |row| Ok((decode(row), file_row::decode_from(row, WIDTH + 1))))?;
    rows.map(|row| row.map(|(share, file)| Ok((share?, file?)))?).collect()
}

/// At most `limit` shares whose ids follow `after`, in their order. Every id follows the empty one.
pub(crate) fn page_of_all(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Share>, Failure> {
    let mut statement = connection.prepare_cached(PAGE_OF_ALL)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn count_live(connection: &Connection, file_id: FileId, now: Timestamp) -> Result<u32, Failure> {
    let mut statement = connection.prepare_cached(COUNT_LIVE)?;
    Ok(statement.query_row((file_id.as_bytes(), millis(now)), |row| row.get(0))?)
}

pub(crate) fn insert(connection: &Connection, share: &Share) -> Result<(), Failure> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(encode(share)?))?;
    Ok(())
}

/// Writes a share over the one with its id, which is of the same file and with the same recipient.
pub(crate) fn update(connection: &Connection, share: &Share) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE)?.execute(params_from_iter(encode(share)?))?;
    Ok(())
}

pub(crate) fn delete(connection: &Connection, share_id: ShareId) -> Result<(), Failure> {
    connection.prepare_cached(DELETE)?.execute([share_id.as_bytes()])?;
    Ok(())
}

pub(crate) fn delete_expired(connection: &Connection, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let removed = connection.prepare_cached(DELETE_EXPIRED)?.execute((millis(now), limit))?;
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}

fn encode(share: &Share) -> Result<Vec<ToSqlOutput<'_>>, Failure> {
    Ok(Columns::default()
        .bytes(share.id.as_bytes())
        .bytes(share.file_id.as_bytes())
        .bytes(share.owner.as_bytes())
        .bytes(share.recipient.as_bytes())
        .bytes(&share.recipient_key_id)
        .bytes(share.encrypted_data_key.as_bytes())
        .text(share.permission.as_str())
        .optional_time(share.expires_at)?
        .time(share.created_at)?
        .with_checksum())
}

fn decode(row: &Row<'_>) -> Result<Share, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(Share {
        id: ShareId::from_bytes(fields.take()?),
        file_id: FileId::from_bytes(fields.take()?),
        owner: UserId::from_bytes(fields.take()?),
        recipient: UserId::from_bytes(fields.take()?),
        recipient_key_id: fields.take()?,
        encrypted_data_key: fields.parse("data key", |bytes: Vec<u8>| EncryptedDataKey::parse(&bytes))?,
        permission: fields.parse("permission", |text: String| Permission::parse(&text))?,
        expires_at: fields.optional_time()?,
        created_at: fields.time()?,
    })
}
