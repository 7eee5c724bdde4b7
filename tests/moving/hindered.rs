//! Stores that fail or falsify on the way.

use async_trait::async_trait;
use core::sync::atomic::{AtomicU32, Ordering};
use epic_domain::Timestamp;
use epic_domain::audit::Anchor;
use epic_domain::moving::{Key, Kind, Progress, Record};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use epic_outbound::moving::{Export, Import, MoveBeginning};
use epic_tests::builders::event;
use std::sync::Arc;

/// A store that is cut off after so many writes.
pub(crate) struct CutOff {
    pub(crate) store: Arc<dyn Import>,
    pub(crate) writes_left: AtomicU32,
}

impl CutOff {
    fn write(&self) -> Result<(), StoreError> {
        let spent =
            self.writes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(drop).map_err(|_| StoreError::Unavailable("cut off".into()))
    }
}

/// A store that changes one record on its way in, or loses it.
pub(crate) struct Falsifying {
    pub(crate) store: Arc<dyn Import>,
    pub(crate) record: Key,
    pub(crate) kind: Kind,
    pub(crate) into: Option<Record>,
}

/// A store that somebody goes on using.
pub(crate) struct InUse {
    pub(crate) store: Arc<dyn Import>,
    pub(crate) audit: Arc<dyn Audit>,
}

macro_rules! export_of_the_store {
    ($($name:ident),+) => {$(
        #[async_trait]
        impl Export for $name {
            async fn settle(&self, now: Timestamp) -> Result<(), StoreError> {
                self.store.settle(now).await
            }

            async fn page(&self, kind: Kind, after: Option<Key>, limit: u32) -> Result<Vec<Record>, StoreError> {
                self.store.page(kind, after, limit).await
            }
        }
    )+};
}

export_of_the_store!(CutOff, Falsifying);

#[async_trait]
impl Import for CutOff {
    async fn begin(&self, source: Anchor, now: Timestamp) -> Result<MoveBeginning, StoreError> {
        self.store.begin(source, now).await
    }

    async fn put(&self, records: &[Record]) -> Result<(), StoreError> {
        self.write()?;
        self.store.put(records).await
    }

    async fn note(&self, progress: Progress) -> Result<(), StoreError> {
        self.write()?;
        self.store.note(progress).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.write()?;
        self.store.finish().await
    }
}

#[async_trait]
impl Import for Falsifying {
    async fn begin(&self, source: Anchor, now: Timestamp) -> Result<MoveBeginning, StoreError> {
        self.store.begin(source, now).await
    }

    async fn put(&self, records: &[Record]) -> Result<(), StoreError> {
        let mut falsified = Vec::new();
        for record in records {
            if record.kind() == self.kind && record.key() == self.record {
                falsified.extend(self.into.clone());
            } else {
                falsified.push(record.clone());
            }
        }
        self.store.put(&falsified).await
    }

    async fn note(&self, progress: Progress) -> Result<(), StoreError> {
        self.store.note(progress).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.store.finish().await
    }
}

#[async_trait]
impl Export for InUse {
    async fn settle(&self, now: Timestamp) -> Result<(), StoreError> {
        self.audit.append(&[event(1_000)]).await?;
        self.store.settle(now).await
    }

    async fn page(&self, kind: Kind, after: Option<Key>, limit: u32) -> Result<Vec<Record>, StoreError> {
        self.store.page(kind, after, limit).await
    }
}
