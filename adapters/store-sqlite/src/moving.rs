//! The ports of moving house.

use crate::SqliteStore;
use crate::moving_export::page;
use crate::moving_import::put;
use crate::moving_mark::{begin, note, take_away};
use crate::removed_accounts::{are_left, clear_next};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::audit::Anchor;
use epic_domain::moving::{Key, Kind, Progress, Record};
use epic_outbound::StoreError;
use epic_outbound::moving::{Export, Import, MoveBeginning};
use epic_outbound::sessions::Sessions;
use epic_outbound::uploads::Uploads;
use epic_outbound::users::Users;

/// How much one transaction of a sweep removes.
const SWEPT_AT_ONCE: u32 = 512;

#[async_trait]
impl Export for SqliteStore {
    async fn settle(&self, now: Timestamp) -> Result<(), StoreError> {
        while self.remove_expired_pending(now, SWEPT_AT_ONCE).await? > 0 {}
        while self.remove_expired(now, SWEPT_AT_ONCE).await? > 0 {}
        while self.forget_requests(now, SWEPT_AT_ONCE).await? > 0 {}
        let clear = |connection: &_| {
            clear_next(connection)?;
            are_left(connection)
        };
        while self.write(clear).await? {}
        Ok(())
    }

    async fn page(&self, kind: Kind, after: Option<Key>, limit: u32) -> Result<Vec<Record>, StoreError> {
        self.read(move |connection| page(connection, kind, after.as_ref(), limit)).await
    }
}

#[async_trait]
impl Import for SqliteStore {
    async fn begin(&self, source: Anchor, now: Timestamp) -> Result<MoveBeginning, StoreError> {
        self.write(move |connection| begin(connection, source, now)).await
    }

    async fn put(&self, records: &[Record]) -> Result<(), StoreError> {
        let records = records.to_vec();
        self.write(move |connection| records.iter().try_for_each(|record| put(connection, record))).await
    }

    async fn note(&self, progress: Progress) -> Result<(), StoreError> {
        self.write(move |connection| note(connection, progress)).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.write(take_away).await
    }
}
