//! A server of the S3 protocol in this process, which can be stopped and started again at the same address.

use super::like_s3;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use s3s::service::S3Service;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

pub(crate) const ACCESS_KEY: &str = "access";
pub(crate) const SECRET_KEY: &str = "a secret of the bucket";

/// A server with one bucket, `files`.
pub(crate) struct ObjectServer {
    pub(crate) address: SocketAddr,
    /// The address of the bucket.
    blobs: String,
    folder: tempfile::TempDir,
    serving: JoinHandle<()>,
}

impl ObjectServer {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(listener, service(folder.path())));
        let blobs = format!("s3://files/epic/test?endpoint=http://{address}&region=us-east-1");
        Self { address, blobs, folder, serving }
    }

    /// The settings of a server that keeps its contents here.
    pub(crate) fn settings(&self) -> [(&str, &str); 3] {
        [
            ("EPIC_BLOBS", &self.blobs),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ]
    }

    /// Stops listening and cuts every connection.
    pub(crate) async fn stop(&mut self) {
        self.serving.abort();
        (&mut self.serving).await.unwrap_err();
    }

    pub(crate) fn start_again(&mut self) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        self.serving = tokio::spawn(serve(socket.listen(64).unwrap(), service(self.folder.path())));
    }

    /// How many objects there are below a prefix.
    pub(crate) fn object_count(&self, prefix: &str) -> usize {
        super::torn::files_below(&self.folder.path().join("files").join(prefix))
    }
}

fn service(folder: &Path) -> S3Service {
    like_s3::service(folder, ACCESS_KEY, SECRET_KEY)
}

async fn serve(listener: TcpListener, service: S3Service) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service.clone();
        connections.spawn(async move {
            // A client that goes away is none of a server's business.
            Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}
