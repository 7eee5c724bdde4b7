//! Races: sixty-four at once for one name, one code, one token, one place; always one winner.

use crate::support::{Client, Home, Person, RACERS, Reply, ServerProcess, TestServer, race_rounds};
use futures_util::future::join_all;
use std::collections::BTreeSet;

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

/// Clients with warm connections, so that the racers start together.
async fn racers(server: &TestServer) -> Vec<Client> {
    let clients: Vec<_> = (0..RACERS).map(|_| server.client()).collect();
    join_all(clients.iter().map(|client| client.get("/healthz"))).await;
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d01_of_racing_registrations_of_a_name_one_wins_race() {
    let server = TestServer::start().await;
    let clients = racers(&server).await;
    for round in 0..race_rounds() {
        let name = format!("racer{round}");
        let people: Vec<_> = (0..RACERS).map(|_| Person::new(&name)).collect();
        let replies = join_all(
            clients
                .iter()
                .zip(people.clone())
                .map(|(client, mut person)| async move { person.register(client).await }),
        )
        .await;
        assert_eq!(count(&replies, 201), 1, "round {round}");
        assert_eq!(count(&replies, 409), RACERS - 1, "round {round}");
        let winner = replies.iter().position(|reply| reply.status == 201).unwrap();
        let mut person = people[winner].clone();
        person.otpauth_uri = replies[winner].text("otpauth_uri");
        let login = person.login_with(&clients[0], &person.code_at(server.now_millis())).await.expect(200);
        assert_eq!(login.text("encrypted_mek"), person.register_body()["encrypted_mek"], "round {round}");
    }
}

/// With the server's real hash, so that the racers overlap as they do in life.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d01_of_racing_copies_of_one_registration_one_wins_race() {
    let home = Home::new();
    let settings = [("EPIC_ARGON2", "19456,2,1"), ("EPIC_LIMIT_REGISTER", "off")];
    let server = ServerProcess::start(home.path(), &settings);
    let clients: Vec<_> = (0..RACERS).map(|_| server.client()).collect();
    for round in 0..10 {
        join_all(clients.iter().map(|client| client.get("/healthz"))).await;
        let person = Person::new(&format!("racer{round}"));
        let copies = clients.iter().map(|client| {
            let mut copy = person.clone();
            async move { copy.register(client).await }
        });
        let replies = join_all(copies).await;
        assert_eq!(count(&replies, 201), 1, "round {round}");
        assert_eq!(count(&replies, 409), RACERS - 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c03_of_racing_logins_with_one_code_one_wins_race() {
    let server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    let clients = racers(&server).await;
    for round in 0..race_rounds() {
        server.next_step();
        let code = person.code_at(server.now_millis());
        let replies = join_all(clients.iter().map(|client| person.login_with(client, &code))).await;
        assert_eq!(count(&replies, 200), 1, "round {round}");
        assert_eq!(count(&replies, 401), RACERS - 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b02_of_racing_refreshes_all_get_the_one_successor_race() {
    let server = TestServer::start().await;
    let (_, mut session) = server.sign_up("alice").await;
    let clients = racers(&server).await;
    for round in 0..race_rounds() {
        let replies = join_all(clients.iter().map(|client| client.refresh(&session.refresh_token))).await;
        assert_eq!(count(&replies, 200), RACERS, "round {round}: within the grace nobody is logged out");
        let successors: BTreeSet<_> = replies.iter().map(|reply| reply.text("refresh_token")).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        session.refresh_token = successors.into_iter().next().unwrap();
        server.advance(std::time::Duration::from_secs(11));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b02_without_a_grace_of_racing_refreshes_one_wins_and_the_session_ends_race() {
    let server = TestServer::start_with(|options| options.refresh_grace = "0s".into()).await;
    let clients = racers(&server).await;
    let (person, _) = server.sign_up("alice").await;
    for round in 0..race_rounds() {
        let session = server.sign_in(&person).await;
        let replies = join_all(clients.iter().map(|client| client.refresh(&session.refresh_token))).await;
        assert_eq!(count(&replies, 200), 1, "round {round}");
        let successor = replies.iter().find(|reply| reply.status == 200).unwrap();
        clients[0].refresh(&successor.text("refresh_token")).await.expect(401);
        clients[0].profile(&successor.text("access_token")).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logout_racing_refresh_leaves_nothing_alive_race() {
    let server = TestServer::start().await;
    let (person, _) = server.sign_up("alice").await;
    let client = server.client();
    for round in 0..race_rounds() {
        let session = server.sign_in(&person).await;
        let (refreshed, _) =
            tokio::join!(client.refresh(&session.refresh_token), client.logout(&session.access_token));
        client.profile(&session.access_token).await.expect(401);
        if refreshed.status == 200 {
            let alive = client.profile(&refreshed.text("access_token")).await;
            assert_eq!(alive.status, 401, "round {round}");
            client.refresh(&refreshed.text("refresh_token")).await.expect(401);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e08_at_the_edge_of_a_limit_exactly_one_more_passes_race() {
    let server = TestServer::start_with(|options| options.limit_api = "5/5m".into()).await;
    for round in 0..race_rounds() {
        let source = std::net::Ipv4Addr::new(
            127,
            1,
            u8::try_from(round / 200).unwrap(),
            u8::try_from(round % 200 + 1).unwrap(),
        );
        let client = Client::from_address(&server.base, source);
        let path = "/api/user/alice/salts";
        for _ in 0..4 {
            client.get(path).await.expect(200);
        }
        let replies = join_all((0..RACERS).map(|_| client.get(path))).await;
        assert_eq!(count(&replies, 200), 1, "round {round}");
        assert_eq!(count(&replies, 429), RACERS - 1, "round {round}");
    }
}
