//! The port of changes: one change stream over accounts and sessions, read batch by batch.
//!
//! A stream that breaks is not resumed. Whoever follows opens another and asks for what happened before it, which holds for
//! a gap of any length; a resume token holds for as long as the server keeps its log.
//!
//! An empty batch proves nothing. A stream stays with the server on which it was opened, which may step down and fall behind;
//! behind a mongos it waits for shards where nothing happens. So a question is a write of this node's own, acknowledged by a
//! majority, and is answered when the stream tells it: changes are told in the order of the log.
//!
//! Each feed has a client of its own. In the pool of the calls it would wait behind them when there are many, and be lost just
//! when the store has the most to do.

use crate::MongoStore;
use crate::collections::Collections;
use crate::documents::change::{ChangeDocument, Heard, pipeline};
use crate::documents::node::{ask, by_id};
use crate::errors::Failure;
use crate::store::Shared;
use async_trait::async_trait;
use core::time::Duration;
use epic_outbound::StoreError;
use epic_outbound::changes::{ChangeFeed, Changes, Told};
use futures_util::StreamExt;
use mongodb::Client;
use mongodb::bson::Uuid;
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

/// One connection waits for what happens, the other writes questions.
const CONNECTIONS_MAX: u32 = 2;

/// An open change stream.
struct MongoFeed {
    batches: RawBatchCursor,
    /// What came with the opening.
    early: Told,
    line: Line,
}

/// What a feed is told by, and by what its questions are known.
#[derive(Clone)]
struct Line {
    collections: Collections,
    node: Uuid,
}

#[async_trait]
impl Changes for MongoStore {
    async fn follow(&self) -> Result<Option<Box<dyn ChangeFeed>>, StoreError> {
        let opened = self.call(|shared| async move { open(&shared).await }).await?;
        Ok(opened.map(|feed| Box::new(feed) as Box<dyn ChangeFeed>))
    }
}

/// Opens a change stream; `None` when the server has none.
///
/// A stream begins at what the server has *applied*, which a majority may not have yet, and reads do not show what a majority
/// has not. So a write follows, and a majority has with it everything before it: what is read after this is all that was there
/// when the stream began, and the stream tells the rest.
async fn open(shared: &Shared) -> Result<Option<MongoFeed>, Failure> {
    let line = Line::connect(shared)?;
    let opened = line
        .collections
        .database
        .aggregate(pipeline(line.node))
        .max_await_time(AWAIT_MAX)
        .batch_size(BATCH_MAX)
        .batch()
        .await;
    let mut batches = match opened.map_err(Failure::from) {
        Ok(batches) => batches,
        Err(Failure::Server(code)) if WITHOUT_STREAMS.contains(&code) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let early = told(&batches.next().await.ok_or(Failure::BrokenOff)??)?;
    line.appear().await?;
    Ok(Some(MongoFeed { batches, early, line }))
}

impl Line {
    fn connect(shared: &Shared) -> Result<Self, Failure> {
        let mut options = shared.client_options.clone();
        options.max_pool_size = Some(CONNECTIONS_MAX);
        let database = Client::with_options(options)?.database(shared.collections.database.name());
        Ok(Self { collections: Collections::of(database), node: shared.node })
    }

    /// Makes the node's document.
    async fn appear(&self) -> Result<(), Failure> {
        self.collections.nodes.update_one(by_id(self.node), ask(0)?).upsert(true).await?;
        Ok(())
    }

    async fn ask(&self, question: u64) -> Result<(), Failure> {
        let asked = self.collections.nodes.update_one(by_id(self.node), ask(question)?);
        tokio::time::timeout(ANSWER_MAX, asked).await.map_err(|_| Failure::TimedOut)??;
        Ok(())
    }
}

#[async_trait]
impl ChangeFeed for MongoFeed {
    fn ask(&mut self, question: u64) {
        let line = self.line.clone();
        // One that fails is not answered, which says all there is to say.
        tokio::spawn(async move { line.ask(question).await });
    }

    async fn next(&mut self) -> Result<Told, StoreError> {
        let batch = tokio::time::timeout(ANSWER_MAX, self.batches.next()).await;
        // A stream that ends has lost what it told about: the database was dropped.
        let batch = batch.map_err(|_| Failure::TimedOut)?.ok_or(Failure::BrokenOff)?;
        let Told { changes, answered } = told(&batch.map_err(Failure::from)?)?;
        let Told { changes: mut all, answered: earlier } = core::mem::replace(&mut self.early, NOTHING);
        all.extend(changes);
        Ok(Told { changes: all, answered: answered.max(earlier) })
    }
}

const NOTHING: Told = Told { changes: Vec::new(), answered: None };

/// What a batch tells.
fn told(batch: &RawBatch) -> Result<Told, Failure> {
    let mut told = NOTHING;
    for document in batch.doc_slices()? {
        let document = document.ok().and_then(|document| document.as_document());
        match ChangeDocument::parse(document.ok_or(Failure::Damaged("change"))?)?.decode()? {
            Some(Heard::Change(change)) => told.changes.push(change),
            Some(Heard::Question(question)) => told.answered = told.answered.max(Some(question)),
            None => {}
        }
    }
    Ok(told)
}
