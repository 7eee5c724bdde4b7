//! Events on their way to the end of the audit chain.
//!
//! Calls that come while an append is under way wait and go together in the next one: one transaction, one commit for all of
//! them. Appends of other nodes are told apart by the anchor: it moves only from where this append begins.

use crate::audit::anchor_of_file;
use crate::collections::Collections;
use crate::documents::anchor::{move_to, standing_at, the_anchor};
use crate::documents::link::LinkDocument;
use crate::errors::Failure;
use crate::store::Shared;
use epic_domain::audit::{Anchor, Event};
use epic_domain::id::FileId;
use futures_util::FutureExt;
use mongodb::ClientSession;
use mongodb::error::Error;
use parking_lot::Mutex;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// Events in one transaction.
const EVENTS_MAX: usize = 1_000;
/// Calls that may wait.
const QUEUE_LENGTH_MAX: usize = 4_096;
/// How often an append begins anew when the anchor was not where it was remembered.
const TRIES_MAX: u32 = 8;

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
        let result = append_together(shared, &mut remembered, events).await;
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

    /// The next calls, as many as fit in one transaction but at least one. A call that was given up is left out.
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

/// Appends in one transaction and remembers where the chain stands then.
async fn append_together(
    shared: &Shared,
    remembered: &mut Option<Anchor>,
    events: Vec<Event>,
) -> Result<(), Failure> {
    let events = Arc::new(events);
    for _ in 0..TRIES_MAX {
        let appended = shared
            .in_transaction(
                (remembered.take(), Arc::clone(&events)),
                |collections, session, (from, events)| {
                    // What was remembered is good for one try: a rival may have moved the anchor.
                    append_within(collections, session, from.take(), events).boxed()
                },
            )
            .await?;
        if let Some(end) = appended {
            *remembered = Some(end);
            return Ok(());
        }
    }
    Err(Failure::Contended)
}

/// Appends within a transaction; returns where the chain stands then, or `None`, with nothing written, when it does not
/// stand at `from`.
async fn append_within(
    collections: &Collections,
    session: &mut ClientSession,
    from: Option<Anchor>,
    events: &[Event],
) -> Result<Option<Anchor>, Error> {
    let from = match from {
        Some(from) => from,
        None => {
            let stored = collections.audit_anchor.find_one(the_anchor()).session(&mut *session).await?;
            stored.ok_or(Failure::Damaged("anchor"))?.decode()?
        }
    };
    // The file chains grow only with this one, so that what is read of them holds once the anchor has moved.
    let (end, links) = Chain::read(collections, session, from, events).await?.grow(events)?;
    // The anchor before the links: of two appends that race, the second is refused here, before it has done much.
    let moved =
        collections.audit_anchor.update_one(standing_at(from)?, move_to(end)?).session(&mut *session).await?;
    if moved.matched_count == 0 {
        return Ok(None);
    }
    collections.audit.insert_many(&links).session(session).await?;
    Ok(Some(end))
}

/// The chain, and those of the files that events are about.
struct Chain {
    anchor: Anchor,
    of_files: HashMap<FileId, Anchor>,
}

impl Chain {
    async fn read(
        collections: &Collections,
        session: &mut ClientSession,
        anchor: Anchor,
        events: &[Event],
    ) -> Result<Self, Error> {
        let mut of_files = HashMap::new();
        for mark in events.iter().filter_map(|event| event.file) {
            if let Entry::Vacant(place) = of_files.entry(mark.file_id) {
                place.insert(anchor_of_file(collections, Some(&mut *session), mark.file_id).await?);
            }
        }
        Ok(Self { anchor, of_files })
    }

    /// The links of the events, and where the chain stands after them.
    fn grow(mut self, events: &[Event]) -> Result<(Anchor, Vec<LinkDocument>), Failure> {
        let mut links = Vec::with_capacity(events.len());
        for event in events {
            let mut of_file = event.file.and_then(|mark| self.of_files.get_mut(&mark.file_id));
            let link = self.anchor.link(event.clone(), of_file.as_deref().copied());
            self.anchor = link.anchor();
            if let (Some(anchor), Some(place)) = (&mut of_file, &link.file) {
                **anchor = place.anchor();
            }
            links.push(LinkDocument::encode(&link)?);
        }
        Ok((self.anchor, links))
    }
}
