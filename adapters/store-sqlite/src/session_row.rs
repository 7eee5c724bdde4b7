//! Sessions and revocations as rows.

use crate::error::Failure;
use crate::rows::{Columns, Fields, millis};
use epic_domain::Timestamp;
use epic_domain::id::{SessionId, TokenId, UserId};
use epic_domain::key_id::KeyId;
use epic_domain::network::IpPrefix;
use epic_domain::session::{DeviceName, Grant, Revocation, Session, Superseded};
use epic_outbound::sessions::EndScope;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Params, Row, params_from_iter};

/// Columns that may change, in their order. Neither the id nor the owner does: to assign them would rewrite the keys.
macro_rules! changeable {
    () => {
        "device_name, origin, created_at_ms, auth_time_ms, last_seen_at_ms, ends_at_ms, access_id, refresh_id, \
         key_id, issued_at_ms, access_expires_at_ms, refresh_expires_at_ms, superseded_refresh_id, \
         superseded_at_ms, checksum"
    };
}

/// Their values.
macro_rules! changed {
    () => {
        "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17"
    };
}

/// Columns before the checksum.
const WIDTH: usize = 16;
const REVOCATION_WIDTH: usize = 2;
const BY_ID: &str = concat!("SELECT id, user_id, ", changeable!(), " FROM sessions WHERE id = ?1");
const INSERT: &str =
    concat!("INSERT INTO sessions (id, user_id, ", changeable!(), ") VALUES (?1, ?2, ", changed!(), ")");
const UPDATE: &str =
    concat!("UPDATE sessions SET (", changeable!(), ") = (", changed!(), ") WHERE id = ?1 AND user_id = ?2");
const PAGE: &str =
    concat!("SELECT id, user_id, ", changeable!(), " FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2");
const DELETE: &str = "DELETE FROM sessions WHERE id = ?1";
const IDS_OF_USER: &str = "SELECT id FROM sessions WHERE user_id = ?1 ORDER BY id";
const COUNT_OF_USER: &str = "SELECT count(*) FROM sessions WHERE user_id = ?1";
const SEEN_LEAST: &str = "SELECT id FROM sessions WHERE user_id = ?1 ORDER BY last_seen_at_ms, id LIMIT ?2";
const PAGE_OF_USER: &str = concat!(
    "SELECT id, user_id, ",
    changeable!(),
    " FROM sessions INDEXED BY sessions_by_user WHERE user_id = ?1 AND id > ?2 AND ends_at_ms > ?3 \
     AND refresh_expires_at_ms > ?3 ORDER BY id LIMIT ?4"
);
/// A session that ends twice is remembered for the longer of both times.
const REVOKE: &str = "INSERT INTO revocations (session_id, until_ms, checksum) VALUES (?1, ?2, ?3) \
     ON CONFLICT (session_id) DO UPDATE SET until_ms = excluded.until_ms, checksum = excluded.checksum \
     WHERE excluded.until_ms > until_ms";
const REVOCATIONS: &str = "SELECT session_id, until_ms, checksum FROM revocations WHERE session_id > ?1 \
     ORDER BY session_id LIMIT ?2";

pub(crate) fn find(connection: &Connection, session_id: SessionId) -> Result<Option<Session>, Failure> {
    let mut statement = connection.prepare_cached(BY_ID)?;
    statement.query_row([session_id.as_bytes()], |row| Ok(decode(row))).optional()?.transpose()
}

pub(crate) fn insert(connection: &Connection, session: &Session) -> Result<(), Failure> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(encode(session)?))?;
    Ok(())
}

/// Writes a session over the one with its id.
pub(crate) fn update(connection: &Connection, session: &Session) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE)?.execute(params_from_iter(encode(session)?))?;
    Ok(())
}

/// Removes a session and remembers it as revoked; false when it was not there.
pub(crate) fn end(connection: &Connection, session_id: SessionId, until: Timestamp) -> Result<bool, Failure> {
    if connection.prepare_cached(DELETE)?.execute([session_id.as_bytes()])? == 0 {
        return Ok(false);
    }
    revoke(connection, &Revocation { session_id, until })?;
    Ok(true)
}

fn revoke(connection: &Connection, revocation: &Revocation) -> Result<(), Failure> {
    let row =
        Columns::default().bytes(revocation.session_id.as_bytes()).time(revocation.until)?.with_checksum();
    connection.prepare_cached(REVOKE)?.execute(params_from_iter(row))?;
    Ok(())
}

/// Writes a session, whether it is there or not.
pub(crate) fn put(connection: &Connection, session: &Session) -> Result<(), Failure> {
    connection.prepare_cached(DELETE)?.execute([session.id.as_bytes()])?;
    insert(connection, session)
}

/// Writes a revocation over one that may be there.
pub(crate) fn put_revocation(connection: &Connection, revocation: &Revocation) -> Result<(), Failure> {
    connection
        .prepare_cached("DELETE FROM revocations WHERE session_id = ?1")?
        .execute([revocation.session_id.as_bytes()])?;
    revoke(connection, revocation)
}

/// At most `limit` sessions whose ids follow `after`, in their order. Every id follows the empty one.
pub(crate) fn page(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<Session>, Failure> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

/// At most `limit` revocations of sessions whose ids follow `after`, in their order.
pub(crate) fn page_of_revocations(
    connection: &Connection,
    after: &[u8],
    limit: u32,
) -> Result<Vec<Revocation>, Failure> {
    let mut statement = connection.prepare_cached(REVOCATIONS)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode_revocation(row)))?;
    rows.map(|row| row?).collect()
}

/// Ends several of a user's sessions; returns those that ended.
pub(crate) fn end_of_user(
    connection: &Connection,
    user_id: UserId,
    scope: EndScope,
    until: Timestamp,
) -> Result<Vec<SessionId>, Failure> {
    let mut ended = ids(connection, IDS_OF_USER, [user_id.as_bytes()])?;
    ended.retain(|id| scope != EndScope::AllExcept(*id));
    for session_id in &ended {
        end(connection, *session_id, until)?;
    }
    Ok(ended)
}

/// The sessions of a user beyond the `room` seen last: those not seen for the longest, the older first among equals.
pub(crate) fn seen_least(
    connection: &Connection,
    user_id: UserId,
    room: u32,
) -> Result<Vec<SessionId>, Failure> {
    let held: i64 =
        connection.prepare_cached(COUNT_OF_USER)?.query_row([user_id.as_bytes()], |row| row.get(0))?;
    let beyond = held.saturating_sub(room.into());
    if beyond <= 0 {
        return Ok(Vec::new());
    }
    ids(connection, SEEN_LEAST, (user_id.as_bytes(), beyond))
}

fn ids(connection: &Connection, query: &str, params: impl Params) -> Result<Vec<SessionId>, Failure> {
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(params, |row| row.get(0).map(SessionId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A page of a user's sessions that are live at `now`.
pub(crate) fn page_of_user(
    connection: &Connection,
    user_id: UserId,
    after: Option<SessionId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<Session>, Failure> {
    // Every id comes after the empty one.
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    let mut statement = connection.prepare_cached(PAGE_OF_USER)?;
    let rows = statement.query_map((user_id.as_bytes(), after, millis(now), limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn live_revocations(connection: &Connection, now: Timestamp) -> Result<Vec<Revocation>, Failure> {
    let mut statement = connection
        .prepare_cached("SELECT session_id, until_ms, checksum FROM revocations WHERE until_ms > ?1")?;
    let rows = statement.query_map([millis(now)], |row| Ok(decode_revocation(row)))?;
    rows.map(|row| row?).collect()
}

fn decode_revocation(row: &Row<'_>) -> Result<Revocation, Failure> {
    let mut fields = Fields::checked(row, REVOCATION_WIDTH)?;
    Ok(Revocation { session_id: SessionId::from_bytes(fields.take()?), until: fields.time()? })
}

fn encode(session: &Session) -> Result<Vec<ToSqlOutput<'_>>, Failure> {
    let Session { current, superseded, .. } = session;
    Ok(Columns::default()
        .bytes(session.id.as_bytes())
        .bytes(session.user_id.as_bytes())
        .optional_text(session.device_name.as_ref().map(DeviceName::as_str))
        .owned_bytes(&session.origin.to_bytes())
        .time(session.created_at)?
        .time(session.auth_time)?
        .time(session.last_seen_at)?
        .time(session.ends_at)?
        .bytes(current.access_id.as_bytes())
        .bytes(current.refresh_id.as_bytes())
        .text(current.key_id.as_str())
        .time(current.issued_at)?
        .time(current.access_expires_at)?
        .time(current.refresh_expires_at)?
        .optional_bytes(superseded.as_ref().map(|old| old.refresh_id.as_bytes().as_slice()))
        .optional_number(superseded.as_ref().map(|old| old.replaced_at.as_millis()))?
        .with_checksum())
}

fn decode(row: &Row<'_>) -> Result<Session, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(Session {
        id: SessionId::from_bytes(fields.take()?),
        user_id: UserId::from_bytes(fields.take()?),
        device_name: decode_device_name(&mut fields)?,
        origin: IpPrefix::from_bytes(fields.take()?),
        created_at: fields.time()?,
        auth_time: fields.time()?,
        last_seen_at: fields.time()?,
        ends_at: fields.time()?,
        current: Grant {
            access_id: TokenId::from_bytes(fields.take()?),
            refresh_id: TokenId::from_bytes(fields.take()?),
            key_id: fields.parse("key id", |text: String| KeyId::parse(&text))?,
            issued_at: fields.time()?,
            access_expires_at: fields.time()?,
            refresh_expires_at: fields.time()?,
        },
        superseded: decode_superseded(&mut fields)?,
    })
}

fn decode_device_name(fields: &mut Fields<'_>) -> Result<Option<DeviceName>, Failure> {
    fields.parse("device name", |text: Option<String>| text.map(|text| DeviceName::parse(&text)).transpose())
}

fn decode_superseded(fields: &mut Fields<'_>) -> Result<Option<Superseded>, Failure> {
    let refresh_id: Option<[u8; 16]> = fields.take()?;
    match (refresh_id, fields.optional_time()?) {
        (Some(id), Some(replaced_at)) => {
            Ok(Some(Superseded { refresh_id: TokenId::from_bytes(id), replaced_at }))
        }
        (None, None) => Ok(None),
        _ => Err(Failure::Damaged("superseded token")),
    }
}
