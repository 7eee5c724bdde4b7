//! The store as a whole: opens, takes calls.

use crate::append_queue::AppendQueue;
use crate::collections::Collections;
use crate::connection::{check_servers, client_options, transaction_options};
use crate::errors::{Failure, OpenError};
use crate::options::MongoOptions;
use crate::transaction::Transactions;
use crate::turns::Turns;
use crate::{format, indexes, removed_accounts};
use core::task::Poll;
use core::time::Duration;
use epic_outbound::StoreError;
use futures_util::future::BoxFuture;
use futures_util::poll;
use mongodb::bson::{Uuid, doc};
use mongodb::error::Error;
use mongodb::options::ClientOptions;
use mongodb::{Client, ClientSession};
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore, TryAcquireError};

/// Calls that may be under way or wait for a connection; past it they are refused at once.
const CALLS_MAX: u32 = 8_192;

/// The store for several nodes. Clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct MongoStore {
    shared: Arc<Shared>,
}

/// What all calls of a store share.
#[derive(Debug)]
pub(crate) struct Shared {
    transactions: Transactions,
    /// For clients of their own: those of feeds.
    pub(crate) client_options: ClientOptions,
    /// This node, while the store is open.
    pub(crate) node: Uuid,
    pub(crate) deadline: Duration,
    calls: Arc<Semaphore>,
    pub(crate) collections: Collections,
    /// Whose turn it is to change an account's sessions or files.
    pub(crate) turns: Turns,
    /// Held by the task that clears away what removed accounts have left behind.
    pub(crate) clearing: Mutex<()>,
    /// Events on their way to the end of the chain.
    pub(crate) appends: AppendQueue,
}

impl MongoStore {
    /// Connects, makes what is missing (collections, indexes), and makes sure that the database is one that this server
    /// knows. Indexes over many documents may take their time.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(options: MongoOptions) -> Result<Self, OpenError> {
        Self::open_to_move_in(options).await?.refuse_half_moved().await
    }

    /// As [`MongoStore::open`], but also when a move into the store has begun: for the one who moves.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_to_move_in(options: MongoOptions) -> Result<Self, OpenError> {
        Self::connect(&options, client_options(&options).await?).await
    }

    /// Opens a store by a driver that is set up so.
    pub(crate) async fn connect(options: &MongoOptions, client: ClientOptions) -> Result<Self, OpenError> {
        let client_options = client.clone();
        let client = Client::with_options(client)?;
        let is_direct = client_options.direct_connection == Some(true);
        within(options.deadline, check_servers(&client, is_direct)).await?;
        let collections = Collections::of(client.database(&options.database));
        within(options.deadline, format::check(&collections)).await?;
        indexes::ensure(&collections, options.expired_kept_for).await?;
        within(options.deadline, format::mark(&collections)).await?;
        let shared = Shared {
            transactions: Transactions::new(client, transaction_options(options)),
            client_options,
            node: Uuid::new(),
            deadline: options.deadline,
            calls: Arc::new(Semaphore::new(usize::try_from(CALLS_MAX).unwrap_or(usize::MAX))),
            collections,
            turns: Turns::default(),
            clearing: Mutex::default(),
            appends: AppendQueue::default(),
        };
        let shared = Arc::new(shared);
        removed_accounts::take_up(&shared);
        Ok(Self { shared })
    }

    /// The store that has this in common with others.
    pub(crate) const fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Asks the primary for a sign of life.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it gives none in time.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.call(|shared| async move {
            shared.collections.database.run_command(doc! { "ping": 1 }).await?;
            Ok(())
        })
        .await
    }

    /// Finishes the calls that are under way; later ones are refused.
    pub async fn close(&self) {
        // Who waits for all permits gets each one that is given back, so that no new call begins.
        if let Ok(all) = self.shared.calls.acquire_many(CALLS_MAX).await {
            self.shared.calls.close();
            drop(all);
        }
    }

    /// Runs a call as a task of its own, within the deadline. A caller who goes away neither breaks off a write half-way nor
    /// costs the pool a connection.
    pub(crate) async fn call<T, F>(&self, work: impl FnOnce(Arc<Shared>) -> F + Send) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let permit = Arc::clone(&self.shared.calls).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::Closed => Failure::Closed,
            TryAcquireError::NoPermits => Failure::QueueFull,
        })?;
        let mut work = Box::pin(tokio::time::timeout(self.shared.deadline, work(Arc::clone(&self.shared))));
        // A call takes its turn here and not when its task comes to run: calls that are made one after another come one after
        // another, also when the first is given up.
        if let Poll::Ready(result) = poll!(work.as_mut()) {
            return Ok(result.unwrap_or(Err(Failure::TimedOut))?);
        }
        let task = tokio::spawn(async move {
            let result = work.await.unwrap_or(Err(Failure::TimedOut));
            drop(permit);
            result
        });
        Ok(task.await.unwrap_or(Err(Failure::BrokenOff))?)
    }
}

impl Shared {
    /// Runs `steps` in one transaction; see [`Transactions::run`].
    pub(crate) async fn in_transaction<C, T, F>(&self, context: C, steps: F) -> Result<T, Failure>
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
        self.transactions.run(&self.collections, context, steps).await
    }
}

async fn within<T>(
    deadline: Duration,
    step: impl Future<Output = Result<T, OpenError>>,
) -> Result<T, OpenError> {
    tokio::time::timeout(deadline, step).await.unwrap_or_else(|_| Err(Failure::TimedOut.into()))
}
