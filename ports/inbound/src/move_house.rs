//! Moving house: one store's records into another, page by page, and then compared.
//!
//! It is for an operator, on stores that nobody uses meanwhile. What the target's mark says is all that a later try needs to go on.

use crate::record_pages::RecordPages;
use epic_domain::audit::Anchor;
use epic_domain::moving::{Key, Kind, Mark, Progress, Record, Tally};
use epic_outbound::StoreError;
use epic_outbound::clock::Clock;
use epic_outbound::moving::{Export, Import, MoveBeginning};
use std::sync::Arc;

/// Records that travel together.
const PAGE_RECORDS: u32 = 256;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Records are copied.
    Copying,
    /// Both stores are read again and compared.
    Comparing,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is being done.
    pub activity: Activity,
    /// With which records.
    pub kind: Kind,
    /// How many of them so far, in this try.
    pub count: u64,
    /// Whether these were the last of their kind.
    pub is_last: bool,
}

/// Both stores' records of one kind, side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The kind.
    pub kind: Kind,
    /// What the source has.
    pub source: Tally,
    /// What the target has.
    pub target: Tally,
    /// The first record that one of them lacks or has otherwise.
    pub first_difference: Option<Key>,
}

/// What became of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// Everything is there, in every field; the target serves from now on.
    Whole(Vec<Comparison>),
    /// Something is not as it was; the target does not open for a server.
    Different(Vec<Comparison>),
}

/// Why a move did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The target holds something.
    #[error("the store to move into is not empty")]
    Occupied,
    /// The target is marked by a move from elsewhere.
    #[error(
        "a move into this store has begun from another one, or from this one before it was used again: empty it first"
    )]
    OtherSource,
    /// The source was used meanwhile.
    #[error(
        "the store to move from was used meanwhile: stop every server that uses it, empty the other one, and move again"
    )]
    SourceChanged,
    /// The source failed.
    #[error("the store to move from failed")]
    Source(#[source] StoreError),
    /// The target failed.
    #[error("the store to move into failed")]
    Target(#[source] StoreError),
}

/// Moves one store into another.
#[derive(Clone)]
pub struct MoveHouse {
    source: Arc<dyn Export>,
    target: Arc<dyn Import>,
    clock: Arc<dyn Clock>,
}

impl MoveHouse {
    /// A move from `source` into `target`.
    #[must_use]
    pub fn new(source: Arc<dyn Export>, target: Arc<dyn Import>, clock: Arc<dyn Clock>) -> Self {
        Self { source, target, clock }
    }

    /// Moves what has not moved yet, compares everything, and takes the mark away when all is there. `report` hears of every
    /// page.
    ///
    /// # Errors
    /// [`MoveError`]; what has been copied stays, and the same move can be tried again.
    pub async fn run(&self, report: &(dyn Fn(Step) + Send + Sync)) -> Result<Moved, MoveError> {
        let mark = self.begin().await?;
        // By the time at which the move began: what has moved since must not expire in the source alone.
        self.source.settle(mark.began_at).await.map_err(MoveError::Source)?;
        self.copy(&mark, report).await?;
        self.require_unchanged(&mark).await?;
        let comparisons = self.compare(report).await?;
        self.require_unchanged(&mark).await?;
        if comparisons.iter().any(|comparison| comparison.first_difference.is_some()) {
            return Ok(Moved::Different(comparisons));
        }
        self.target.finish().await.map_err(MoveError::Target)?;
        Ok(Moved::Whole(comparisons))
    }

    async fn begin(&self) -> Result<Mark, MoveError> {
        let source = self.anchor().await?;
        match self.target.begin(source, self.clock.now()).await.map_err(MoveError::Target)? {
            MoveBeginning::Begun(mark) => Ok(mark),
            MoveBeginning::Occupied => Err(MoveError::Occupied),
            MoveBeginning::OtherSource => Err(MoveError::OtherSource),
        }
    }

    /// Where the source's audit chain stands. Whatever people do with a server moves it.
    async fn anchor(&self) -> Result<Anchor, MoveError> {
        let page = self.source.page(Kind::Anchor, None, 1).await.map_err(MoveError::Source)?;
        match page.first() {
            Some(Record::Anchor(anchor)) => Ok(*anchor),
            _ => Ok(Anchor::empty()),
        }
    }

    async fn require_unchanged(&self, mark: &Mark) -> Result<(), MoveError> {
        if self.anchor().await? == mark.source { Ok(()) } else { Err(MoveError::SourceChanged) }
    }

    /// Copies from where the mark says to the end.
    async fn copy(&self, mark: &Mark, report: &(dyn Fn(Step) + Send + Sync)) -> Result<(), MoveError> {
        let mut from =
            mark.progress.or_else(|| Kind::ALL.first().map(|kind| Progress { kind: *kind, last: None }));
        while let Some(Progress { kind, last }) = from {
            self.copy_kind(kind, last, report).await?;
            from = kind.next().map(|kind| Progress { kind, last: None });
            if let Some(next) = from {
                self.target.note(next).await.map_err(MoveError::Target)?;
            }
        }
        Ok(())
    }

    async fn copy_kind(
        &self,
        kind: Kind,
        after: Option<Key>,
        report: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<(), MoveError> {
        let mut pages = RecordPages::new(self.source.as_ref(), kind, after, PAGE_RECORDS);
        let mut count = 0_u64;
        while let Some(page) = pages.next().await.map_err(MoveError::Source)? {
            self.target.put(&page).await.map_err(MoveError::Target)?;
            let progress = Progress { kind, last: page.last().map(Record::key) };
            self.target.note(progress).await.map_err(MoveError::Target)?;
            count = count.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
            report(Step { activity: Activity::Copying, kind, count, is_last: false });
        }
        report(Step { activity: Activity::Copying, kind, count, is_last: true });
        Ok(())
    }

    async fn compare(&self, report: &(dyn Fn(Step) + Send + Sync)) -> Result<Vec<Comparison>, MoveError> {
        let mut comparisons = Vec::with_capacity(Kind::ALL.len());
        for kind in Kind::ALL.iter().copied() {
            let comparison = self.compare_kind(kind, report).await?;
            let count = comparison.source.count();
            report(Step { activity: Activity::Comparing, kind, count, is_last: true });
            comparisons.push(comparison);
        }
        Ok(comparisons)
    }

    async fn compare_kind(
        &self,
        kind: Kind,
        report: &(dyn Fn(Step) + Send + Sync),
    ) -> Result<Comparison, MoveError> {
        let mut sources = RecordPages::new(self.source.as_ref(), kind, None, PAGE_RECORDS);
        let target: &dyn Export = self.target.as_ref();
        let mut targets = RecordPages::new(target, kind, None, PAGE_RECORDS);
        let mut comparison =
            Comparison { kind, source: Tally::new(), target: Tally::new(), first_difference: None };
        loop {
            // Pages of both sides have the same size, so that they begin alike until something differs.
            let source = sources.next().await.map_err(MoveError::Source)?.unwrap_or_default();
            let target = targets.next().await.map_err(MoveError::Target)?.unwrap_or_default();
            if source.is_empty() && target.is_empty() {
                return Ok(comparison);
            }
            comparison.add(&source, &target);
            let count = comparison.source.count();
            report(Step { activity: Activity::Comparing, kind, count, is_last: false });
        }
    }
}

impl Comparison {
    /// Adds the next page of each side.
    fn add(&mut self, source: &[Record], target: &[Record]) {
        let mut targets = target.iter();
        for one in source {
            let hash = one.hash();
            self.source.add(&hash);
            let other = targets.next();
            let other_hash = other.map(Record::hash);
            if let Some(other_hash) = &other_hash {
                self.target.add(other_hash);
            }
            if other_hash != Some(hash) {
                self.differ([Some(one.key()), other.map(Record::key)]);
            }
        }
        for surplus in targets {
            self.target.add(&surplus.hash());
            self.differ([None, Some(surplus.key())]);
        }
    }

    /// Of two keys that stand where one should, the earlier tells what the other side lacks.
    fn differ(&mut self, keys: [Option<Key>; 2]) {
        if self.first_difference.is_none() {
            self.first_difference = keys.into_iter().flatten().min();
        }
    }
}
