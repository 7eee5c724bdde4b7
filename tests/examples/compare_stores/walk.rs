//! The walk through the routes: people register, sign in, store, share and leave, and each step is measured.

use crate::measuring::{CLIENTS, Call, Calls, Figures, Watch, now_millis};
use crate::support::file_client::bytes;
use crate::support::{Client, FileClient, Person, SignedIn};
use futures_util::stream::{self, StreamExt};
use parking_lot::Mutex;
use serde_json::Value;
use std::sync::OnceLock;
use std::time::Duration;

/// How many calls a walk makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// As many as figures need.
    Full,
    /// A few, one after the other.
    Few,
}

const FEW: usize = 20;

const CONTENT_BYTES: usize = 4_096;

/// How long a one-time code is shown.
const STEP_MILLIS: u64 = 30_000;

impl Scale {
    const fn calls(self, sequential: usize, by_each: usize) -> Calls {
        match self {
            Self::Full => Calls { sequential, by_each },
            Self::Few => Calls { sequential: FEW, by_each: 0 },
        }
    }
}

/// Someone signed in twice, with the ids of their files.
struct Member {
    person: Person,
    /// The session to be left.
    first: SignedIn,
    second: OnceLock<SignedIn>,
    refresh_token: Mutex<String>,
    files: Mutex<Vec<String>>,
}

/// Walks through the routes at a server. The names of those who register begin with `prefix`; the store has so many other
/// accounts.
pub(crate) async fn walk(
    client: &Client,
    prefix: &str,
    accounts: u64,
    scale: Scale,
    watch: Watch,
) -> Vec<Figures> {
    let (people, registering) = register(client, prefix, scale, &watch).await;
    let members: Vec<Member> =
        stream::iter(people).map(|person| enter(client, person)).buffered(CLIENTS).collect().await;
    let walk = Walk { client, members, scale, watch };
    let mut figures = vec![walk.sign_in().await, registering];
    figures.push(walk.profile().await);
    figures.push(walk.salts(accounts).await);
    figures.push(walk.list_sessions().await);
    figures.push(walk.refresh().await);
    figures.push(walk.upload().await);
    figures.push(walk.list_files().await);
    figures.push(walk.download().await);
    figures.push(walk.share().await);
    figures.push(walk.audit().await);
    figures.push(walk.sign_out().await);
    figures
}

async fn register(client: &Client, prefix: &str, scale: Scale, watch: &Watch) -> (Vec<Person>, Figures) {
    let calls = scale.calls(100, 16);
    let people: Vec<OnceLock<Person>> = (0..calls.count()).map(|_| OnceLock::new()).collect();
    let places = &people;
    let figures = watch
        .route("register", calls, |call| async move {
            let mut person = Person::new(&format!("{prefix}-{}", call.number));
            person.register(client).await.expect(201);
            assert!(places[call.number].set(person).is_ok());
        })
        .await;
    (people.into_iter().filter_map(OnceLock::into_inner).collect(), figures)
}

/// The first sign-in, which confirms the account. It spends the code before the present one, so that another can follow.
async fn enter(client: &Client, person: Person) -> Member {
    // That code is refused once the present step is over, and a refusal would be another route.
    let left = STEP_MILLIS - now_millis() % STEP_MILLIS;
    if left < STEP_MILLIS / 4 {
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
    let code = person.code_at(now_millis() - STEP_MILLIS);
    let first = signed_in(&person.login_with(client, &code).await.expect(200));
    Member {
        person,
        first,
        second: OnceLock::new(),
        refresh_token: Mutex::default(),
        files: Mutex::default(),
    }
}

fn signed_in(reply: &crate::support::Reply) -> SignedIn {
    SignedIn { access_token: reply.text("access_token"), refresh_token: reply.text("refresh_token") }
}

struct Walk<'a> {
    client: &'a Client,
    members: Vec<Member>,
    scale: Scale,
    watch: Watch,
}

impl Walk<'_> {
    /// Whoever comes `places` after the client's own member.
    fn member(&self, call: Call, places: usize) -> &Member {
        &self.members[(call.client + places) % self.members.len()]
    }

    fn token(&self, call: Call) -> &str {
        &self.member(call, 0).second.get().expect("signed in").access_token
    }

    fn files_of(&self, call: Call) -> FileClient {
        let (client, token) = (self.client.clone(), self.token(call).to_owned());
        FileClient { client, token, person: self.member(call, 0).person.clone() }
    }

    async fn sign_in(&self) -> Figures {
        let calls = self.scale.calls(100, 16);
        let sign_in = |call: Call| async move {
            let member = &self.members[call.number];
            let code = member.person.code_at(now_millis());
            let session = signed_in(&member.person.login_with(self.client, &code).await.expect(200));
            *member.refresh_token.lock() = session.refresh_token.clone();
            assert!(member.second.set(session).is_ok());
        };
        self.watch.route("login", calls, sign_in).await
    }

    async fn get(&self, route: &'static str, calls: Calls, path: &str) -> Figures {
        let get = |call: Call| async move {
            self.client.get_as(self.token(call), path).await.expect(200);
        };
        self.watch.route(route, calls, get).await
    }

    async fn profile(&self) -> Figures {
        self.get("profile", self.scale.calls(1_000, 600), "/api/user/profile").await
    }

    async fn salts(&self, accounts: u64) -> Figures {
        let salts = |call: Call| async move {
            // Names that lie far from each other, so that hardly one is in memory.
            let seed = u64::try_from(call.number).unwrap().wrapping_mul(0x9E37_79B9_7F4A_7C15) % accounts;
            self.client.get(&format!("/api/user/user-{seed}/salts")).await.expect(200);
        };
        self.watch.route("salts", self.scale.calls(300, 150), salts).await
    }

    async fn list_sessions(&self) -> Figures {
        self.get("list sessions", self.scale.calls(300, 150), "/api/auth/sessions").await
    }

    async fn refresh(&self) -> Figures {
        let refresh = |call: Call| async move {
            let member = self.member(call, 0);
            let token = member.refresh_token.lock().clone();
            let next = signed_in(&self.client.refresh(&token).await.expect(200));
            *member.refresh_token.lock() = next.refresh_token;
        };
        self.watch.route("refresh", self.scale.calls(200, 40), refresh).await
    }

    async fn upload(&self) -> Figures {
        let upload = |call: Call| async move {
            let content = bytes(u64::try_from(call.number).unwrap(), CONTENT_BYTES);
            let file_id = self.files_of(call).store(&content).await;
            self.member(call, 0).files.lock().push(file_id);
        };
        self.watch.route("upload of 4 KiB", self.scale.calls(110, 10), upload).await
    }

    /// All list the same account's, which has a page full.
    async fn list_files(&self) -> Figures {
        let list = |call: Call| async move {
            let token = self.token(Call { client: 0, ..call });
            self.client.get_as(token, "/api/files?limit=100").await.expect(200);
        };
        self.watch.route("list 100 files", self.scale.calls(200, 40), list).await
    }

    fn file(&self, call: Call) -> String {
        let files = self.member(call, 0).files.lock();
        files[call.turn % files.len()].clone()
    }

    async fn download(&self) -> Figures {
        let download = |call: Call| async move {
            let path = format!("/api/files/{}/content", self.file(call));
            let content = self.client.get_as(self.token(call), &path).await.expect(200);
            assert_eq!(content.body.len(), CONTENT_BYTES);
        };
        self.watch.route("download of 4 KiB", self.scale.calls(200, 40), download).await
    }

    /// Each file with the same other account; that account's key is asked for once.
    async fn share(&self) -> Figures {
        let calls = self.scale.calls(100, 10);
        let recipient = |client| Call { client, number: 0, turn: 0 };
        let mut bodies: Vec<Value> = Vec::new();
        for client in 0..=CLIENTS {
            let call = recipient(client);
            let other = &self.member(call, CLIENTS + 1).person.username;
            bodies.push(self.files_of(call).share_body(other, "read").await);
        }
        let bodies = &bodies;
        let share = |call: Call| async move {
            let path = format!("/api/files/{}/shares", self.file(call));
            self.client.post_as(self.token(call), &path, &bodies[call.client]).await.expect(201);
        };
        self.watch.route("share a file", calls, share).await
    }

    async fn audit(&self) -> Figures {
        self.get("audit page of 50", self.scale.calls(200, 80), "/api/user/audit").await
    }

    async fn sign_out(&self) -> Figures {
        let sign_out = |call: Call| async move {
            self.client.logout(&self.members[call.number].first.access_token).await.expect(204);
        };
        self.watch.route("logout", self.scale.calls(100, 16), sign_out).await
    }
}
