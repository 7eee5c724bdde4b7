//! Several nodes on one database and one bucket, with nothing else between them.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "these tests wait for others, and tell how long"
)]

mod bad_days;
mod bad_load;
mod catching_up;
mod changes;
mod endings;
mod limits;
mod member;
mod races;
mod uploads;

use crate::support::mongodb::own_server::OwnServer;
use crate::support::person::encode;
use std::time::{Duration, Instant};

/// Longer than the bound after which a node refuses what ended elsewhere, whatever became of its feed (two seconds), by so much
/// that a busy machine does not matter.
const BOUND_AND_MORE: Duration = Duration::from_secs(6);

/// How many times as much is done as in an ordinary run.
fn scale() -> usize {
    std::env::var("EPIC_TEST_SCALE").map_or(1, |text| text.parse().expect("EPIC_TEST_SCALE is a number"))
}

fn wall_millis() -> u64 {
    u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

/// Asks again and again until the answer is the one that must come within the bound. Returns how long it took.
async fn within_the_bound(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < BOUND_AND_MORE, "not within the bound: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    begin.elapsed()
}

/// The connection string of a database on a server of the test's own.
fn store_on(server: &OwnServer) -> String {
    format!("{}epic", server.uri())
}
