//! One transaction: run, tried again when a rival came first, bounded.

use crate::collections::Collections;
use crate::errors::Failure;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use mongodb::bson::doc;
use mongodb::error::Error;
use mongodb::options::TransactionOptions;
use mongodb::{Client, ClientSession};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// How often a transaction is tried before the store counts as unavailable. The first writer of a document always goes
/// on, so each failed try of one caller is the success of another.
const TRIES_MAX: u32 = 48;

/// Runs transactions.
#[derive(Debug)]
pub(crate) struct Transactions {
    client: Client,
    options: TransactionOptions,
    endings: Arc<Semaphore>,
}

impl Transactions {
    pub(crate) fn new(client: Client, options: TransactionOptions) -> Self {
        Self { client, options, endings: Arc::new(Semaphore::new(ENDINGS_AT_ONCE_MAX)) }
    }

    /// Runs `steps` in a transaction and commits it. `steps` get the collections and `context` and are run again, from the start, when the database
    /// asks for it (`TransientTransactionError`); a commit whose outcome is unknown is repeated, which is safe. When the call
    /// is dropped before its commit, or fails, the server is told so until it knows.
    ///
    /// # Errors
    /// The steps' failure, nothing changed; or [`Failure::Contended`].
    pub(crate) async fn run<C, T, F>(
        &self,
        collections: &Collections,
        context: C,
        mut steps: F,
    ) -> Result<T, Failure>
    where
        C: Send,
        T: Send + 'static,
        F: for<'b> FnMut(
                &'b Collections,
                &'b mut ClientSession,
                &'b mut C,
            ) -> BoxFuture<'b, Result<T, Error>>
            + Send,
    {
        let has_begun = Arc::<AtomicBool>::default();
        let mut open = OpenSession {
            session: Some(self.client.start_session().await?),
            has_begun: Arc::clone(&has_begun),
            endings: Arc::clone(&self.endings),
            collections: collections.clone(),
        };
        let session = open.session.as_mut().ok_or(Failure::BrokenOff)?;
        let mut tries_left = TRIES_MAX;
        let outcome = session
            .start_transaction()
            .with_options(self.options.clone())
            .and_run((collections.clone(), context), |session, (collections, context)| {
                if tries_left == 0 {
                    return ready(Err(Failure::Contended.into())).boxed();
                }
                tries_left -= 1;
                has_begun.store(true, Ordering::Relaxed);
                steps(collections, session, context)
            })
            .await;
        let outcome = outcome.map_err(Failure::from);
        if !matches!(outcome, Err(Failure::Network | Failure::NoServer)) {
            open.settle();
        }
        outcome
    }
}

/// How often, and how long each time, the server is asked to end a transaction: longer than it keeps one by itself.
const ENDINGS_MAX: u32 = 60;
const ENDING_MAX: Duration = Duration::from_secs(5);
const ENDING_PAUSE: Duration = Duration::from_millis(500);
/// Transactions that are ended at the same time. On a bad day every call leaves one behind, and what was meant to help must
/// not stand in the way of the calls that follow: the server ends the others by itself.
const ENDINGS_AT_ONCE_MAX: usize = 8;

/// A session whose transaction the server may still have open when this is dropped.
struct OpenSession {
    session: Option<ClientSession>,
    /// Whether anything was sent.
    has_begun: Arc<AtomicBool>,
    endings: Arc<Semaphore>,
    collections: Collections,
}

impl OpenSession {
    /// The server has answered: it keeps nothing open.
    fn settle(mut self) {
        self.session = None;
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        let (Some(session), Ok(runtime)) = (self.session.take(), Handle::try_current()) else { return };
        if !self.has_begun.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(permit) = Arc::clone(&self.endings).try_acquire_owned() {
            runtime.spawn(end_transaction(session, self.collections.clone(), permit));
        }
    }
}

/// Ends a transaction of which the server was not told that nobody goes on with it. It would keep it open for a minute, and
/// until then whoever writes the same documents would fail. The driver tells it once, which on a bad day is lost like all else.
async fn end_transaction(
    mut session: ClientSession,
    collections: Collections,
    _permit: OwnedSemaphorePermit,
) {
    for _ in 0..ENDINGS_MAX {
        let ending = timeout(ENDING_MAX, supersede(&mut session, &collections));
        if matches!(ending.await, Ok(Ok(()))) {
            return;
        }
        sleep(ENDING_PAUSE).await;
    }
}

/// The next transaction of a session ends the one before.
async fn supersede(session: &mut ClientSession, collections: &Collections) -> Result<(), Error> {
    // It fails when the driver knows that there is none, or has asked for the end already.
    session.abort_transaction().await.ok();
    session.start_transaction().await?;
    collections.format.find_one(doc! {}).session(&mut *session).await?;
    session.abort_transaction().await
}
