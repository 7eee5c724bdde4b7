//! Several stores in one database, as several nodes have them, and races between them.

use super::FreshDatabase;
use epic_store_mongodb::MongoStore;

const NODES: usize = 4;

/// How many calls race.
pub(crate) const RACERS: u64 = 64;

/// The stores of several nodes.
pub(crate) async fn nodes(database: &FreshDatabase) -> Vec<MongoStore> {
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(database.store().await);
    }
    nodes
}

/// Runs a call for each seed at one moment, the nodes in turn.
pub(crate) async fn race<T, F>(nodes: &[MongoStore], call: impl Fn(MongoStore, u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let racers: Vec<_> = (0..RACERS)
        .zip(nodes.iter().cycle())
        .map(|(seed, node)| tokio::spawn(call(node.clone(), seed)))
        .collect();
    let mut results = Vec::new();
    for racer in racers {
        results.push(racer.await.unwrap());
    }
    results
}
