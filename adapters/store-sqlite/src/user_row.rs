//! Accounts as rows.

use crate::error::Failure;
use crate::rows::{Columns, Fields, millis};
use epic_domain::Timestamp;
use epic_domain::id::UserId;
use epic_domain::user::{
    AuthKeyHash, AuthSalt, Credentials, EncSalt, EncryptionPublicKey, Enrolment, KdfParameters, KeyMaterial,
    OtpStep, ProposedTotp, RecoveryKey, Salts, SealedSecret, SigningPublicKey, Status, StorageQuota, User,
    Username, Version, WrappedKey,
};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Params, Row, params_from_iter};

/// Columns that may change, in their order. Neither the id nor the name does: to assign them would rewrite the keys.
macro_rules! changeable {
    () => {
        "auth_salt, enc_salt, kdf_memory_kib, kdf_iterations, kdf_parallelism, auth_key_hash, encrypted_mek, \
         encrypted_private_key, public_key, signing_key, sealed_totp_secret, last_otp_step, \
         consecutive_failures, proposed_totp_secret, proposed_totp_at_ms, recovery_auth_key_hash, \
         recovery_encrypted_mek, status, pending_expires_at_ms, limit_bytes, version, created_at_ms, updated_at_ms, \
         checksum"
    };
}

/// Their values.
macro_rules! changed {
    () => {
        "?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, \
         ?25, ?26"
    };
}

/// Columns before the checksum.
const WIDTH: usize = 25;
const BY_ID: &str = concat!("SELECT id, username, ", changeable!(), " FROM users WHERE id = ?1");
const BY_USERNAME: &str = concat!("SELECT id, username, ", changeable!(), " FROM users WHERE username = ?1");
const INSERT: &str =
    concat!("INSERT INTO users (id, username, ", changeable!(), ") VALUES (?1, ?2, ", changed!(), ")");
const UPDATE: &str =
    concat!("UPDATE users SET (", changeable!(), ") = (", changed!(), ") WHERE id = ?1 AND username = ?2");
const PAGE: &str =
    concat!("SELECT id, username, ", changeable!(), " FROM users WHERE id > ?1 ORDER BY id LIMIT ?2");
const EXPIRED_PENDING: &str =
    "SELECT id FROM users WHERE pending_expires_at_ms <= ?1 ORDER BY pending_expires_at_ms LIMIT ?2";

const PENDING: &str = "pending";
const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";

pub(crate) fn find_by_id(connection: &Connection, user_id: UserId) -> Result<Option<User>, Failure> {
    find(connection, BY_ID, [user_id.as_bytes()])
}

pub(crate) fn find_by_username(
    connection: &Connection,
    username: &Username,
) -> Result<Option<User>, Failure> {
    find(connection, BY_USERNAME, [username.as_str()])
}

/// At most `limit` accounts whose ids follow `after`, in their order. Every id follows the empty one.
pub(crate) fn page(connection: &Connection, after: &[u8], limit: u32) -> Result<Vec<User>, Failure> {
    let mut statement = connection.prepare_cached(PAGE)?;
    let rows = statement.query_map((after, limit), |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn insert(connection: &Connection, user: &User) -> Result<(), Failure> {
    connection.prepare_cached(INSERT)?.execute(params_from_iter(encode(user)?))?;
    Ok(())
}

/// Writes an account over the one with its id.
pub(crate) fn update(connection: &Connection, user: &User) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE)?.execute(params_from_iter(encode(user)?))?;
    Ok(())
}

/// Removes an account and, by the foreign keys, its sessions, its recovery codes and the count of what it stores; false
/// when it was not there.
pub(crate) fn delete(connection: &Connection, user_id: UserId) -> Result<bool, Failure> {
    let removed =
        connection.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute([user_id.as_bytes()])?;
    Ok(removed > 0)
}

/// At most `limit` pending accounts that have expired at `now`.
pub(crate) fn expired_pending(
    connection: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<UserId>, Failure> {
    let mut statement = connection.prepare_cached(EXPIRED_PENDING)?;
    let rows = statement.query_map((millis(now), limit), |row| row.get(0).map(UserId::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn exists(connection: &Connection, user_id: UserId) -> Result<bool, Failure> {
    Ok(connection.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?.exists([user_id.as_bytes()])?)
}

fn find(connection: &Connection, query: &str, params: impl Params) -> Result<Option<User>, Failure> {
    let mut statement = connection.prepare_cached(query)?;
    statement.query_row(params, |row| Ok(decode(row))).optional()?.transpose()
}

fn encode(user: &User) -> Result<Vec<ToSqlOutput<'_>>, Failure> {
    let User { credentials, keys, enrolment, recovery_key, quota, .. } = user;
    let proposed = enrolment.proposed.as_ref();
    let (status, expires_at) = match user.status {
        Status::Pending { expires_at } => (PENDING, Some(expires_at)),
        Status::Active => (ACTIVE, None),
        Status::Disabled => (DISABLED, None),
    };
    Ok(Columns::default()
        .bytes(user.id.as_bytes())
        .text(user.username.as_str())
        .bytes(credentials.salts.auth().as_bytes())
        .bytes(credentials.salts.enc().as_bytes())
        .number(credentials.kdf.memory_kib().into())?
        .number(credentials.kdf.iterations().into())?
        .number(credentials.kdf.parallelism().into())?
        .text(credentials.auth_key_hash.as_str())
        .bytes(keys.encrypted_mek.as_bytes())
        .bytes(keys.encrypted_private_key.as_bytes())
        .bytes(keys.public_key.as_bytes())
        .bytes(keys.signing_key.as_bytes())
        .bytes(enrolment.sealed_secret.as_bytes())
        .optional_number(enrolment.last_step.map(OtpStep::number))?
        .number(enrolment.consecutive_failures.into())?
        .optional_bytes(proposed.map(|proposed| proposed.sealed_secret.as_bytes()))
        .optional_number(proposed.map(|proposed| proposed.proposed_at.as_millis()))?
        .optional_text(recovery_key.as_ref().map(|key| key.auth_key_hash.as_str()))
        .optional_bytes(recovery_key.as_ref().map(|key| key.encrypted_mek.as_bytes()))
        .text(status)
        .optional_number(expires_at.map(Timestamp::as_millis))?
        .number(quota.limit_bytes)?
        .number(user.version.number())?
        .time(user.created_at)?
        .time(user.updated_at)?
        .with_checksum())
}

fn decode(row: &Row<'_>) -> Result<User, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(User {
        id: UserId::from_bytes(fields.take()?),
        username: fields.parse("username", |text: String| Username::parse(&text))?,
        credentials: decode_credentials(&mut fields)?,
        keys: decode_keys(&mut fields)?,
        enrolment: Enrolment {
            sealed_secret: fields.parse("sealed secret", |bytes: Vec<u8>| SealedSecret::parse(&bytes))?,
            last_step: fields.optional_number()?.map(OtpStep::from_number),
            consecutive_failures: fields.small_number()?,
            proposed: decode_proposed(&mut fields)?,
        },
        recovery_key: decode_recovery_key(&mut fields)?,
        status: decode_status(&mut fields)?,
        quota: StorageQuota { limit_bytes: fields.number()? },
        version: Version::from_number(fields.number()?),
        created_at: fields.time()?,
        updated_at: fields.time()?,
    })
}

fn decode_credentials(fields: &mut Fields<'_>) -> Result<Credentials, Failure> {
    let auth = fields.parse("salt", |bytes: Vec<u8>| AuthSalt::parse(&bytes))?;
    let enc = fields.parse("salt", |bytes: Vec<u8>| EncSalt::parse(&bytes))?;
    let salts = Salts::new(auth, enc).map_err(|_| Failure::Damaged("salt"))?;
    let (memory_kib, iterations, parallelism) =
        (fields.small_number()?, fields.small_number()?, fields.small_number()?);
    let kdf = KdfParameters::new(memory_kib, iterations, parallelism)
        .map_err(|_| Failure::Damaged("derivation parameter"))?;
    let auth_key_hash = fields.parse("hash", |text: String| AuthKeyHash::parse(&text))?;
    Ok(Credentials { salts, kdf, auth_key_hash })
}

fn decode_keys(fields: &mut Fields<'_>) -> Result<KeyMaterial, Failure> {
    Ok(KeyMaterial {
        encrypted_mek: fields.parse("wrapped key", |bytes: Vec<u8>| WrappedKey::parse(&bytes))?,
        encrypted_private_key: fields.parse("wrapped key", |bytes: Vec<u8>| WrappedKey::parse(&bytes))?,
        public_key: EncryptionPublicKey::from_stored(fields.take()?),
        signing_key: SigningPublicKey::from_stored(fields.take()?),
    })
}

fn decode_proposed(fields: &mut Fields<'_>) -> Result<Option<ProposedTotp>, Failure> {
    let sealed_secret = fields.parse("sealed secret", |bytes: Option<Vec<u8>>| {
        bytes.map(|bytes| SealedSecret::parse(&bytes)).transpose()
    })?;
    match (sealed_secret, fields.optional_time()?) {
        (Some(sealed_secret), Some(proposed_at)) => Ok(Some(ProposedTotp { sealed_secret, proposed_at })),
        (None, None) => Ok(None),
        _ => Err(Failure::Damaged("proposed secret")),
    }
}

fn decode_recovery_key(fields: &mut Fields<'_>) -> Result<Option<RecoveryKey>, Failure> {
    let auth_key_hash = fields
        .parse("hash", |text: Option<String>| text.map(|text| AuthKeyHash::parse(&text)).transpose())?;
    let encrypted_mek = fields.parse("wrapped key", |bytes: Option<Vec<u8>>| {
        bytes.map(|bytes| WrappedKey::parse(&bytes)).transpose()
    })?;
    match (auth_key_hash, encrypted_mek) {
        (Some(auth_key_hash), Some(encrypted_mek)) => Ok(Some(RecoveryKey { auth_key_hash, encrypted_mek })),
        (None, None) => Ok(None),
        _ => Err(Failure::Damaged("recovery key")),
    }
}

fn decode_status(fields: &mut Fields<'_>) -> Result<Status, Failure> {
    let name: String = fields.take()?;
    match (name.as_str(), fields.optional_time()?) {
        (PENDING, Some(expires_at)) => Ok(Status::Pending { expires_at }),
        (ACTIVE, None) => Ok(Status::Active),
        (DISABLED, None) => Ok(Status::Disabled),
        _ => Err(Failure::Damaged("status")),
    }
}
