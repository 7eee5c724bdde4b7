//! Events on their way to the end of the audit chain.
//!
//! Calls that come while an append is under way wait and go together in the next one.

use crate::chain_end::append_together;
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::audit::{Anchor, Event};
use epic_outbound::audit::EVENTS_MAX;
use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

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
    remembered: tokio::sync::Mutex<Option<Anchor>>,
}

/// Puts events at the end of the chain, together, after those of the calls that came before.
pub(crate) async fn append(shared: &Shared, events: Vec<Event>) -> Result<(), Failure> {
    let queue = &shared.appends;
    let mut answer = queue.push(events)?;
    // One at a time appends: whoever gets here takes everything that waits along.
    let mut remembered = queue.remembered.lock().await;
    loop {
        match answer.try_recv() {
            Ok(result) => return result,
            Err(TryRecvError::Closed) => return Err(Failure::BrokenOff),
            Err(TryRecvError::Empty) => {}
        }
        let batch = queue.take();
        let events: Vec<Event> = batch.iter().flat_map(|append| append.events.iter().cloned()).collect();
        let result = append_together(&shared.collections, &mut remembered, &events).await;
        for append in batch {
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
    fn take(&self) -> Vec<Append> {
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
        batch
    }
}
