//! The threads that read.

use crate::job::Job;
use rusqlite::Connection;
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, PoisonError};

/// Reads until every sender is gone and the queue, which the readers share, is empty.
///
/// Each statement sees every commit that was acknowledged before it began.
pub(crate) fn run(connection: &Connection, queue: &Mutex<Receiver<Box<dyn Job>>>) {
    while let Some(mut job) = next(queue) {
        if job.is_wanted() {
            job.run(connection);
            job.answer(Ok(()));
        }
    }
}

/// One reader waits at the queue, the others at the lock.
fn next(queue: &Mutex<Receiver<Box<dyn Job>>>) -> Option<Box<dyn Job>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
