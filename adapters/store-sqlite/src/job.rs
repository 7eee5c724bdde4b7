//! One call on its way to a database thread and back.

use crate::error::Failure;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// A call that waits in a queue.
pub(crate) trait Job: Send {
    /// Whether anyone still waits for the answer. A call that was given up before it began is not begun.
    fn is_wanted(&self) -> bool;

    /// Does the work and keeps the result back; false when it failed and must be rolled back.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Hands the result over, or the failure of the transaction it was part of.
    fn answer(self: Box<Self>, transaction: Result<(), Failure>);
}

/// A job and the caller that waits for it.
pub(crate) struct Call<T, W> {
    work: Option<W>,
    result: Result<T, Failure>,
    reply: oneshot::Sender<Result<T, Failure>>,
}

/// A job for a queue, and where its answer arrives.
pub(crate) fn call<T, W>(work: W) -> (Box<dyn Job>, oneshot::Receiver<Result<T, Failure>>)
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Call { work: Some(work), result: Err(Failure::Closed), reply }), answer)
}

impl<T, W> Job for Call<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, Failure> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, connection: &Connection) -> bool {
        // Asked again, since the transaction may have waited long for its lock.
        if let Some(work) = self.work.take().filter(|_| self.is_wanted()) {
            // Sound to go on after a panic: the savepoint around the job is rolled back, and nothing else is shared.
            self.result =
                catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or(Err(Failure::Panicked));
        }
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, transaction: Result<(), Failure>) {
        let result = match (self.result, transaction) {
            (Ok(_), Err(failure)) => Err(failure),
            (result, _) => result,
        };
        // The caller may have gone; the work is done all the same.
        drop(self.reply.send(result));
    }
}
