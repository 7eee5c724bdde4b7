//! A feed of what changes in the store in memory, that can be cut, held up and switched off.

use super::MemoryStore;
use async_trait::async_trait;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use epic_outbound::StoreError;
use epic_outbound::changes::{ChangeFeed, Changes, StoreChange, Told};
use std::sync::Arc;

/// The changes of a [`MemoryStore`], as one node hears of them.
#[derive(Debug)]
pub struct FakeChanges {
    store: Arc<MemoryStore>,
    line: Arc<Line>,
    has_feed: AtomicBool,
}

/// What a feed goes through on its way to the node.
#[derive(Debug, Default)]
struct Line {
    /// Feeds opened before the last cut are lost.
    cuts: AtomicU32,
    is_down: AtomicBool,
    is_held_up: AtomicBool,
}

impl FakeChanges {
    /// A line to `store` that works.
    #[must_use]
    pub fn of(store: Arc<MemoryStore>) -> Self {
        Self { store, line: Arc::default(), has_feed: AtomicBool::new(true) }
    }

    /// Open feeds are lost, and none opens until [`FakeChanges::mend`].
    pub fn cut(&self) {
        self.line.cuts.fetch_add(1, Ordering::SeqCst);
        self.line.is_down.store(true, Ordering::SeqCst);
    }

    /// Feeds open again.
    pub fn mend(&self) {
        self.line.is_down.store(false, Ordering::SeqCst);
    }

    /// Whether what changes waits on its way: nothing is told and no question is answered.
    pub fn hold_up(&self, is_held_up: bool) {
        self.line.is_held_up.store(is_held_up, Ordering::SeqCst);
    }

    /// Whether the store can tell what changes.
    pub fn set_feed(&self, has_feed: bool) {
        self.has_feed.store(has_feed, Ordering::SeqCst);
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("the line is cut".into())
}

#[async_trait]
impl Changes for FakeChanges {
    async fn follow(&self) -> Result<Option<Box<dyn ChangeFeed>>, StoreError> {
        if self.line.is_down.load(Ordering::SeqCst) {
            return Err(lost());
        }
        if !self.has_feed.load(Ordering::SeqCst) {
            return Ok(None);
        }
        Ok(Some(Box::new(FakeFeed {
            store: Arc::clone(&self.store),
            line: Arc::clone(&self.line),
            cuts_before: self.line.cuts.load(Ordering::SeqCst),
            told: self.store.changes_so_far(),
            asked: None,
        })))
    }
}

struct FakeFeed {
    store: Arc<MemoryStore>,
    line: Arc<Line>,
    cuts_before: u32,
    /// How many changes of the store were told, or came before the feed was opened.
    told: usize,
    /// The last question without an answer.
    asked: Option<u64>,
}

#[async_trait]
impl ChangeFeed for FakeFeed {
    fn ask(&mut self, question: u64) {
        self.asked = Some(question);
    }

    /// It does not wait, whatever happened.
    async fn next(&mut self) -> Result<Told, StoreError> {
        if self.line.cuts.load(Ordering::SeqCst) != self.cuts_before {
            return Err(lost());
        }
        if self.line.is_held_up.load(Ordering::SeqCst) {
            return Ok(Told { changes: Vec::new(), answered: None });
        }
        let changes: Vec<StoreChange> = self.store.changes_after(self.told);
        self.told += changes.len();
        Ok(Told { changes, answered: self.asked.take() })
    }
}
