//! The store as a whole: opens, takes calls, closes.

use crate::connection::{check_structure, make_durable, open_reader, open_writer};
use crate::error::{Failure, OpenError};
use crate::folder::Folder;
use crate::job::{Job, call};
use crate::{moving_mark, readers, schema, writer};
use core::time::Duration;
use epic_outbound::StoreError;
use rusqlite::Connection;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};

/// How a store works.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How long a call waits for its answer.
    pub deadline: Duration,
    /// How many calls of a kind, reads or writes, may wait; past it they are refused at once.
    pub queue_length_max: usize,
    /// How many threads read.
    pub reader_count: usize,
}

impl Default for StoreOptions {
    /// 10 seconds, 4096 calls, 2 readers.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(10), queue_length_max: 4_096, reader_count: 2 }
    }
}

/// The embedded store. Clones share one database; when the last is dropped, the store finishes and closes.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    deadline: Duration,
    open: RwLock<Option<Open>>,
}

/// What is there while the store is open. The folder comes last: its lock is given up when all else is done.
#[derive(Debug)]
struct Open {
    writes: SyncSender<Box<dyn Job>>,
    reads: SyncSender<Box<dyn Job>>,
    writer: JoinHandle<()>,
    readers: Vec<JoinHandle<()>>,
    folder: Folder,
}

impl SqliteStore {
    /// Opens the store in `folder`, which is made if it is missing, and brings its tables up to date.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        Self::open_if(folder, options, moving_mark::refuse)
    }

    /// As [`SqliteStore::open`], but also when a move into the store has begun: for the one who moves.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_to_move_in(folder: &Path, options: StoreOptions) -> Result<Self, OpenError> {
        Self::open_if(folder, options, |_| Ok(()))
    }

    fn open_if(
        folder: &Path,
        options: StoreOptions,
        check: impl FnOnce(&Connection) -> Result<(), OpenError>,
    ) -> Result<Self, OpenError> {
        let folder = Folder::lock(folder)?;
        let path = folder.database()?;
        let mut connection = open_writer(&path)?;
        schema::check_ours(&connection)?;
        check_structure(&connection)?;
        make_durable(&connection)?;
        schema::migrate(&mut connection)?;
        check(&connection)?;
        folder.remember_database()?;

        let (writes, write_queue) = sync_channel(options.queue_length_max);
        let writer = spawn("store-writer", move || writer::run(&connection, &write_queue))?;
        let (reads, read_queue) = sync_channel(options.queue_length_max);
        let read_queue: Arc<Mutex<Receiver<Box<dyn Job>>>> = Arc::new(Mutex::new(read_queue));
        let mut readers = Vec::new();
        for _ in 0..options.reader_count.max(1) {
            let connection = open_reader(&path)?;
            let queue = Arc::clone(&read_queue);
            readers.push(spawn("store-reader", move || readers::run(&connection, &queue))?);
        }
        let open = RwLock::new(Some(Open { writes, reads, writer, readers, folder }));
        Ok(Self { shared: Arc::new(Shared { deadline: options.deadline, open }) })
    }

    /// Finishes what was accepted, closes the database and gives the folder free. Later calls are refused. Blocks
    /// until it is done.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Runs `work` in the next transaction and answers once it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.send(|open| &open.writes, work).await
    }

    /// Runs `work` on a connection that only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.send(|open| &open.reads, work).await
    }

    async fn send<T: Send + 'static>(
        &self,
        queue: impl Fn(&Open) -> &SyncSender<Box<dyn Job>>,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, answer) = call(work);
        self.shared.enqueue(queue, job)?;
        // A call that times out before it has begun is never begun, since its receiver is gone; one that is being
        // committed at that moment may still become durable, whole.
        match tokio::time::timeout(self.shared.deadline, answer).await {
            Ok(Ok(result)) => Ok(result?),
            Ok(Err(_)) => Err(Failure::Closed.into()),
            Err(_) => Err(Failure::TimedOut.into()),
        }
    }
}

impl Shared {
    fn enqueue(
        &self,
        queue: impl Fn(&Open) -> &SyncSender<Box<dyn Job>>,
        job: Box<dyn Job>,
    ) -> Result<(), Failure> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        queue(open.as_ref().ok_or(Failure::Closed)?).try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Failure::QueueFull,
            TrySendError::Disconnected(_) => Failure::Closed,
        })
    }

    fn close(&self) {
        let open = self.open.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { writes, reads, writer, readers, folder }) = open else { return };
        // The writer goes last: only a connection that may write can fold the log into the database when it closes.
        drop(reads);
        readers.into_iter().for_each(join);
        drop(writes);
        join(writer);
        drop(folder);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a database thread panicked");
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    Builder::new().name(name.to_owned()).spawn(body).map_err(|error| OpenError::Unavailable(error.into()))
}
