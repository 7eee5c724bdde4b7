//! What lies between nodes and their database, and has bad days at a test's command.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const PIECE_BYTES: usize = 64 * 1_024;

/// How the connection is.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    /// Counts how often everything was cut.
    cuts: u64,
    /// Whether new connections are turned away.
    is_closed: bool,
    /// How long each reply lies here before it goes on.
    held_back: Duration,
}

/// A proxy in front of one server. It ends with this.
pub(crate) struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    _serving: JoinSet<()>,
}

impl Proxy {
    /// A proxy that passes on what comes to the server at `target`.
    pub(crate) async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (weather, seen) = watch::channel(Weather::default());
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, target, seen));
        Self { address, weather, _serving: serving }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections; new ones may come at once.
    pub(crate) fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Cuts all connections and turns new ones away.
    pub(crate) fn close(&self) {
        self.weather.send_modify(|weather| {
            weather.cuts += 1;
            weather.is_closed = true;
        });
    }

    /// Holds each reply back for this long.
    pub(crate) fn hold_back(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.held_back = delay);
    }

    /// Passes everything on at once again.
    pub(crate) fn clear(&self) {
        self.weather.send_modify(|weather| {
            weather.is_closed = false;
            weather.held_back = Duration::ZERO;
        });
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, weather: watch::Receiver<Weather>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        while connections.try_join_next().is_some() {}
        if !weather.borrow().is_closed {
            connections.spawn(pass_until_cut(client, target, weather.clone()));
        }
    }
}

async fn pass_until_cut(client: TcpStream, target: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let cuts = weather.borrow_and_update().cuts;
    let watched = weather.clone();
    tokio::select! {
        () = pass(client, target, watched) => {}
        // An error means that the proxy is gone, and the connection with it.
        _ = weather.wait_for(|now| now.cuts != cuts) => {}
    }
}

async fn pass(client: TcpStream, target: SocketAddr, weather: watch::Receiver<Weather>) {
    // A server that is down: the connection ends as it would without a proxy.
    let Ok(server) = TcpStream::connect(target).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (keep, kept) = mpsc::unbounded_channel();
    tokio::select! {
        () = copy(from_client, to_server) => {}
        () = collect(from_server, weather, keep) => {}
        () = deliver(kept, to_client) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    // Whatever goes wrong at an end is the end of the connection.
    tokio::io::copy(&mut from, &mut to).await.ok();
}

/// Takes replies in, each with the moment at which it may go on.
async fn collect(
    mut from: OwnedReadHalf,
    weather: watch::Receiver<Weather>,
    keep: mpsc::UnboundedSender<(Instant, Vec<u8>)>,
) {
    let mut piece = vec![0; PIECE_BYTES];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let due = Instant::now() + weather.borrow().held_back;
        if keep.send((due, piece[..length].to_vec())).is_err() {
            return;
        }
    }
}

async fn deliver(mut kept: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>, mut to: OwnedWriteHalf) {
    while let Some((due, bytes)) = kept.recv().await {
        sleep_until(due).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
