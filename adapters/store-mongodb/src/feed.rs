//! The port of changes: one change stream over accounts and sessions, read batch by batch.
//!
//! A stream that breaks is not resumed. Whoever follows opens another and asks for what happened before it, which holds for
//! a gap of any length; a resume token holds for as long as the server keeps its log.

use crate::MongoStore;
use crate::collections::Collections;
use crate::documents::change::{ChangeDocument, pipeline};
use crate::errors::Failure;
use async_trait::async_trait;
use core::time::Duration;
use epic_outbound::StoreError;
use epic_outbound::changes::{ChangeFeed, Changes, StoreChange, Told};
use futures_util::StreamExt;
use mongodb::raw_batch_cursor::{RawBatch, RawBatchCursor};

/// How long the server waits for something to happen before it answers that nothing did.
const AWAIT_MAX: Duration = Duration::from_millis(200);
/// How long an answer may take. By then nobody trusts any more what was heard last, and another stream is the quicker way.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// The most changes in an answer.
const BATCH_MAX: u32 = 1_000;

/// Codes of servers that have no change streams: `CommandNotFound`, `CommandNotSupported`, `FeatureNotSupported`, unknown
/// stage, no member of a replica set.
const WITHOUT_STREAMS: [i32; 5] = [59, 115, 303, 40_324, 40_573];

/// An open change stream.
struct MongoFeed {
    batches: RawBatchCursor,
    /// What came with the opening.
    early: Vec<StoreChange>,
}

#[async_trait]
impl Changes for MongoStore {
    async fn follow(&self) -> Result<Option<Box<dyn ChangeFeed>>, StoreError> {
        let opened = self.call(|shared| async move { open(&shared.collections).await }).await?;
        Ok(opened.map(|feed| Box::new(feed) as Box<dyn ChangeFeed>))
    }
}

/// Opens a change stream; `None` when the server has none.
async fn open(collections: &Collections) -> Result<Option<MongoFeed>, Failure> {
    let opened = collections
        .database
        .aggregate(pipeline())
        .max_await_time(AWAIT_MAX)
        .batch_size(BATCH_MAX)
        .batch()
        .await;
    let mut batches = match opened.map_err(Failure::from) {
        Ok(batches) => batches,
        Err(Failure::Server(code)) if WITHOUT_STREAMS.contains(&code) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    // The first batch is the answer to the opening: it says nothing of what happens later.
    let first = batches.next().await.ok_or(Failure::BrokenOff)??;
    let Told { changes: early, .. } = told(&first)?;
    Ok(Some(MongoFeed { batches, early }))
}

#[async_trait]
impl ChangeFeed for MongoFeed {
    async fn next(&mut self) -> Result<Told, StoreError> {
        let batch = tokio::time::timeout(ANSWER_MAX, self.batches.next()).await;
        // A stream that ends has lost what it told about: the database was dropped.
        let batch = batch.map_err(|_| Failure::TimedOut)?.ok_or(Failure::BrokenOff)?;
        let Told { changes, is_all } = told(&batch.map_err(Failure::from)?)?;
        let mut all = core::mem::take(&mut self.early);
        all.extend(changes);
        Ok(Told { changes: all, is_all })
    }
}

/// What a batch tells. One that is not full is followed by nothing that was there when it was asked for.
fn told(batch: &RawBatch) -> Result<Told, Failure> {
    let documents = batch.doc_slices()?;
    let (mut changes, mut length) = (Vec::new(), 0_u32);
    for document in documents {
        let document = document.ok().and_then(|document| document.as_document());
        let document = document.ok_or(Failure::Damaged("change"))?;
        changes.extend(ChangeDocument::parse(document)?.decode()?);
        length = length.saturating_add(1);
    }
    Ok(Told { changes, is_all: length < BATCH_MAX })
}
