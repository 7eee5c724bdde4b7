//! What end-to-end and security tests share: a client, a person with keys, and servers to talk to.
#![allow(dead_code, unused_imports, reason = "each test target uses its own part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "test code"
)]

pub(crate) mod client;
pub(crate) mod consumption;
pub(crate) mod dates;
pub(crate) mod file_client;
pub(crate) mod file_folder;
pub(crate) mod home;
pub(crate) mod hosted;
pub(crate) mod mongodb;
pub(crate) mod nodes;
pub(crate) mod person;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod server;
pub(crate) mod store;
pub(crate) mod stored;

pub(crate) use client::{Client, Reply};
pub(crate) use file_client::FileClient;
pub(crate) use home::Home;
pub(crate) use person::Person;
pub(crate) use process::ServerProcess;
pub(crate) use server::{SignedIn, TestServer};
pub(crate) use store::StoreKind;

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Rounds of a race: the number the case asks for, so that a rare winner too many is seen.
pub(crate) fn race_rounds() -> usize {
    StoreKind::rounds(200)
}

/// Racers in a round.
pub(crate) const RACERS: usize = 64;

/// Sends bytes as they are and reads what comes until the connection ends or half a second has passed without its end.
pub(crate) async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut received = Vec::new();
    let _ = tokio::time::timeout(Duration::from_millis(500), stream.read_to_end(&mut received)).await;
    String::from_utf8_lossy(&received).into_owned()
}

/// The median of a sample, in milliseconds.
pub(crate) fn median_millis(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
