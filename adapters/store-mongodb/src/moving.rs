//! The ports of moving house.

use crate::MongoStore;
use crate::errors::OpenError;
use crate::moving_export::page;
use crate::moving_import::put;
use crate::moving_mark::{begin, find, note, take_away};
use crate::removed_accounts::{Left, next_piece};
use async_trait::async_trait;
use epic_domain::Timestamp;
use epic_domain::audit::Anchor;
use epic_domain::moving::{Key, Kind, Progress, Record};
use epic_outbound::StoreError;
use epic_outbound::moving::{Export, Import, MoveBeginning};
use epic_outbound::sessions::Sessions;
use epic_outbound::uploads::Uploads;
use epic_outbound::users::Users;

/// How much one call of a sweep removes.
const SWEPT_AT_ONCE: u32 = 512;

impl MongoStore {
    /// Refuses a store that is half-moved.
    ///
    /// # Errors
    /// [`OpenError::HalfMoved`], [`OpenError::Unavailable`].
    pub(crate) async fn refuse_half_moved(self) -> Result<Self, OpenError> {
        let mark = self.call(|shared| async move { find(&shared).await }).await;
        match mark {
            Ok(None) => Ok(self),
            Ok(Some(_)) => Err(OpenError::HalfMoved),
            Err(StoreError::Corrupt(source)) => Err(OpenError::Corrupt(source)),
            Err(StoreError::Unavailable(source) | StoreError::Full(source)) => {
                Err(OpenError::Unavailable(source))
            }
        }
    }
}

#[async_trait]
impl Export for MongoStore {
    async fn settle(&self, now: Timestamp) -> Result<(), StoreError> {
        while self.remove_expired_pending(now, SWEPT_AT_ONCE).await? > 0 {}
        while Sessions::remove_expired(self, now, SWEPT_AT_ONCE).await? > 0 {}
        while self.forget_requests(now, SWEPT_AT_ONCE).await? > 0 {}
        while self.call(|shared| async move { next_piece(&shared).await }).await? == Left::Something {}
        Ok(())
    }

    async fn page(&self, kind: Kind, after: Option<Key>, limit: u32) -> Result<Vec<Record>, StoreError> {
        self.call(move |shared| async move { page(&shared, kind, after, limit).await }).await
    }
}

#[async_trait]
impl Import for MongoStore {
    async fn begin(&self, source: Anchor, now: Timestamp) -> Result<MoveBeginning, StoreError> {
        self.call(move |shared| async move { begin(&shared, source, now).await }).await
    }

    async fn put(&self, records: &[Record]) -> Result<(), StoreError> {
        let records = records.to_vec();
        self.call(|shared| async move { put(&shared, &records).await }).await
    }

    async fn note(&self, progress: Progress) -> Result<(), StoreError> {
        self.call(move |shared| async move { note(&shared, progress).await }).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.call(|shared| async move { take_away(&shared).await }).await
    }
}
