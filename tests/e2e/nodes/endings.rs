//! A session that ends at one node is refused at the others, under a load.

use super::member::{Member, Session};
use super::{BOUND_AND_MORE, scale};
use crate::support::Client;
use crate::support::mongodb::NamedDatabase;
use crate::support::nodes::{NO_LIMITS, Nodes};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Sessions of an account: the first, and one for each recovery code.
const SESSIONS_EACH: usize = 11;
/// Tokens that the load reads profiles with.
const LOAD_SESSIONS: usize = 60;
const READERS: usize = 12;
/// Between two reads of a reader: some four hundred reads a second in all, if the machine can.
const READ_PAUSE: Duration = Duration::from_millis(25);

/// How the sessions of an account come to their end.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// Each is signed out.
    Logouts,
    /// The first ends all others.
    Others,
    /// The first changes the password, which ends all others.
    Credentials,
    /// The account is removed, and all with it.
    Removal,
}

/// A member whose sessions all work, and what will become of them.
struct Case {
    member: Member,
    sessions: Vec<Session>,
    ending: Ending,
}

impl Case {
    async fn prepare(clients: &[Client], number: usize, ending: Ending) -> Self {
        let name = format!("member{number}");
        let (member, sessions) = Member::with_sessions(clients, &name, SESSIONS_EACH).await;
        Self { member, sessions, ending }
    }

    /// Ends sessions at the first node. Returns how long the others took each of their tokens for good after that was
    /// answered.
    async fn run(mut self, clients: &[Client]) -> Vec<Duration> {
        let (here, elsewhere) = clients.split_first().unwrap();
        let ended = match self.ending {
            Ending::Logouts => {
                let mut lags = Vec::new();
                for session in &self.sessions {
                    here.logout(&session.access_token).await.expect(204);
                    lags.extend(lags_of(elsewhere, core::slice::from_ref(session)).await);
                }
                return lags;
            }
            Ending::Others => {
                let body = serde_json::json!({ "scope": "others" });
                here.post_as(&self.sessions[0].access_token, "/api/auth/logout", &body).await.expect(204);
                &self.sessions[1..]
            }
            Ending::Credentials => {
                self.member.change_credentials(here, &self.sessions[0]).await;
                &self.sessions[1..]
            }
            Ending::Removal => {
                here.delete_as(&self.sessions[0].access_token, "/api/user").await.expect(202);
                &self.sessions[..]
            }
        };
        lags_of(elsewhere, ended).await
    }
}

/// From now on until the first refusal, for each node and session. What was refused once stays refused.
async fn lags_of(clients: &[Client], sessions: &[Session]) -> Vec<Duration> {
    let answered = Instant::now();
    let questions = clients.iter().flat_map(|client| sessions.iter().map(move |session| (client, session)));
    join_all(questions.map(|(client, session)| async move {
        loop {
            let asked = answered.elapsed();
            match client.profile(&session.access_token).await.status {
                200 => assert!(asked < BOUND_AND_MORE, "an ended session is taken for longer than the bound"),
                status => {
                    assert_eq!(status, 401);
                    client.profile(&session.access_token).await.expect(401);
                    return asked;
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }))
    .await
}

/// Reads of profiles that go on beside what is measured.
struct Load {
    is_over: Arc<AtomicBool>,
    reads: Arc<AtomicU64>,
    readers: Vec<JoinHandle<()>>,
    begin: Instant,
}

impl Load {
    fn start(clients: &[Client], sessions: &[Session]) -> Self {
        let (is_over, reads) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let readers = (0..READERS).map(|reader| {
            let client = clients[reader % clients.len()].clone();
            let (sessions, is_over, reads) = (sessions.to_vec(), Arc::clone(&is_over), Arc::clone(&reads));
            tokio::spawn(async move {
                for session in sessions.iter().cycle().skip(reader * 5) {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    client.profile(&session.access_token).await.expect(200);
                    reads.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(READ_PAUSE).await;
                }
            })
        });
        Self { readers: readers.collect(), is_over, reads, begin: Instant::now() }
    }

    /// Ends it: every read was answered. Returns how many there were in a second.
    async fn finish(self) -> f64 {
        self.is_over.store(true, Ordering::Relaxed);
        for reader in self.readers {
            reader.await.unwrap();
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate to print")]
        let reads = self.reads.load(Ordering::Relaxed) as f64;
        reads / self.begin.elapsed().as_secs_f64()
    }
}

async fn load_sessions(clients: &[Client]) -> Vec<Session> {
    let members = LOAD_SESSIONS.div_ceil(SESSIONS_EACH);
    let members = (0..members).map(|number| async move {
        Member::with_sessions(clients, &format!("reader{number}"), LOAD_SESSIONS / members).await.1
    });
    join_all(members).await.concat()
}

fn quantile_millis(sorted: &[Duration], percent: usize) -> u128 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)].as_millis()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_at_one_node_is_refused_by_the_others_within_the_bound_heavy() {
    let database = NamedDatabase::new();
    let nodes = Nodes::start(3, &database.uri(), &[NO_LIMITS]);
    let clients = nodes.clients();
    let rarely = [Ending::Others, Ending::Credentials, Ending::Removal];
    let endings = core::iter::repeat_n(Ending::Logouts, 5 * scale()).chain(rarely);
    let cases: Vec<_> = stream::iter(endings.enumerate())
        .map(|(number, ending)| Case::prepare(&clients, number, ending))
        .buffered(4)
        .collect()
        .await;
    let load = Load::start(&clients, &load_sessions(&clients).await);

    let mut lags: Vec<_> =
        stream::iter(cases).map(|case| case.run(&clients)).buffer_unordered(2).concat().await;

    let reads_each_second = load.finish().await;
    lags.sort();
    println!(
        "{} tokens of ended sessions under {reads_each_second:.0} reads/s were taken elsewhere for {} ms (p50), {} ms \
         (p99), {} ms (max)",
        lags.len(),
        quantile_millis(&lags, 50),
        quantile_millis(&lags, 99),
        quantile_millis(&lags, 100),
    );
    // What is promised is a second. A machine that others load as well gets two.
    assert!(quantile_millis(&lags, 99) < 2_000, "{lags:?}");
}
