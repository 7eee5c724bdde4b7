//! Races of sixty-four over three nodes: for one name, one code, one token, the last room. Always one winner, or as many as there
//! is room for.

use super::member::{Member, Session};
use super::{scale, wall_millis};
use crate::support::file_client::new_file;
use crate::support::mongodb::NamedDatabase;
use crate::support::nodes::{NO_LIMITS, Nodes};
use crate::support::{Client, Person, RACERS, Reply};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: usize = 4;
/// Sixty-four transactions on one document, from several nodes, can take longer than a call may.
const PATIENCE: Duration = Duration::from_secs(30);

struct Course {
    /// One for each racer, of the nodes in turn, and warm.
    racers: Vec<Client>,
    told_to_come_again: AtomicUsize,
    nodes: Nodes,
    _database: NamedDatabase,
}

impl Drop for Course {
    fn drop(&mut self) {
        println!("{} times 503", self.told_to_come_again.load(Ordering::Relaxed));
    }
}

impl Course {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let database = NamedDatabase::new();
        let nodes = Nodes::start(3, &database.uri(), &[NO_LIMITS, settings]);
        let racers: Vec<_> = (0..RACERS).map(|racer| nodes.client(racer % nodes.count())).collect();
        join_all(racers.iter().map(|client| client.get("/healthz"))).await;
        Self { racers, told_to_come_again: AtomicUsize::new(0), nodes, _database: database }
    }

    /// What all racers are answered who do this at one moment. Whoever is told to come again comes again.
    async fn race<F: Future<Output = Reply>>(&self, run: impl Fn(Client) -> F) -> Vec<Reply> {
        let run = &run;
        join_all(self.racers.iter().map(|client| async move {
            let begin = Instant::now();
            loop {
                let reply = run(client.clone()).await;
                if reply.status != 503 || begin.elapsed() > PATIENCE {
                    return reply;
                }
                assert!(reply.header("retry-after").is_some(), "{reply:?}");
                self.told_to_come_again.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }))
        .await
    }
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

/// Checks that so many won, and that all others were refused in this way.
#[track_caller]
fn expect_winners(replies: &[Reply], won: (u16, usize), lost: u16) {
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(count(replies, won.0), won.1, "{statuses:?}");
    assert_eq!(count(replies, lost), RACERS - won.1, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_registrations_of_one_name_at_three_nodes_one_wins_race() {
    let course = Course::start(&[]).await;
    for round in 0..ROUNDS * scale() {
        let people: Vec<_> = (0..RACERS).map(|_| Person::new(&format!("racer{round}"))).collect();
        let registrations = course.racers.iter().zip(&people);
        let replies =
            join_all(registrations.map(|(client, person)| async { person.clone().register(client).await }))
                .await;
        expect_winners(&replies, (201, 1), 409);
        let winner = replies.iter().position(|reply| reply.status == 201).unwrap();
        let mut person = people[winner].clone();
        person.otpauth_uri = replies[winner].text("otpauth_uri");
        // A code works once: at the first node.
        let code = person.code_at(wall_millis());
        for node in 0..course.nodes.count() {
            let login = person.login_with(&course.nodes.client(node), &code).await;
            assert_eq!(login.status, if node == 0 { 200 } else { 401 });
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_logins_with_one_code_at_three_nodes_one_wins_race() {
    let course = Course::start(&[]).await;
    for round in 0..ROUNDS * scale() {
        let mut person = Person::new(&format!("alice{round}"));
        person.register(&course.racers[0]).await.expect(201);
        let code = person.code_at(wall_millis());
        let (person, code) = (&person, &code);
        let replies = course.race(|client| async move { person.login_with(&client, code).await }).await;
        expect_winners(&replies, (200, 1), 401);

        let winner = replies.iter().find(|reply| reply.status == 200).unwrap();
        let recovery_code = winner.json()["recovery_codes"][0].as_str().unwrap().to_owned();
        let code = &recovery_code;
        let replies = course.race(|client| async move { person.login_with(&client, code).await }).await;
        expect_winners(&replies, (200, 1), 401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_of_one_token_at_three_nodes_give_one_successor_race() {
    let course = Course::start(&[]).await;
    let mut token = Member::sign_up(&course.racers[0], "alice").await.first.refresh_token;
    for _ in 0..ROUNDS * scale() {
        let before = &token;
        let replies = course.race(|client| async move { client.refresh(before).await }).await;
        expect_winners(&replies, (200, RACERS), 401);
        let successors: BTreeSet<_> = replies.iter().map(|reply| reply.text("refresh_token")).collect();
        assert_eq!(successors.len(), 1);
        token = successors.into_iter().next().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_grace_one_refresh_of_a_token_wins_and_the_session_ends_race() {
    let course = Course::start(&[("EPIC_REFRESH_GRACE", "0s")]).await;
    let (_, sessions) = Member::with_sessions(&course.nodes.clients(), "alice", ROUNDS).await;
    for Session { refresh_token, .. } in &sessions {
        let replies = course.race(|client| async move { client.refresh(refresh_token).await }).await;
        expect_winners(&replies, (200, 1), 401);
        let winner = replies.iter().find(|reply| reply.status == 200).unwrap();
        for client in course.nodes.clients() {
            client.refresh(&winner.text("refresh_token")).await.expect(401);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_uploads_at_three_nodes_as_many_begin_as_there_is_room_for_race() {
    let course = Course::start(&[("EPIC_QUOTA", "1000000")]).await;
    for round in 0..ROUNDS * scale() {
        let member = Member::sign_up(&course.racers[0], &format!("alice{round}")).await;
        let (token, body) = (&member.first.access_token, &new_file(100_000));
        let replies =
            course.race(|client| async move { client.post_as(token, "/api/files", body).await }).await;
        expect_winners(&replies, (201, 10), 507);
        for client in course.nodes.clients() {
            let quota = client.profile(token).await.expect(200).json()["quota"].clone();
            assert_eq!((&quota["used_bytes"], &quota["reserved_bytes"]), (&0.into(), &1_000_000.into()));
        }
    }
}
