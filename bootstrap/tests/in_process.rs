//! The application in a test's own process, with another part in it.
#![expect(clippy::unwrap_used, reason = "a test may fail where it likes")]

use epic_bootstrap::config::{Given, Origin, Settings};
use epic_bootstrap::lifecycle::serve;
use epic_bootstrap::wire::{Application, Machine, Parts, Store};
use epic_domain::{Monotonic, Timestamp};
use epic_outbound::clock::Clock;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// A clock that stands still, far in the future.
struct Stopped;

const THEN: Timestamp = Timestamp::from_seconds(4_102_444_800);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        THEN
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_millis(3_600_000)
    }
}

fn settings(data_dir: &std::path::Path) -> Settings {
    let mut given = Given::default();
    given.set("data_dir", data_dir.to_str().unwrap().to_owned(), Origin::Flag);
    given.set("listen", "127.0.0.1:0".to_owned(), Origin::Flag);
    Settings::parse(&given, Vec::new()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_with_another_clock_serves_and_gives_the_data_folder_free() {
    let data = tempfile::tempdir().unwrap();
    let network = settings(data.path()).network;
    let machine = Machine { clock: Arc::new(Stopped), ..Machine::system() };
    let parts = Box::pin(Parts::from_settings(settings(data.path()), machine)).await.unwrap();
    let application = Application::assemble(parts).unwrap();
    let second = Store::open(&settings(data.path()).storage).await;
    assert!(second.is_err(), "the data folder is in use");
    let (told, listening) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let server =
        tokio::spawn(serve(application, network, move |address| told.send(address).unwrap(), async move {
            stopped.await.unwrap();
        }));
    let address = listening.await.unwrap();
    let answer = spawn_blocking(move || ureq::get(format!("http://{address}/readyz")).call().unwrap());
    let answer = answer.await.unwrap();
    // Request ids are UUIDs of version 7: they begin with the time, in milliseconds.
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().replace('-', "");
    assert_eq!(u64::from_str_radix(&request_id[..12], 16), Ok(THEN.as_millis()));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    Store::open(&settings(data.path()).storage).await.unwrap().close().await;
}
