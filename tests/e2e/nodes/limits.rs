//! Limits that nodes count together.

use crate::support::mongodb::NamedDatabase;
use crate::support::nodes::Nodes;
use crate::support::{Client, Person, RACERS, Reply};
use futures_util::future::join_all;
use std::net::Ipv4Addr;

const SHARED: &[(&str, &str)] = &[("EPIC_LIMITER", "shared")];

/// Clients of each node that come from one address.
fn clients_from(nodes: &Nodes, last: u8) -> Vec<Client> {
    let address = Ipv4Addr::new(127, 0, 7, last);
    (0..nodes.count()).map(|node| Client::from_address(nodes.base(node), address)).collect()
}

async fn guess(client: &Client, name: &str) -> Reply {
    Person::new(name).login_with(client, "000000").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_sign_ins_are_let_through_from_an_address_over_all_nodes_together() {
    let database = NamedDatabase::new();
    let nodes = Nodes::start(3, &database.uri(), &[SHARED]);
    for (last, begin) in [(1, 0), (2, 1), (3, 2)] {
        let clients = clients_from(&nodes, last);
        let mut in_turn = clients.iter().cycle().skip(begin);
        for (attempt, client) in in_turn.by_ref().take(5).enumerate() {
            // Another name each time: it is the address that is counted.
            let reply = guess(client, &format!("nobody{last}{attempt}")).await.expect(401);
            let remaining = format!("r={}", 4 - attempt);
            let shown = reply.header("ratelimit").unwrap();
            assert!(shown.contains(&remaining), "{shown} after {} attempts", attempt + 1);
        }
        for client in in_turn.take(3) {
            let reply = guess(client, "nobody").await.expect(429);
            assert_eq!(reply.problem(), "rate_limited");
            let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=300).contains(&seconds), "{seconds}");
            assert!(reply.header("ratelimit").unwrap().contains("r=0"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_racing_sign_ins_five_are_let_through_race() {
    let database = NamedDatabase::new();
    let nodes = Nodes::start(3, &database.uri(), &[SHARED]);
    let clients = clients_from(&nodes, 9);
    let guesses = clients.iter().cycle().take(RACERS).enumerate();
    let guesses =
        guesses.map(|(racer, client)| async move { guess(client, &format!("nobody{racer}")).await.status });
    let statuses = join_all(guesses).await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), RACERS - 5, "{statuses:?}");
}
