//! What the main routes cost on either store, side by side, with many accounts in it.
//!
//! `cargo build --release -p epic-bootstrap --bins && cargo run --release -p epic-tests --example compare_stores`; the number
//! of accounts may follow after `--`. A server for tests that speaks MongoDB's protocol is started for it, unless
//! `TEST_MONGODB_URI` names one, whose own processor time is not known then.
//!
//! Hashes cost what they cost by default, limits are off, and the client shares the machine.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it measures and tells"
)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "it measures time")]
#![allow(clippy::large_futures, reason = "each is made once")]
#![allow(dead_code, reason = "it uses a part of what the tests use")]

#[path = "../../support/mod.rs"]
mod support;

mod counting;
mod filling;
mod measuring;
mod place;
mod table;
mod walk;

use counting::CountingProxy;
use measuring::{Figures, Watch};
use place::Place;
use std::time::Instant;
use support::StoreKind;
use walk::{Scale, walk};

/// How many accounts are in the store, unless the command line says otherwise.
const ACCOUNTS: u64 = 100_000;

/// Fills a store and walks through the routes of a server on it.
async fn measured(place: &Place, accounts: u64) -> Vec<Figures> {
    // Its first start makes the keys, and the tables or indexes.
    place.serve(None).terminate();
    let begun = Instant::now();
    place.fill(accounts).await;
    eprintln!("{} filled in {:.1} s", place.name(), begun.elapsed().as_secs_f64());
    let server = place.serve(None);
    let watch = Watch::of(server.id(), place.database_process());
    eprintln!("{} at rest: {}", place.name(), watch.at_rest().await);
    let figures = walk(&server.client(), "m", accounts, Scale::Full, watch).await;
    server.terminate();
    figures
}

/// Walks through the routes once more, past one who counts what the server asks the database for.
async fn counted(place: &Place, accounts: u64) -> Vec<Figures> {
    let proxy = CountingProxy::start(place.database_address().expect("there is a database")).await;
    let server = place.serve(Some(&proxy.uri()));
    let watch = Watch::counting(server.id(), proxy.sent());
    let figures = walk(&server.client(), "n", accounts, Scale::Few, watch).await;
    server.terminate();
    figures
}

#[tokio::main]
async fn main() {
    let accounts =
        std::env::args().nth(1).map_or(ACCOUNTS, |text| text.parse().expect("a number of accounts"));
    let sqlite = measured(&Place::new(StoreKind::Sqlite), accounts).await;
    let place = Place::new(StoreKind::Mongodb);
    let mongodb = measured(&place, accounts).await;
    println!("{accounts} accounts\n");
    println!("{}", table::costs(&sqlite, &mongodb));
    if place.database_address().is_some() {
        println!("{}", table::commands(&counted(&place, accounts).await));
    }
}
