//! The server's own loop: sockets, caps, timeouts, and an end without cut-off replies.

use crate::api::Api;
use crate::client_address::TrustedProxies;
use crate::cors::AllowedOrigins;
use crate::edge::Edge;
use crate::reply_body;
use crate::routes;
use core::net::SocketAddr;
use core::time::Duration;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use ipnet::IpNet;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;

/// How the server listens and how patient it is.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Proxies whose `Forwarded` and `X-Forwarded-For` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins of pages that may call the API.
    pub allowed_origins: Vec<String>,
    /// Connections served at once; further ones wait in the system's queue.
    pub connections_max: usize,
    /// How long a request's head may take to arrive, and a connection may idle.
    pub header_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How long a reply may wait for its client to take some of it.
    pub write_timeout: Duration,
    /// How long a request may take in all.
    pub request_timeout: Duration,
    /// How long requests under way may take to end when the server stops.
    pub shutdown_grace: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            connections_max: 4_096,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// Pause after a failed accept, such as one for lack of file descriptors, so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The largest request head, in bytes, and the most fields in it.
const HEAD_BYTES_MAX: usize = 32 * 1_024;
const HEAD_FIELDS_MAX: usize = 100;
/// The most bytes of a body that are read at once, and those waiting to be written beyond which no more are asked for. Few
/// large steps cost less than many small ones; a client that takes nothing holds this much and the piece that went past it.
const BODY_BUFFER_BYTES: usize = 128 * 1_024;

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    local_address: SocketAddr,
    settings: ServerSettings,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// The system's error when the address cannot be had.
    pub async fn bind(settings: ServerSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen).await?;
        let local_address = listener.local_addr()?;
        Ok(Self { listener, local_address, settings })
    }

    /// The address it listens on.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_address
    }

    /// Serves until `shutdown` completes, then lets requests under way end, for as long as the grace lasts.
    pub async fn serve(self, api: Api, shutdown: impl Future<Output = ()>) {
        let edge = Arc::new(Edge {
            proxies: TrustedProxies::new(self.settings.trusted_proxies.clone()),
            origins: AllowedOrigins::new(&self.settings.allowed_origins),
            request_ids: Arc::clone(&api.request_ids),
            request_timeout: self.settings.request_timeout,
        });
        let routes = warp::service(routes::all(&api, self.settings.body_timeout));
        let slots = Arc::new(Semaphore::new(self.settings.connections_max));
        let connections = GracefulShutdown::new();
        let builder = connection_builder(&self.settings);
        let accepting = async {
            loop {
                let (stream, peer, slot) = accept(&self.listener, &slots).await;
                let (edge, routes) = (Arc::clone(&edge), routes.clone());
                let answering = service_fn(move |request| {
                    let (edge, routes) = (Arc::clone(&edge), routes.clone());
                    async move {
                        let response = edge.answer(peer.ip(), request, routes).await;
                        Ok::<_, Infallible>(reply_body::settle(response))
                    }
                });
                let stream = bounded(stream, self.settings.write_timeout);
                let connection = builder.serve_connection(TokioIo::new(stream), answering);
                let watched = connections.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = watched.await {
                        tracing::debug!(%error, "connection ended");
                    }
                    drop(slot);
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            () = shutdown => {}
        }
        drop(self.listener);
        if tokio::time::timeout(self.settings.shutdown_grace, connections.shutdown()).await.is_err() {
            tracing::warn!("some requests did not end within the grace period and were cut off");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so a slot always comes.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Replies are small and whole; waiting to fill a segment only delays them.
                let _ = stream.set_nodelay(true);
                return (stream, peer, slot);
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A stream on which a write that makes no progress ends the connection: hyper has a timer for what it reads alone, and
/// clients that never read would hold their connections for ever.
fn bounded(stream: TcpStream, write_timeout: Duration) -> Pin<Box<TimeoutStream<TcpStream>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write_timeout));
    Box::pin(stream)
}

fn connection_builder(settings: &ServerSettings) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(HEAD_FIELDS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BODY_BUFFER_BYTES)
        // A client may close its side once its request is sent; it gets its answer all the same.
        .half_close(true);
    builder
}
