//! An audit log in memory.

use super::FaultSwitch;
use async_trait::async_trait;
use epic_domain::audit::{Anchor, Event, EventKind, FileLink, Link, SignedHead};
use epic_domain::id::{FileId, UserId};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// Keeps the chain in memory.
#[derive(Debug, Default)]
pub struct FakeAudit {
    links: Mutex<Vec<Link>>,
    heads: Mutex<BTreeMap<u64, SignedHead>>,
    faults: FaultSwitch,
}

impl FakeAudit {
    /// Makes calls of this log fail.
    #[must_use]
    pub const fn faults(&self) -> &FaultSwitch {
        &self.faults
    }

    /// Every event so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.links.lock().iter().map(|link| link.event.clone()).collect()
    }
}

fn end_of(links: &[Link]) -> Anchor {
    links.last().map_or_else(Anchor::empty, Link::anchor)
}

/// Where the chain of a file stands, if it has begun.
fn end_of_file(links: &[Link], file_id: FileId) -> Option<Anchor> {
    of_file(links, file_id).next_back().and_then(|link| link.file).map(|place| place.anchor())
}

fn of_file(links: &[Link], file_id: FileId) -> impl DoubleEndedIterator<Item = &Link> {
    links.iter().filter(move |link| link.event.file.is_some_and(|mark| mark.file_id == file_id))
}

#[async_trait]
impl Audit for FakeAudit {
    async fn append(&self, events: &[Event]) -> Result<(), StoreError> {
        self.faults.guard(|| {
            let mut links = self.links.lock();
            for event in events {
                let of_file = event.file.and_then(|mark| end_of_file(&links, mark.file_id));
                let link = end_of(&links).link(event.clone(), of_file);
                links.push(link);
            }
        })
    }

    async fn anchor(&self) -> Result<Anchor, StoreError> {
        self.faults.guard(|| end_of(&self.links.lock()))
    }

    async fn read(&self, after: u64, limit: u32) -> Result<Vec<Link>, StoreError> {
        self.faults.guard(|| {
            let links = self.links.lock();
            let following = links.iter().filter(|link| link.sequence > after);
            following.zip(0..limit).map(|(link, _)| link.clone()).collect()
        })
    }

    async fn list(
        &self,
        user_id: UserId,
        kind: Option<EventKind>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, StoreError> {
        self.faults.guard(|| {
            let links = self.links.lock();
            let listed = links.iter().rev().filter(|link| {
                link.event.user_id == Some(user_id)
                    && kind.is_none_or(|kind| link.event.kind == kind)
                    && before.is_none_or(|before| link.sequence < before)
            });
            listed.zip(0..limit).map(|(link, _)| link.clone()).collect()
        })
    }

    async fn list_of_file(
        &self,
        file_id: FileId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<FileLink>, StoreError> {
        self.faults.guard(|| {
            let links = self.links.lock();
            let following =
                of_file(&links, file_id).filter_map(FileLink::of).filter(|link| link.sequence > after);
            following.zip(0..limit).map(|(link, _)| link).collect()
        })
    }

    async fn anchor_of_file(&self, file_id: FileId) -> Result<Anchor, StoreError> {
        self.faults
            .guard(|| end_of_file(&self.links.lock(), file_id).unwrap_or_else(|| Anchor::of_file(file_id)))
    }

    async fn keep_signed_head(&self, head: &SignedHead) -> Result<(), StoreError> {
        self.faults.guard(|| {
            self.heads.lock().entry(head.anchor.length).or_insert_with(|| head.clone());
        })
    }

    async fn signed_heads(&self, after: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        self.faults.guard(|| {
            let heads = self.heads.lock();
            let longer = heads.values().filter(|head| head.anchor.length > after);
            longer.zip(0..limit).map(|(head, _)| head.clone()).collect()
        })
    }
}
