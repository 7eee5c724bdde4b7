//! How much an account stores, and which change of its files was the last, as a row.

use crate::error::Failure;
use crate::rows::{Columns, Fields};
use crate::statements::statements;
use epic_domain::Timestamp;
use epic_domain::file::{Revision, Usage};
use epic_domain::id::UserId;
use epic_domain::moving::StoredUsage;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

statements! {
    BY_OWNER = "SELECT owner_id, used_bytes, reserved_bytes, revision, latest_ms, checksum FROM storage \
         WHERE owner_id = ?1";
    SAVE = "INSERT INTO storage (owner_id, used_bytes, reserved_bytes, revision, latest_ms, checksum) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (owner_id) DO UPDATE SET \
         (used_bytes, reserved_bytes, revision, latest_ms, checksum) = (?2, ?3, ?4, ?5, ?6)";
    PAGE = "SELECT owner_id, used_bytes, reserved_bytes, revision, latest_ms, checksum FROM storage \
         WHERE owner_id > ?1 ORDER BY owner_id LIMIT ?2";
}

/// Columns before the checksum.
const WIDTH: usize = 5;

/// What is kept beside an account. There is none before its first upload.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storage {
    owner: UserId,
    pub(crate) usage: Usage,
    revision: Revision,
    latest: Timestamp,
}

impl Storage {
    /// Nothing stored, nothing changed yet.
    pub(crate) fn empty(owner: UserId) -> Self {
        Self { owner, usage: Usage::default(), revision: Revision::NONE, latest: Timestamp::from_millis(0) }
    }

    pub(crate) fn find(connection: &Connection, owner: UserId) -> Result<Option<Self>, Failure> {
        let mut statement = connection.prepare_cached(BY_OWNER)?;
        statement.query_row([owner.as_bytes()], |row| Ok(decode(row))).optional()?.transpose()
    }

    /// What must be there, since the account has files or uploads.
    pub(crate) fn of(connection: &Connection, owner: UserId) -> Result<Self, Failure> {
        Self::find(connection, owner)?.ok_or(Failure::Damaged("storage"))
    }

    /// At most `limit` of them whose owners' ids follow `after`, in their order. Every id follows the empty one.
    pub(crate) fn page(
        connection: &Connection,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<StoredUsage>, Failure> {
        let mut statement = connection.prepare_cached(PAGE)?;
        let rows = statement.query_map((after, limit), |row| Ok(decode(row)))?;
        rows.map(|row| Ok(row??.into())).collect()
    }

    /// Takes the next revision, for a change made at `now`.
    pub(crate) fn take_revision(&mut self, now: Timestamp) -> Revision {
        self.revision = self.revision.next();
        self.latest = self.latest.max(now);
        self.revision
    }

    /// The time of the latest change so far. Unlike the times of changes, it rises with the revision.
    pub(crate) const fn latest(&self) -> Timestamp {
        self.latest
    }

    pub(crate) fn save(&self, connection: &Connection) -> Result<(), Failure> {
        let row = Columns::default()
            .bytes(self.owner.as_bytes())
            .number(self.usage.used_bytes)?
            .number(self.usage.reserved_bytes)?
            .number(self.revision.get())?
            .time(self.latest)?
            .with_checksum();
        connection.prepare_cached(SAVE)?.execute(params_from_iter(row))?;
        Ok(())
    }
}

impl From<StoredUsage> for Storage {
    fn from(StoredUsage { owner, usage, revision, latest }: StoredUsage) -> Self {
        Self { owner, usage, revision, latest }
    }
}

impl From<Storage> for StoredUsage {
    fn from(Storage { owner, usage, revision, latest }: Storage) -> Self {
        Self { owner, usage, revision, latest }
    }
}

/// Changes the usage of an account, if the account is still there.
pub(crate) fn change_usage(
    connection: &Connection,
    owner: UserId,
    change: impl FnOnce(Usage) -> Usage,
) -> Result<(), Failure> {
    let Some(mut storage) = Storage::find(connection, owner)? else { return Ok(()) };
    storage.usage = change(storage.usage);
    storage.save(connection)
}

fn decode(row: &Row<'_>) -> Result<Storage, Failure> {
    let mut fields = Fields::checked(row, WIDTH)?;
    Ok(Storage {
        owner: UserId::from_bytes(fields.take()?),
        usage: Usage { used_bytes: fields.number()?, reserved_bytes: fields.number()? },
        revision: Revision::from_number(fields.number()?),
        latest: fields.time()?,
    })
}
