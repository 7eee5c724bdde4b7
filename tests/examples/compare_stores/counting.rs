//! Stands between a server and its database and counts the commands that go by.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How often each command was sent.
pub(crate) type Sent = Arc<Mutex<BTreeMap<String, u64>>>;

/// What a driver sends by itself or for the feed of changes, whatever is asked of the server.
const OF_ITSELF: &[&str] =
    &["hello", "isMaster", "ismaster", "getMore", "aggregate", "endSessions", "killCursors"];

/// The head of every message: its length, its id, whose answer it is, what it is; each of four bytes.
const HEAD_BYTES: usize = 16;

/// What a command's name comes after in a message: flags (4), the kind of the section (1), the length of the document (4) and
/// the type of its first field (1).
const BEFORE_NAME_BYTES: usize = 10;

/// The proxy. It ends with this.
pub(crate) struct CountingProxy {
    address: SocketAddr,
    sent: Sent,
    _serving: JoinSet<()>,
}

impl CountingProxy {
    /// A proxy in front of the database at `target`.
    pub(crate) async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, sent) = (listener.local_addr().unwrap(), Sent::default());
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, target, Arc::clone(&sent)));
        Self { address, sent, _serving: serving }
    }

    pub(crate) fn uri(&self) -> String {
        format!("mongodb://{}/epic?directConnection=true", self.address)
    }

    pub(crate) fn sent(&self) -> Sent {
        Arc::clone(&self.sent)
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, sent: Sent) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(target).await.unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, to_server) = server.into_split();
        connections.spawn(count(from_client, to_server, Arc::clone(&sent)));
        connections.spawn(async move {
            // When either side ends the connection, it is over.
            let _ = copy(&mut from_server, &mut to_client).await;
        });
    }
}

/// Passes message after message on until the connection ends.
async fn count(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, sent: Sent) {
    loop {
        let mut message = vec![0; HEAD_BYTES];
        if from.read_exact(&mut message).await.is_err() {
            return;
        }
        let length_bytes = u32::from_le_bytes(message[..4].try_into().unwrap());
        message.resize(usize::try_from(length_bytes).unwrap(), 0);
        if from.read_exact(&mut message[HEAD_BYTES..]).await.is_err() || to.write_all(&message).await.is_err()
        {
            return;
        }
        let name = name_of(&message);
        if !OF_ITSELF.contains(&name.as_str()) && !is_question(&message, &name) {
            *sent.lock().entry(name).or_default() += 1;
        }
    }
}

/// The command that a message is: the name of the first field of its first document.
fn name_of(message: &[u8]) -> String {
    let name = message.iter().skip(HEAD_BYTES + BEFORE_NAME_BYTES).take_while(|byte| **byte != 0);
    String::from_utf8_lossy(&name.copied().collect::<Vec<_>>()).into_owned()
}

/// Whether a command is a question to the feed of changes: an update of the collection `nodes`, whose name is the value of the
/// first field, after its length (4).
fn is_question(message: &[u8], name: &str) -> bool {
    let collection = message.get(HEAD_BYTES + BEFORE_NAME_BYTES + name.len() + 1 + 4..).unwrap_or_default();
    name == "update" && collection.starts_with(b"nodes\0")
}
