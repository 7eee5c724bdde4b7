//! The port of blobs that are not needed any more.

use crate::SqliteStore;
use crate::error::Failure;
use crate::rows::{Columns, Fields, integer};
use crate::statements::statements;
use async_trait::async_trait;
use epic_domain::file::StageState;
use epic_domain::id::BlobId;
use epic_domain::moving;
use epic_outbound::StoreError;
use epic_outbound::uploads::{BlobLedger, DoomedBlob};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row, params_from_iter};

statements! {
    DOOM = "INSERT INTO doomed_blobs (blob_id, stage, checksum) VALUES (?1, ?2, ?3)";
    DOOMED = "SELECT blob_id, stage, checksum FROM doomed_blobs WHERE sequence > 0 ORDER BY sequence LIMIT ?1";
    /// Places are counted, since sequences have gaps. The list is short: a server at work removes what is on it.
    PAGE = "SELECT blob_id, stage, checksum FROM doomed_blobs WHERE sequence > 0 ORDER BY sequence \
         LIMIT ?2 OFFSET ?1";
    PUT = "INSERT OR REPLACE INTO doomed_blobs (blob_id, stage, checksum, sequence) VALUES (?1, ?2, ?3, ?4)";
    STRIKE_OFF = "DELETE FROM doomed_blobs WHERE blob_id = ?1";
    /// Contents, earlier ones, uploads and doomed blobs, whether anyone may see them or not.
    IS_KNOWN = "SELECT EXISTS (SELECT 1 FROM files WHERE blob_id = ?1) \
         OR EXISTS (SELECT 1 FROM versions WHERE blob_id = ?1) \
         OR EXISTS (SELECT 1 FROM uploads WHERE blob_id = ?1) \
         OR EXISTS (SELECT 1 FROM doomed_blobs WHERE blob_id = ?1)";
}

/// Columns before the checksum.
const WIDTH: usize = 2;

#[async_trait]
impl BlobLedger for SqliteStore {
    async fn doomed(&self, limit: u32) -> Result<Vec<DoomedBlob>, StoreError> {
        self.read(move |connection| doomed(connection, limit)).await
    }

    async fn removed(&self, blobs: &[BlobId]) -> Result<(), StoreError> {
        let blobs = blobs.to_vec();
        self.write(move |connection| strike_off(connection, &blobs)).await
    }

    async fn unknown(&self, blobs: &[BlobId]) -> Result<Vec<BlobId>, StoreError> {
        let blobs = blobs.to_vec();
        self.read(move |connection| unknown(connection, blobs)).await
    }
}

/// Puts a blob on the list, in the step that removes the row which spoke of it.
pub(crate) fn doom(connection: &Connection, blob_id: BlobId, stage: &StageState) -> Result<(), Failure> {
    connection.prepare_cached(DOOM)?.execute(params_from_iter(encode(blob_id, stage)))?;
    Ok(())
}

fn doomed(connection: &Connection, limit: u32) -> Result<Vec<DoomedBlob>, Failure> {
    let mut statement = connection.prepare_cached(DOOMED)?;
    let rows = statement.query_map([limit], |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// At most `limit` doomed blobs that follow the first `after` of them.
pub(crate) fn page(
    connection: &Connection,
    after: u64,
    limit: u32,
) -> Result<Vec<moving::DoomedBlob>, Failure> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((integer(after)?, limit), |row| Ok(decode(row)))?;
    let places = (after..).skip(1);
    rows.zip(places)
        .map(|(row, place)| {
            let DoomedBlob { blob_id, stage } = row??;
            Ok(moving::DoomedBlob { place, blob_id, stage })
        })
        .collect()
}

/// Writes a doomed blob in its place.
pub(crate) fn put(connection: &Connection, doomed: &moving::DoomedBlob) -> Result<(), Failure> {
    let mut row = encode(doomed.blob_id, &doomed.stage);
    row.push(integer(doomed.place)?.into());
    connection.prepare_cached(PUT)?.execute(params_from_iter(row))?;
    Ok(())
}

fn strike_off(connection: &Connection, blobs: &[BlobId]) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(STRIKE_OFF)?;
    for blob_id in blobs {
        statement.execute([blob_id.as_bytes()])?;
    }
    Ok(())
}

/// As of one moment: a blob that moves from a file to the list meanwhile is in one of them.
fn unknown(connection: &Connection, blobs: Vec<BlobId>) -> Result<Vec<BlobId>, Failure> {
    let _snapshot = connection.unchecked_transaction()?;
    let mut statement = connection.prepare_cached(IS_KNOWN)?;
    let mut unknown = Vec::new();
    for blob_id in blobs {
        if !statement.query_row([blob_id.as_bytes()], |row| row.get::<_, bool>(0))? {
            unknown.push(blob_id);
        }
    }
    Ok(unknown)
}

fn encode(blob_id: BlobId, stage: &StageState) -> Vec<ToSqlOutput<'_>> {
    Columns::default().owned_bytes(blob_id.as_bytes()).bytes(stage.as_bytes()).with_checksum()
}

fn decode(row: &Row<'_>) -> Result<DoomedBlob, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(DoomedBlob {
        blob_id: BlobId::from_bytes(fields.take()?),
        stage: StageState::from_bytes(fields.take::<Vec<u8>>()?.into()),
    })
}
