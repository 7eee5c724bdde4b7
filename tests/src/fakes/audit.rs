//! An audit log in memory.

use super::FaultSwitch;
use async_trait::async_trait;
use epic_domain::audit::{Anchor, Event, Link};
use epic_outbound::StoreError;
use epic_outbound::audit::Audit;
use parking_lot::Mutex;

/// Keeps the chain in memory.
#[derive(Debug, Default)]
pub struct FakeAudit {
    links: Mutex<Vec<Link>>,
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

#[async_trait]
impl Audit for FakeAudit {
    async fn append(&self, events: &[Event]) -> Result<(), StoreError> {
        self.faults.guard(|| {
            let mut links = self.links.lock();
            for event in events {
                let link = end_of(&links).link(event.clone());
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
}
