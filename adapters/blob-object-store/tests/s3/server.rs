//! An S3 server on a socket of this machine, and a way between it and the client that can be broken.

use crate::like_s3;
use core::sync::atomic::{AtomicU64, Ordering};
use epic_blob_object_store::{S3Blobs, S3Credentials, S3Settings};
use epic_domain::secret::SecretText;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::service::S3Service;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

const BUCKET: &str = "blobs";
const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
/// What must not be in any text.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI-EXAMPLE-KEY";

/// A server with one empty bucket. It ends with the runtime it was started in.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(like_s3::service).await
    }

    /// A server that calls a multipart upload denied that is not there.
    pub(crate) async fn start_denying() -> Self {
        Self::start_with(like_s3::denying_service).await
    }

    async fn start_with(service: fn(&Path, &str, &str) -> S3Service) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let service = service(folder.path(), ACCESS_KEY_ID, SECRET);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, service));
        Self { address, folder }
    }

    /// Files of the server that hold parts of multipart uploads, and records of such uploads.
    pub(crate) fn unfinished(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".upload")).collect()
    }

    /// The keys in the bucket.
    pub(crate) fn keys(&self) -> Vec<String> {
        let root = self.folder.path().join(BUCKET);
        let mut folders = vec![root.clone()];
        let mut keys = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    keys.push(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        keys.sort_unstable();
        keys
    }
}

async fn serve(listener: TcpListener, service: S3Service) {
    while let Ok((socket, _)) = listener.accept().await {
        let service = service.clone();
        tokio::spawn(async move {
            let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

/// Settings for the bucket of the server at this address, or on the way to it.
pub(crate) fn settings(address: SocketAddr) -> S3Settings {
    let credentials = S3Credentials::Key {
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: SecretText::new(SECRET.to_owned()),
        session_token: None,
    };
    S3Settings {
        prefix: String::from("epic/blobs"),
        endpoint: Some(format!("http://{address}")),
        credentials,
        allow_http: true,
        ..S3Settings::new(BUCKET.to_owned())
    }
}

pub(crate) fn opened(settings: &S3Settings) -> S3Blobs {
    S3Blobs::open(settings).unwrap()
}

/// Passes everything on.
pub(crate) const OPEN: u64 = u64::MAX;
/// Takes connections and says nothing.
pub(crate) const SILENT: u64 = u64::MAX - 1;

/// A way to a server: every connection may carry so many bytes there, and is reset then.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    carried_max: Arc<AtomicU64>,
}

impl Way {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way =
            Self { address: listener.local_addr().unwrap(), carried_max: Arc::new(AtomicU64::new(OPEN)) };
        let carried_max = Arc::clone(&way.carried_max);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, carried_max.load(Ordering::SeqCst)));
            }
        });
        way
    }

    /// For connections from now on.
    pub(crate) fn carry_at_most(&self, bytes: u64) {
        self.carried_max.store(bytes, Ordering::SeqCst);
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, carried_max: u64) -> std::io::Result<()> {
    if carried_max == SILENT {
        let mut heard = [0; 4_096];
        while client.read(&mut heard).await? > 0 {}
        return Ok(());
    }
    let mut server = TcpStream::connect(server).await?;
    if carried_max == OPEN {
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    {
        let (there, _) = client.split();
        copy(&mut there.take(carried_max), &mut server).await?;
        server.flush().await?;
    }
    client.set_zero_linger()
}
