//! Uploads as rows.

use crate::error::Failure;
use crate::rows::{Columns, Fields, millis};
use crate::statements::statements;
use epic_domain::Timestamp;
use epic_domain::file::{
    ContentDigest, EncryptedDataKey, EncryptedFilename, Fence, Progress, StageState, Target, Upload,
    UploadSize,
};
use epic_domain::id::{BlobId, FileId, UploadId, UserId};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Params, Row, params_from_iter};

/// Columns that never change, in their order.
macro_rules! fixed {
    () => {
        "id, uploader_id, file_id, owner_id, is_new_file, encrypted_filename, encrypted_data_key, blob_id, \
         is_size_exact, size_bytes, expected_digest, created_at_ms"
    };
}

/// Columns that may change, in their order.
macro_rules! changeable {
    () => {
        "offset_bytes, hash_state, stage, fence, expires_at_ms, is_whole, checksum"
    };
}

/// Their values.
macro_rules! changed {
    () => {
        "?13, ?14, ?15, ?16, ?17, ?18, ?19"
    };
}

/// That neither who sends it nor who will own it has gone: then nobody sees it, cleared away or not.
macro_rules! both_are_there {
    () => {
        "EXISTS (SELECT 1 FROM users WHERE users.id = uploads.uploader_id) \
         AND EXISTS (SELECT 1 FROM users WHERE users.id = uploads.owner_id)"
    };
}

statements! {
    BY_ID = concat!("SELECT ", fixed!(), ", ", changeable!(), " FROM uploads WHERE id = ?1 AND ", both_are_there!());
    OF_UPLOADER = concat!(
        "SELECT ", fixed!(), ", ", changeable!(), " FROM uploads WHERE uploader_id = ?1 LIMIT ?2"
    );
    OF_OWNER = concat!("SELECT ", fixed!(), ", ", changeable!(), " FROM uploads WHERE owner_id = ?1 LIMIT ?2");
    EXPIRED = concat!(
        "SELECT ", fixed!(), ", ", changeable!(), " FROM uploads INDEXED BY uploads_by_expiry WHERE is_whole = 0 \
         AND expires_at_ms <= ?1 ORDER BY expires_at_ms LIMIT ?2"
    );
    WHOLE = concat!(
        "SELECT ", fixed!(), ", ", changeable!(), " FROM uploads INDEXED BY uploads_whole WHERE is_whole = 1 \
         AND created_at_ms >= 0 AND ", both_are_there!(), " ORDER BY created_at_ms LIMIT ?1"
    );
    PAGE = concat!("SELECT ", fixed!(), ", ", changeable!(), " FROM uploads WHERE id > ?1 ORDER BY id LIMIT ?2");
    INSERT = concat!(
        "INSERT INTO uploads (", fixed!(), ", ", changeable!(), ") \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ", changed!(), ")"
    );
    UPDATE = concat!("UPDATE uploads SET (", changeable!(), ") = (", changed!(), ") WHERE id = ?1");
    DELETE = "DELETE FROM uploads WHERE id = ?1";
}

/// Columns before the checksum.
const WIDTH: usize = 18;

pub(crate) fn find(connection: &Connection, upload_id: UploadId) -> Result<Option<Upload>, Failure> {
    let mut statement = connection.prepare_cached(BY_ID)?;
    statement.query_row([upload_id.as_bytes()], |row| Ok(decode(row))).optional()?.transpose()
}

/// At most `limit` uploads that an account sends, whether anyone may see them or not.
pub(crate) fn of_uploader(
    connection: &Connection,
    uploader: UserId,
    limit: u32,
) -> Result<Vec<Upload>, Failure> {
    several(connection, OF_UPLOADER, (uploader.as_bytes(), limit))
}

/// At most `limit` uploads that become an account's, whether anyone may see them or not.
pub(crate) fn of_owner(connection: &Connection, owner: UserId, limit: u32) -> Result<Vec<Upload>, Failure> {
    several(connection, OF_OWNER, (owner.as_bytes(), limit))
}

/// At most `limit` uploads that are not live at `now`.
pub(crate) fn expired(connection: &Connection, now: Timestamp, limit: u32) -> Result<Vec<Upload>, Failure> {
    several(connection, EXPIRED, (millis(now), limit))
}

/// At most `limit` uploads that are whole.
pub(crate) fn whole(connection: &Connection, limit: u32) -> Result<Vec<Upload>, Failure> {
    several(connection, WHOLE, [limit])
}

/// At most `limit` uploads whose ids follow `after`, in their order. Every id follows the empty one.
pub(crate) fn page(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Upload>, Failure> {
    several(connection, PAGE, (after, limit))
}

fn several(connection: &Connection, query: &str, params: impl Params) -> Result<Vec<Upload>, Failure> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(params, |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn insert(connection: &Connection, upload: &Upload) -> Result<(), Failure> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(encode(upload)?))?;
    Ok(())
}

/// Writes how far an upload has come, its fence and its expiry.
pub(crate) fn update(connection: &Connection, upload: &Upload) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE)?.execute(params_from_iter(encode(upload)?))?;
    Ok(())
}

/// Removes the row alone: its blob is to find its place in the same step, and what was set aside to be freed.
pub(crate) fn delete(connection: &Connection, upload_id: UploadId) -> Result<(), Failure> {
    connection.prepare_cached(DELETE)?.execute([upload_id.as_bytes()])?;
    Ok(())
}

fn encode(upload: &Upload) -> Result<Vec<ToSqlOutput<'_>>, Failure> {
    let (is_new_file, name, data_key) = match &upload.target {
        Target::NewFile { encrypted_filename, encrypted_data_key } => {
            (true, Some(encrypted_filename), Some(encrypted_data_key))
        }
        Target::NewContent { encrypted_filename, encrypted_data_key } => {
            (false, encrypted_filename.as_ref(), encrypted_data_key.as_ref())
        }
    };
    let (is_exact, size_bytes) = match upload.size {
        UploadSize::Exactly(bytes) => (true, bytes),
        UploadSize::AtMost(bytes) => (false, bytes),
    };
    Ok(Columns::default()
        .bytes(upload.id.as_bytes())
        .bytes(upload.uploader.as_bytes())
        .bytes(upload.file_id.as_bytes())
        .bytes(upload.owner.as_bytes())
        .flag(is_new_file)
        .optional_bytes(name.map(EncryptedFilename::as_bytes))
        .optional_bytes(data_key.map(EncryptedDataKey::as_bytes))
        .bytes(upload.blob_id.as_bytes())
        .flag(is_exact)
        .number(size_bytes)?
        .optional_bytes(upload.expected_digest.as_ref().map(|digest| digest.as_bytes().as_slice()))
        .time(upload.created_at)?
        .number(upload.progress.offset_bytes)?
        .bytes(&upload.progress.hash_state)
        .bytes(upload.progress.stage.as_bytes())
        .number(upload.fence.get())?
        .time(upload.expires_at)?
        .flag(upload.is_whole())
        .with_checksum())
}

fn decode(row: &Row<'_>) -> Result<Upload, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    let (id, uploader) = (UploadId::from_bytes(fields.take()?), UserId::from_bytes(fields.take()?));
    let (file_id, owner) = (FileId::from_bytes(fields.take()?), UserId::from_bytes(fields.take()?));
    let target = decode_target(&mut fields)?;
    let blob_id = BlobId::from_bytes(fields.take()?);
    let size = match (fields.flag()?, fields.number()?) {
        (true, bytes) => UploadSize::Exactly(bytes),
        (false, bytes) => UploadSize::AtMost(bytes),
    };
    let expected_digest = fields.take::<Option<[u8; 32]>>()?.map(ContentDigest::from_bytes);
    let created_at = fields.time()?;
    let progress = Progress {
        offset_bytes: fields.number()?,
        hash_state: fields.take::<Vec<u8>>()?.into(),
        stage: StageState::from_bytes(fields.take::<Vec<u8>>()?.into()),
    };
    let (fence, expires_at) = (Fence::from_number(fields.number()?), fields.time()?);
    Ok(Upload {
        id,
        uploader,
        file_id,
        owner,
        target,
        blob_id,
        size,
        expected_digest,
        progress,
        fence,
        created_at,
        expires_at,
    })
}

fn decode_target(fields: &mut Fields<'_>) -> Result<Target, Failure> {
    let is_new_file = fields.flag()?;
    let encrypted_filename = fields.parse("name", |bytes: Option<Vec<u8>>| {
        bytes.map(|bytes| EncryptedFilename::parse(&bytes)).transpose()
    })?;
    let encrypted_data_key = fields.parse("data key", |bytes: Option<Vec<u8>>| {
        bytes.map(|bytes| EncryptedDataKey::parse(&bytes)).transpose()
    })?;
    match (is_new_file, encrypted_filename, encrypted_data_key) {
        (true, Some(encrypted_filename), Some(encrypted_data_key)) => {
            Ok(Target::NewFile { encrypted_filename, encrypted_data_key })
        }
        (true, ..) => Err(Failure::Damaged("upload")),
        (false, encrypted_filename, encrypted_data_key) => {
            Ok(Target::NewContent { encrypted_filename, encrypted_data_key })
        }
    }
}
