//! A bounded queue before the log's sink, so that a sink nobody reads never stops the server.

use super::one_line::one_line;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, sleep};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait; past it new ones are dropped and counted.
const LINES_MAX: usize = 8_192;

enum Message {
    Line(Vec<u8>),
    /// The end: what came before it has been written when the answer comes.
    Finish(SyncSender<()>),
}

/// The writing end: takes events and never waits.
#[derive(Clone)]
pub(super) struct LogQueue {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// Writes out what waits when it is dropped.
pub(super) struct QueueGuard {
    sender: SyncSender<Message>,
}

impl LogQueue {
    /// Starts a thread that writes to `sink`.
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<(Self, QueueGuard)> {
        let (sender, receiver) = sync_channel(LINES_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        Builder::new().name("log".to_owned()).spawn(move || drain(&receiver, &counter, sink))?;
        Ok((Self { sender: sender.clone(), dropped }, QueueGuard { sender }))
    }
}

fn drain(receiver: &Receiver<Message>, dropped: &AtomicU64, mut sink: impl Write) {
    while let Ok(message) = receiver.recv() {
        match message {
            // There is nowhere to say that the log itself cannot be written.
            Message::Line(line) => drop(sink.write_all(&line)),
            Message::Finish(done) => {
                drop(sink.flush());
                let _ = done.try_send(());
                return;
            }
        }
        let count = dropped.swap(0, Ordering::Relaxed);
        if count > 0 {
            tracing::warn!(count, "log lines were dropped: the log is not read fast enough");
        }
    }
}

impl Write for LogQueue {
    /// Takes one whole event: tracing-subscriber writes each with one call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.sender.try_send(Message::Line(one_line(event))) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogQueue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Drop for QueueGuard {
    /// Waits for the sink, but not for ever: a server that stops must stop.
    fn drop(&mut self) {
        const TRIES: u32 = 20;
        const PAUSE: Duration = Duration::from_millis(25);
        let (done, finished) = sync_channel(1);
        for _ in 0..TRIES {
            match self.sender.try_send(Message::Finish(done.clone())) {
                Ok(()) => {
                    let _ = finished.recv_timeout(TRIES * PAUSE);
                    return;
                }
                Err(TrySendError::Full(_)) => sleep(PAUSE),
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A sink that nobody reads until the test lets go.
    struct Stuck(Receiver<()>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_waits_is_written_at_the_end() {
        let memory = Memory::default();
        let (mut queue, guard) = LogQueue::start(memory.clone()).unwrap();
        queue.write_all(b"one\n").unwrap();
        queue.write_all(b"t\nwo\n").unwrap();
        drop(guard);
        assert_eq!(*memory.0.lock().unwrap(), b"one\nt\\u000awo\n");
    }

    #[test]
    fn h06_a_sink_that_nobody_reads_does_not_stop_the_writer() {
        let (release, stuck) = sync_channel(0);
        let (mut queue, guard) = LogQueue::start(Stuck(stuck)).unwrap();
        for _ in 0..LINES_MAX + 100 {
            queue.write_all(b"line\n").unwrap();
        }
        assert!(queue.dropped.load(Ordering::Relaxed) >= 99);
        drop(release);
        drop(guard);
    }
}
