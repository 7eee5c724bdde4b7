//! The port of blobs that are not needed any more.

use crate::SqliteStore;
use crate::error::Failure;
use crate::rows::{Columns, Fields};
use crate::statements::statements;
use async_trait::async_trait;
use epic_domain::file::StageState;
use epic_domain::id::BlobId;
use epic_outbound::StoreError;
use epic_outbound::uploads::{BlobLedger, DoomedBlob};
use rusqlite::{Connection, Row, params_from_iter};

statements! {
    DOOM = "INSERT INTO doomed_blobs (blob_id, stage, checksum) VALUES (?1, ?2, ?3)";
    DOOMED = "SELECT blob_id, stage, checksum FROM doomed_blobs WHERE sequence > 0 ORDER BY sequence LIMIT ?1";
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
    let row = Columns::default().bytes(blob_id.as_bytes()).bytes(stage.as_bytes()).with_checksum();
    connection.prepare_cached(DOOM)?.execute(params_from_iter(row))?;
    Ok(())
}

fn doomed(connection: &Connection, limit: u32) -> Result<Vec<DoomedBlob>, Failure> {
    let mut statement = connection.prepare_cached(DOOMED)?;
    let rows = statement.query_map([limit], |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
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

fn decode(row: &Row<'_>) -> Result<DoomedBlob, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(DoomedBlob {
        blob_id: BlobId::from_bytes(fields.take()?),
        stage: StageState::from_bytes(fields.take::<Vec<u8>>()?.into()),
    })
}
