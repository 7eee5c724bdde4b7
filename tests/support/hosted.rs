//! A server on threads of its own in this process. It runs on while the test's thread waits.

use epic_bootstrap::config::Settings;
use epic_bootstrap::lifecycle::serve;
use epic_bootstrap::wire::{Application, Machine, Parts};
use epic_inbound::file_housekeeping::FileHousekeeping;
use epic_inbound::housekeeping::Housekeeping;
use epic_outbound::audit::Audit;
use epic_outbound::sessions::Sessions;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// What a test reaches of a server past its socket.
#[derive(Clone)]
pub(crate) struct Reached {
    pub(crate) address: SocketAddr,
    runtime: Handle,
    pub(crate) audit: Arc<dyn Audit>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) housekeeping: Housekeeping,
    pub(crate) file_housekeeping: FileHousekeeping,
}

impl Reached {
    /// Does something with the server's own parts on the server's own threads: what is begun there and goes on for itself
    /// would stand still with the test's thread, and the server waits for it when it stops.
    pub(crate) async fn within<T, F>(&self, work: impl FnOnce(Self) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.spawn(work(self.clone())).await.unwrap()
    }
}

/// A running server. When this is dropped it has stopped, and its store is closed.
pub(crate) struct Hosted {
    pub(crate) reached: Reached,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Hosted {
    pub(crate) async fn start(settings: Settings, machine: Machine) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (told, reached) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(Box::pin(run(settings, machine, told, stopped)));
        });
        let reached = reached.await.expect("the server starts");
        Self { reached, stop: Some(stop), thread: Some(thread) }
    }
}

async fn run(
    settings: Settings,
    machine: Machine,
    told: oneshot::Sender<Reached>,
    stopped: oneshot::Receiver<()>,
) {
    let network = settings.network.clone();
    let parts = Parts::from_settings(settings, machine).await.unwrap();
    let (audit, sessions) = (Arc::clone(&parts.audit), Arc::clone(&parts.sessions));
    let application = Application::assemble(parts).unwrap();
    let (housekeeping, file_housekeeping) =
        (application.housekeeping.clone(), application.file_housekeeping.clone());
    let runtime = Handle::current();
    let listening = move |address| {
        drop(told.send(Reached { address, runtime, audit, sessions, housekeeping, file_housekeeping }));
    };
    let shutdown = async {
        let _ = stopped.await;
    };
    Box::pin(serve(application, network, listening, shutdown)).await.unwrap();
}

impl Drop for Hosted {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking(), "the server broke off");
    }
}
