//! Requests that are to take effect once: kept in the same step as their effect.

use crate::error::Failure;
use crate::rows::{Columns, Fields, millis};
use crate::statements::statements;
use epic_domain::Timestamp;
use epic_domain::file::{Earlier, Once, RequestFingerprint};
use epic_domain::id::UserId;
use epic_domain::moving::RememberedRequest;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

statements! {
    BY_KEY = "SELECT owner_id, key_digest, fingerprint, outcome, expires_at_ms, checksum FROM requests \
         WHERE owner_id = ?1 AND key_digest = ?2 AND EXISTS (SELECT 1 FROM users WHERE users.id = ?1)";
    /// One that is forgotten but still there is written over.
    REMEMBER = "INSERT INTO requests (owner_id, key_digest, fingerprint, outcome, expires_at_ms, checksum) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (owner_id, key_digest) DO UPDATE SET \
         (fingerprint, outcome, expires_at_ms, checksum) = (?3, ?4, ?5, ?6)";
    PAGE = "SELECT owner_id, key_digest, fingerprint, outcome, expires_at_ms, checksum FROM requests \
         WHERE (owner_id, key_digest) > (?1, ?2) ORDER BY owner_id, key_digest LIMIT ?3";
    FORGET = "DELETE FROM requests WHERE (owner_id, key_digest) IN (SELECT owner_id, key_digest FROM requests \
         INDEXED BY requests_by_expiry WHERE expires_at_ms <= ?1 LIMIT ?2)";
}

/// Columns before the checksum.
const WIDTH: usize = 5;

/// What an earlier request of `owner` means for this one, if there was one.
pub(crate) fn judge(
    connection: &Connection,
    owner: UserId,
    once: Option<&Once>,
    now: Timestamp,
) -> Result<Option<Earlier>, Failure> {
    let Some(once) = once else { return Ok(None) };
    let earlier = find_any(connection, owner, &once.key_digest)?;
    Ok(earlier.and_then(|earlier| once.judge(&earlier, now)))
}

/// The request with this key, unless it is forgotten at `now`.
pub(crate) fn find(
    connection: &Connection,
    owner: UserId,
    key_digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Once>, Failure> {
    Ok(find_any(connection, owner, key_digest)?.filter(|request| now < request.expires_at))
}

fn find_any(connection: &Connection, owner: UserId, key_digest: &[u8; 32]) -> Result<Option<Once>, Failure> {
    let mut statement = connection.prepare_cached(BY_KEY)?;
    statement.query_row((owner.as_bytes(), key_digest), |row| Ok(decode(row))).optional()?.transpose()
}

pub(crate) fn remember(connection: &Connection, owner: UserId, once: Option<&Once>) -> Result<(), Failure> {
    let Some(once) = once else { return Ok(()) };
    let row = Columns::default()
        .bytes(owner.as_bytes())
        .bytes(&once.key_digest)
        .bytes(once.fingerprint.as_bytes())
        .bytes(&once.outcome)
        .time(once.expires_at)?
        .with_checksum();
    connection.prepare_cached(REMEMBER)?.execute(params_from_iter(row))?;
    Ok(())
}

/// At most `limit` requests that follow the one with this key of this owner, by owner and key. Everything follows the empty
/// ones.
pub(crate) fn page(
    connection: &Connection,
    (owner, key_digest): (&[u8], &[u8]),
    limit: u32,
) -> Result<Vec<RememberedRequest>, Failure> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((owner, key_digest, limit), |row| Ok(decode_remembered(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn forget(connection: &Connection, now: Timestamp, limit: u32) -> Result<u32, Failure> {
    let forgotten = connection.prepare_cached(FORGET)?.execute((millis(now), limit))?;
    Ok(u32::try_from(forgotten).unwrap_or(u32::MAX))
}

fn decode(row: &Row<'_>) -> Result<Once, Failure> {
    decode_remembered(row).map(|request| request.once)
}

fn decode_remembered(row: &Row<'_>) -> Result<RememberedRequest, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    let account = UserId::from_bytes(fields.take()?);
    let once = Once {
        key_digest: fields.take()?,
        fingerprint: RequestFingerprint::from_bytes(fields.take()?),
        outcome: fields.take::<Vec<u8>>()?.into(),
        expires_at: fields.time()?,
    };
    Ok(RememberedRequest { account, once })
}
