//! A node that was killed, and one that cannot hear of the others.

use super::member::Member;
use super::{BOUND_AND_MORE, store_on, within_the_bound};
use crate::support::mongodb::own_server::OwnServer;
use crate::support::nodes::{NO_LIMITS, Nodes};
use crate::support::proxy::Proxy;
use std::time::Duration;
use tokio::task::block_in_place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_killed_and_started_again_refuses_from_its_first_answer_on_what_ended_meanwhile() {
    let server = block_in_place(|| OwnServer::started(&[]));
    let mut nodes = block_in_place(|| Nodes::start(3, &store_on(&server), &[NO_LIMITS]));
    for round in 0..3 {
        let clients = nodes.clients();
        let (mut alice, sessions) = Member::with_sessions(&clients, &format!("alice{round}"), 8).await;
        let (_, of_bob) = Member::with_sessions(&clients, &format!("bob{round}"), 3).await;
        for session in sessions.iter().chain(&of_bob) {
            clients[2].profile(&session.access_token).await.expect(200);
        }
        block_in_place(|| nodes.kill(2));

        for session in &sessions[3..] {
            clients[0].logout(&session.access_token).await.expect(204);
        }
        alice.change_credentials(&clients[0], &sessions[0]).await;
        clients[1].delete_as(&of_bob[0].access_token, "/api/user").await.expect(202);

        block_in_place(|| nodes.start_again(2));
        let again = nodes.client(2);
        for session in sessions[1..].iter().chain(&of_bob) {
            again.profile(&session.access_token).await.expect(401);
            again.refresh(&session.refresh_token).await.expect(401);
        }
        again.profile(&sessions[0].access_token).await.expect(200);
    }
}

/// The node is cut off from the database, hears nothing for longer than it trusts its memory, and is asked at the moment at
/// which it may hear again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_cut_off_answers_by_no_memory_that_is_older_than_the_bound() {
    let server = block_in_place(|| OwnServer::started(&[]));
    let address = server.uri().trim_start_matches("mongodb://").trim_end_matches('/').parse().unwrap();
    let proxy = Proxy::start(address).await;
    let mut nodes = block_in_place(|| Nodes::start(2, &store_on(&server), &[NO_LIMITS]));
    let through_proxy = format!("mongodb://{}/epic?directConnection=true", proxy.address());
    block_in_place(|| nodes.add(&through_proxy));
    let clients = nodes.clients();
    let (_, sessions) = Member::with_sessions(&clients, "alice", 6).await;
    for session in &sessions {
        clients[2].profile(&session.access_token).await.expect(200);
    }

    proxy.close();
    for session in &sessions[1..] {
        clients[0].logout(&session.access_token).await.expect(204);
    }
    // From the bound on it asks the database, which it does not reach.
    within_the_bound("it does not trust its memory", async || {
        clients[2].profile(&sessions[0].access_token).await.status == 503
    })
    .await;
    let refused = clients[2].profile(&sessions[1].access_token).await.expect(503);
    assert!(refused.header("retry-after").is_some());

    proxy.clear();
    for session in &sessions[1..] {
        let answer = tokio::time::timeout(BOUND_AND_MORE * 3, async {
            loop {
                let status = clients[2].profile(&session.access_token).await.status;
                if status != 503 {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert_eq!(answer.await.expect("it recovers"), 401, "an ended session is never taken again");
    }
    clients[2].profile(&sessions[0].access_token).await.expect(200);
}
