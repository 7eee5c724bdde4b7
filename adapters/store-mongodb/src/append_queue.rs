//! Events on their way to the end of the audit chain.
//!
//! Calls that come while an append is under way wait and go together in the next one.

use crate::chain_end::append_together;
use crate::collections::Collections;
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::audit::{Anchor, Event};
use epic_outbound::audit::EVENTS_MAX;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{OwnedMutexGuard, oneshot};
use tokio::time::timeout;

/// Calls that may wait.
const QUEUE_LENGTH_MAX: usize = 4_096;

/// A call that waits.
#[derive(Debug)]
struct Append {
    events: Vec<Event>,
    reply: oneshot::Sender<Result<(), Failure>>,
}

/// The queue, and where the chain stood after the last append from it.
#[derive(Debug, Default)]
pub(crate) struct AppendQueue {
    waiting: Mutex<VecDeque<Append>>,
    remembered: Arc<tokio::sync::Mutex<Option<Anchor>>>,
}

/// Calls whose events are appended together.
struct Batch(Vec<Append>);

/// Puts events at the end of the chain, together, after those of the calls that came before.
pub(crate) async fn append(shared: &Shared, events: Vec<Event>) -> Result<(), Failure> {
    let queue = &shared.appends;
    let mut answer = queue.push(events)?;
    loop {
        // One batch at a time: whoever comes next takes everything that waits along.
        let remembered = Arc::clone(&queue.remembered).lock_owned().await;
        if let Some(result) = answered(&mut answer) {
            return result;
        }
        // A task of its own, with a deadline of its own: the calls of a batch do not fail because the one that happened to
        // start it has waited for long, or is given up.
        let appending = queue.take().append(shared.collections.clone(), remembered);
        drop(tokio::spawn(timeout(shared.deadline, appending)));
    }
}

/// What became of the call, if it is known.
fn answered(answer: &mut oneshot::Receiver<Result<(), Failure>>) -> Option<Result<(), Failure>> {
    match answer.try_recv() {
        Ok(result) => Some(result),
        Err(TryRecvError::Closed) => Some(Err(Failure::TimedOut)),
        Err(TryRecvError::Empty) => None,
    }
}

impl Batch {
    async fn append(self, collections: Collections, mut remembered: OwnedMutexGuard<Option<Anchor>>) {
        let events: Vec<Event> = self.0.iter().flat_map(|append| append.events.iter().cloned()).collect();
        let result = append_together(&collections, &mut remembered, &events).await;
        for append in self.0 {
            // A caller may have gone; what it wanted is done all the same.
            let _ = append.reply.send(result);
        }
    }
}

impl AppendQueue {
    fn push(&self, events: Vec<Event>) -> Result<oneshot::Receiver<Result<(), Failure>>, Failure> {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= QUEUE_LENGTH_MAX {
            return Err(Failure::QueueFull);
        }
        let (reply, answer) = oneshot::channel();
        waiting.push_back(Append { events, reply });
        Ok(answer)
    }

    /// The next calls, as many as may go together but at least one. A call that was given up is left out.
    fn take(&self) -> Batch {
        let mut waiting = self.waiting.lock();
        let (mut batch, mut events_count) = (Vec::new(), 0_usize);
        while let Some(append) = waiting.pop_front() {
            if append.reply.is_closed() {
                continue;
            }
            events_count = events_count.saturating_add(append.events.len());
            if !batch.is_empty() && events_count > EVENTS_MAX {
                waiting.push_front(append);
                break;
            }
            batch.push(append);
        }
        Batch(batch)
    }
}
