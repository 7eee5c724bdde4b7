//! Bad days of the database: it is killed, cut off, or slow, while clients go on. The nodes are never started again.

use super::bad_load::Visitor;
use super::scale;
use crate::files::object_server::ObjectServer;
use crate::support::mongodb::own_server::OwnServer;
use crate::support::nodes::{NO_LIMITS, Nodes};
use crate::support::proxy::Proxy;
use futures_util::future::join_all;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::block_in_place;
use tokio::time::sleep;

const VISITORS: usize = 16;

/// Three nodes, a bucket, and a database behind a proxy.
struct World {
    nodes: Nodes,
    proxy: Proxy,
    server: OwnServer,
    _objects: ObjectServer,
}

impl World {
    async fn start() -> Self {
        let server = block_in_place(|| OwnServer::started(&[]));
        let address = server.uri().trim_start_matches("mongodb://").trim_end_matches('/').parse().unwrap();
        let (proxy, objects) = (Proxy::start(address).await, ObjectServer::start().await);
        // Told to talk to this address alone, and not to the one by which the server calls itself.
        let store = format!("mongodb://{}/epic?directConnection=true", proxy.address());
        // An answer may be lost for as long as the bad days last: the token before is good for a repetition until then.
        let settings = [NO_LIMITS, &[("EPIC_REFRESH_GRACE", "1m")], &objects.settings()];
        let nodes = block_in_place(|| Nodes::start(3, &store, &settings));
        Self { nodes, proxy, server, _objects: objects }
    }

    /// Lets clients go on while something happens to the database, and checks afterwards that all that was acknowledged is
    /// there.
    async fn live_through(mut self, name: &str, bad_days: impl AsyncFnOnce(&mut Self)) {
        let arriving = (0..VISITORS).map(|number| Visitor::arrive(self.nodes.clients(), number));
        let visitors = join_all(arriving).await;
        let is_over = Arc::<AtomicBool>::default();
        let going_on: Vec<_> =
            visitors.into_iter().map(|visitor| tokio::spawn(visitor.go_on(Arc::clone(&is_over)))).collect();
        bad_days(&mut self).await;
        is_over.store(true, Ordering::Relaxed);
        let fair = Instant::now();
        let visitors: Vec<_> =
            join_all(going_on).await.into_iter().map(|visitor| visitor.expect("a visitor goes on")).collect();
        let recovered_after = fair.elapsed();

        join_all(visitors.iter().map(Visitor::expect_all)).await;
        self.expect_sound();
        report(name, &visitors, recovered_after);
    }

    /// The audit log holds, and nothing broke in the nodes.
    fn expect_sound(&self) {
        let verified = block_in_place(|| self.nodes.run(1, &["audit", "verify"]));
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let logs = self.nodes.logs();
        assert!(!logs.contains("panicked"), "{logs}");
    }
}

fn report(name: &str, visitors: &[Visitor], recovered_after: Duration) {
    let total = |count: fn(&Visitor) -> usize| visitors.iter().map(count).sum::<usize>();
    let refused = total(|visitor| visitor.refusals.count);
    let slowest = visitors.iter().map(|visitor| visitor.refusals.slowest).max().unwrap_or_default();
    println!(
        "{name}: {} registrations, {} refreshes, {} files, {} logouts acknowledged; {refused} times 503, {} requests \
         repeated, the slowest answer {slowest:?}; all done {recovered_after:?} after the end",
        total(|visitor| visitor.acknowledged.registered.len()),
        total(|visitor| visitor.acknowledged.refresh_tokens.len() - 1),
        total(|visitor| visitor.acknowledged.files.len()),
        total(|visitor| visitor.acknowledged.ended.len()),
        total(|visitor| visitor.refusals.repeated),
    );
    assert!(refused > 0, "the days were not bad");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_while_the_database_is_killed_again_and_again_heavy() {
    let world = World::start().await;
    world
        .live_through("killed", async |world| {
            // A call waits five seconds for a server; one that is away for longer is told of.
            for away_seconds in [2, 7, 2].repeat(scale()) {
                sleep(Duration::from_secs(2)).await;
                block_in_place(|| world.server.kill());
                sleep(Duration::from_secs(away_seconds)).await;
                block_in_place(|| world.server.start());
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_while_connections_are_cut_again_and_again_heavy() {
    let world = World::start().await;
    world
        .live_through("cut", async |world| {
            for _ in 0..scale() {
                for _ in 0..12 {
                    sleep(Duration::from_millis(300)).await;
                    world.proxy.cut();
                }
                world.proxy.close();
                sleep(Duration::from_secs(7)).await;
                world.proxy.clear();
                sleep(Duration::from_secs(1)).await;
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_while_replies_are_late_heavy() {
    let world = World::start().await;
    world
        .live_through("late", async |world| {
            for _ in 0..scale() {
                sleep(Duration::from_secs(1)).await;
                world.proxy.hold_back(Duration::from_secs(5));
                sleep(Duration::from_secs(8)).await;
                world.proxy.clear();
                sleep(Duration::from_secs(1)).await;
            }
        })
        .await;
}
