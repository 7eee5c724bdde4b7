//! The thread that writes: many jobs, one commit.

use crate::error::Failure;
use crate::job::{Job, call};
use crate::removed_accounts;
use core::time::Duration;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

/// The most jobs in one transaction: bounds how long the first of them waits for the last.
const BATCH_JOBS_MAX: usize = 256;
/// How long no job must come before something is tidied up.
const LULL: Duration = Duration::from_millis(2);
/// After so many batches something is tidied up although jobs come without a lull.
const BATCHES_PER_PIECE: u32 = 32;

/// Writes until every sender is gone and the queue is empty. In between it clears away what removed accounts have left
/// behind; what is still left at the end is taken up at the next start.
pub(crate) fn run(connection: &Connection, queue: &Receiver<Box<dyn Job>>) {
    let mut is_tidy = false;
    let mut batches = 0;
    loop {
        match next(queue, is_tidy) {
            Ok(first) => {
                let mut batch = vec![first];
                batch.extend(queue.try_iter().take(BATCH_JOBS_MAX - 1));
                commit_together(connection, batch);
                batches += 1;
            }
            Err(RecvTimeoutError::Timeout) => batches = BATCHES_PER_PIECE,
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let is_due = batches >= BATCHES_PER_PIECE;
        is_tidy = tidy_up(connection, is_due).unwrap_or_else(|failure| {
            // Tried again after the next batch.
            tracing::error!(%failure, "what a removed account has left could not be cleared away");
            true
        });
        if is_due {
            batches = 0;
        }
    }
}

/// The next job. While there is something to tidy up, it is waited for a moment only.
fn next(queue: &Receiver<Box<dyn Job>>, is_tidy: bool) -> Result<Box<dyn Job>, RecvTimeoutError> {
    if is_tidy { queue.recv().map_err(RecvTimeoutError::from) } else { queue.recv_timeout(LULL) }
}

/// Clears one piece away if anything is left and it `is_due`; true when nothing is left.
fn tidy_up(connection: &Connection, is_due: bool) -> Result<bool, Failure> {
    let is_tidy = !removed_accounts::are_left(connection)?;
    if is_due && !is_tidy {
        let (job, mut answer) = call(removed_accounts::clear_next);
        commit_together(connection, vec![job]);
        answer.try_recv().unwrap_or(Err(Failure::Panicked))?;
    }
    Ok(is_tidy)
}

/// Runs a batch in one transaction and answers each job after the commit, never before.
fn commit_together(connection: &Connection, mut batch: Vec<Box<dyn Job>>) {
    batch.retain(|job| job.is_wanted());
    if batch.is_empty() {
        return;
    }
    let committed = transact(connection, &mut batch);
    if let Err(failure) = committed {
        tracing::error!(%failure, jobs = batch.len(), "a transaction failed");
        roll_back(connection);
    }
    for job in batch {
        job.answer(committed);
    }
}

fn transact(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), Failure> {
    if !connection.is_autocommit() {
        roll_back(connection);
    }
    execute(connection, "BEGIN IMMEDIATE")?;
    if let [only] = batch {
        // A job alone needs no savepoint: the transaction is its own.
        if !only.run(connection) {
            return execute(connection, "ROLLBACK");
        }
    } else {
        for job in batch {
            run_in_savepoint(connection, job.as_mut())?;
        }
    }
    execute(connection, "COMMIT")
}

/// A job that fails undoes its own changes and no other's.
fn run_in_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<(), Failure> {
    execute(connection, "SAVEPOINT job")?;
    if !job.run(connection) {
        // On some errors (no room, I/O) SQLite rolls the whole transaction back by itself. Then this fails, and with
        // it the batch.
        execute(connection, "ROLLBACK TO job")?;
    }
    execute(connection, "RELEASE job")
}

fn roll_back(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    if let Err(failure) = execute(connection, "ROLLBACK") {
        tracing::error!(%failure, "a transaction could not be rolled back");
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), Failure> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    type Answer = oneshot::Receiver<Result<(), Failure>>;

    fn numbers() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE numbers (number INTEGER UNIQUE)").unwrap();
        connection
    }

    fn insert(number: i64) -> (Box<dyn Job>, Answer) {
        call(move |connection: &Connection| {
            connection.execute("INSERT INTO numbers VALUES (?1)", [number])?;
            Ok(())
        })
    }

    fn insert_and_fail(number: i64, failure: Failure) -> (Box<dyn Job>, Answer) {
        call(move |connection: &Connection| {
            connection.execute("INSERT INTO numbers VALUES (?1)", [number])?;
            Err(failure)
        })
    }

    fn stored(connection: &Connection) -> Vec<i64> {
        let mut statement = connection.prepare("SELECT number FROM numbers ORDER BY number").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_failing_job_undoes_itself_and_no_other() {
        let connection = numbers();
        let (first, mut first_answer) = insert(1);
        let (failing, mut failing_answer) = insert_and_fail(2, Failure::TooLarge);
        let (last, mut last_answer) = insert(3);
        commit_together(&connection, vec![first, failing, last]);
        assert_eq!(stored(&connection), [1, 3]);
        assert_eq!(first_answer.try_recv(), Ok(Ok(())));
        assert_eq!(failing_answer.try_recv(), Ok(Err(Failure::TooLarge)));
        assert_eq!(last_answer.try_recv(), Ok(Ok(())));
    }

    #[test]
    fn a_failing_job_alone_leaves_nothing() {
        let connection = numbers();
        let (failing, mut answer) = insert_and_fail(1, Failure::TooLarge);
        commit_together(&connection, vec![failing]);
        assert_eq!(stored(&connection), [] as [i64; 0]);
        assert_eq!(answer.try_recv(), Ok(Err(Failure::TooLarge)));
        assert!(connection.is_autocommit());
    }

    #[test]
    fn a_panic_is_an_error_of_its_job_alone() {
        let connection = numbers();
        let (panicking, mut panicking_answer) = call::<(), _>(|connection: &Connection| {
            connection.execute("INSERT INTO numbers VALUES (1)", [])?;
            panic!("on purpose");
        });
        let (other, mut other_answer) = insert(2);
        commit_together(&connection, vec![panicking, other]);
        assert_eq!(stored(&connection), [2]);
        assert_eq!(panicking_answer.try_recv(), Ok(Err(Failure::Panicked)));
        assert_eq!(other_answer.try_recv(), Ok(Ok(())));
    }

    #[test]
    fn a_call_that_was_given_up_is_not_begun() {
        let connection = numbers();
        let (given_up, answer) = insert(1);
        drop(answer);
        let (other, _other_answer) = insert(2);
        commit_together(&connection, vec![given_up, other]);
        assert_eq!(stored(&connection), [2]);
    }

    #[test]
    fn when_the_transaction_fails_nobody_is_told_otherwise() {
        let connection = numbers();
        let (first, mut first_answer) = insert(1);
        // Ends the transaction under the writer, as SQLite itself does when there is no room left.
        let (breaking, mut breaking_answer) = call(|connection: &Connection| {
            connection.execute_batch("ROLLBACK")?;
            Err::<(), _>(Failure::TooLarge)
        });
        let (last, mut last_answer) = insert(3);
        commit_together(&connection, vec![first, breaking, last]);
        assert_eq!(stored(&connection), [] as [i64; 0]);
        assert!(matches!(first_answer.try_recv(), Ok(Err(Failure::Sqlite(_)))));
        assert_eq!(breaking_answer.try_recv(), Ok(Err(Failure::TooLarge)));
        assert!(last_answer.try_recv().unwrap().is_err());
        let (next, mut next_answer) = insert(4);
        commit_together(&connection, vec![next]);
        assert_eq!(next_answer.try_recv(), Ok(Ok(())), "the writer goes on");
    }
}
