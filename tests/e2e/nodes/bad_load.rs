//! Clients that go on through bad days, and remember what they were told has happened.

use super::member::{Member, Session};
use super::wall_millis;
use crate::files::content::Content;
use crate::support::file_client::{key, name};
use crate::support::{Client, Person, Reply};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A call to the database is given up after five seconds. A request may have waited for another before, and the machine for
/// others.
const ANSWERED_WITHIN: Duration = Duration::from_secs(12);
/// How long a client goes on asking for one thing. The bad days are shorter.
const PATIENCE: Duration = Duration::from_secs(90);
/// Before a client asks again.
const PAUSE: Duration = Duration::from_millis(200);
/// Between what a client does.
const REST: Duration = Duration::from_millis(150);

/// What has happened for certain.
#[derive(Default)]
pub(super) struct Acknowledged {
    /// Registered, and never signed in.
    pub(super) registered: Vec<Person>,
    /// Signed out.
    pub(super) ended: Vec<Session>,
    /// Files by their ids.
    pub(super) files: Vec<(String, Content)>,
    /// Every refresh token of a session that goes on, in their order.
    pub(super) refresh_tokens: Vec<String>,
}

/// How often, and how slowly, the nodes said that they could not answer.
#[derive(Default, Clone, Copy)]
pub(super) struct Refusals {
    pub(super) count: usize,
    /// Requests that were asked again and then answered.
    pub(super) repeated: usize,
    pub(super) slowest: Duration,
    /// Registrations that were refused because of the client's own earlier request.
    pub(super) rivals_of_themselves: usize,
}

/// A client.
pub(super) struct Visitor {
    pub(super) member: Member,
    pub(super) session: Session,
    pub(super) acknowledged: Acknowledged,
    pub(super) refusals: Refusals,
    clients: Vec<Client>,
    /// The node to which the next request goes.
    node: usize,
    number: usize,
}

impl Visitor {
    /// Someone who has signed in while all is well.
    pub(super) async fn arrive(clients: Vec<Client>, number: usize) -> Self {
        let member = Member::sign_up(&clients[number % clients.len()], &format!("visitor{number}")).await;
        let session = member.first.clone();
        let refresh_tokens = vec![session.refresh_token.clone()];
        let acknowledged = Acknowledged { refresh_tokens, ..Acknowledged::default() };
        let refusals = Refusals::default();
        Self { member, session, acknowledged, refusals, clients, node: number, number }
    }

    /// Goes on until it is over, and once more from the beginning to the end after that: all is well again by then.
    pub(super) async fn go_on(mut self, is_over: Arc<AtomicBool>) -> Self {
        for round in 0.. {
            let is_last = is_over.load(Ordering::Relaxed);
            self.register(round).await;
            self.refresh().await;
            self.upload(round).await;
            if round % 2 == 0 || is_last {
                self.sign_in_and_out().await;
            }
            if is_last {
                break;
            }
            tokio::time::sleep(REST).await;
        }
        self
    }

    /// Sends a request, at one node after the other, until it is answered with anything but that it cannot be answered now.
    /// Tells whether it was sent more than once: then what it asked for may have happened before.
    async fn ask(&mut self, request: impl Fn(&Client) -> RequestBuilder) -> (Reply, bool) {
        let first_asked = Instant::now();
        let mut is_repeated = false;
        loop {
            let client = &self.clients[self.node % self.clients.len()];
            let asked = Instant::now();
            let reply = client.send(request(client)).await;
            let took = asked.elapsed();
            self.refusals.slowest = self.refusals.slowest.max(took);
            assert!(took < ANSWERED_WITHIN, "answered {} after {took:?}", reply.status);
            if reply.status != 503 {
                self.refusals.repeated += usize::from(is_repeated);
                return (reply, is_repeated);
            }
            // The answer to HEAD has no body.
            if !reply.body.is_empty() {
                reply.problem();
            }
            let seconds: u64 = reply.header("retry-after").expect("when to come again").parse().unwrap();
            assert!(seconds > 0);
            assert!(first_asked.elapsed() < PATIENCE, "it does not recover: {reply:?}");
            self.refusals.count += 1;
            self.node += 1;
            is_repeated = true;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn register(&mut self, round: usize) {
        let mut person = Person::new(&format!("guest{}.{round}", self.number));
        let body = person.register_body();
        let mut was_refused = false;
        let reply = loop {
            let request = |client: &Client| client.request(Method::POST, "/api/auth/register").json(&body);
            let (reply, is_repeated) = self.ask(request).await;
            was_refused |= is_repeated;
            if reply.status != 409 {
                break reply;
            }
            // What was asked before, and answered with 503, was written while this was under way: to this it is a rival.
            assert!(was_refused, "the only one to want a name does not get it: {reply:?}");
            self.refusals.rivals_of_themselves += 1;
            assert!(self.refusals.rivals_of_themselves < 20, "{reply:?}");
        };
        person.otpauth_uri = reply.expect(201).text("otpauth_uri");
        self.acknowledged.registered.push(person);
    }

    async fn refresh(&mut self) {
        let body = json!({ "refresh_token": self.session.refresh_token });
        let (reply, _) =
            self.ask(|client| client.request(Method::POST, "/api/auth/refresh").json(&body)).await;
        self.session = Session::of(&reply.expect(200));
        self.acknowledged.refresh_tokens.push(self.session.refresh_token.clone());
    }

    async fn sign_in_and_out(&mut self) {
        while let Some(code) = self.member.next_code() {
            let body = self.member.person.login_body(&code);
            let (reply, is_repeated) =
                self.ask(|client| client.request(Method::POST, "/api/auth/login").json(&body)).await;
            if reply.status == 401 && is_repeated {
                // The answer that was lost spent the code.
                continue;
            }
            let session = Session::of(&reply.expect(200));
            self.sign_out(session).await;
            return;
        }
    }

    async fn sign_out(&mut self, session: Session) {
        let token = session.access_token.clone();
        let (reply, is_repeated) =
            self.ask(|client| client.request(Method::POST, "/api/auth/logout").bearer_auth(&token)).await;
        // The answer that was lost may have ended it.
        assert!(reply.status == 204 || (is_repeated && reply.status == 401), "{reply:?}");
        self.acknowledged.ended.push(session);
    }

    async fn upload(&mut self, round: usize) {
        let seed = u64::try_from(self.number * 10_000 + round).unwrap();
        let content = Content { seed, size_bytes: 20_000 + seed % 50_000 };
        let token = self.session.access_token.clone();
        let body =
            json!({ "encrypted_filename": name(), "encrypted_data_key": key(), "size": content.size_bytes });
        let (begun, _) = self
            .ask(|client| {
                let request = client.request(Method::POST, "/api/files").bearer_auth(&token);
                request.header("idempotency-key", format!("upload-{seed}")).json(&body)
            })
            .await;
        let begun = begun.expect(201);
        self.bring(&begun.text("upload_url"), content).await;
        self.acknowledged.files.push((begun.text("file_id"), content));
    }

    /// Asks how far the upload has come and sends what is missing, as often as it takes.
    async fn bring(&mut self, url: &str, content: Content) {
        let token = self.session.access_token.clone();
        let bytes = content.bytes();
        let tus = |client: &Client, method| {
            client.request(method, url).bearer_auth(&token).header("tus-resumable", "1.0.0")
        };
        for _ in 0..50 {
            let (reply, _) = self.ask(|client| tus(client, Method::HEAD)).await;
            let offset: usize = reply.expect(200).header("upload-offset").unwrap().parse().unwrap();
            if offset == bytes.len() {
                return;
            }
            let (reply, _) = self
                .ask(|client| {
                    tus(client, Method::PATCH)
                        .header("content-type", "application/offset+octet-stream")
                        .header("upload-offset", offset)
                        .body(bytes[offset..].to_vec())
                })
                .await;
            match reply.status {
                204 => return,
                // What was sent before stood at another place, or is still on its way.
                409 => tokio::time::sleep(PAUSE).await,
                _ => panic!("{reply:?}"),
            }
        }
        panic!("an upload never comes to its end");
    }

    /// Checks at the nodes that all is as it was acknowledged.
    pub(super) async fn expect_all(&self) {
        self.expect_registrations().await;
        self.expect_endings().await;
        self.expect_files().await;
        self.expect_rotations().await;
    }

    fn client(&self) -> &Client {
        &self.clients[self.number % self.clients.len()]
    }

    async fn expect_registrations(&self) {
        for person in &self.acknowledged.registered {
            let login = person.login_with(self.client(), &person.code_at(wall_millis())).await;
            assert_eq!(login.status, 200, "{} was acknowledged and is lost", person.username);
        }
    }

    async fn expect_endings(&self) {
        for session in &self.acknowledged.ended {
            for client in &self.clients {
                client.profile(&session.access_token).await.expect(401);
            }
            self.client().refresh(&session.refresh_token).await.expect(401);
        }
    }

    async fn expect_files(&self) {
        let token = &self.session.access_token;
        let page = self.client().get_as(token, "/api/files?limit=200").await.expect(200).json();
        let mut listed: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|file| file["file_id"].as_str().unwrap()).collect();
        let mut expected: Vec<_> =
            self.acknowledged.files.iter().map(|(file_id, _)| file_id.as_str()).collect();
        listed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(listed, expected, "each upload is one file");
        for (file_id, content) in &self.acknowledged.files {
            let stored =
                self.client().get_as(token, &format!("/api/files/{file_id}/content")).await.expect(200);
            assert!(stored.body == content.bytes(), "{content:?}");
        }
    }

    /// The tokens given last work; of those before, none does.
    async fn expect_rotations(&self) {
        let Some((last, before)) = self.acknowledged.refresh_tokens.split_last() else { return };
        let next = self.client().refresh(last).await.expect(200);
        self.client().profile(&next.text("access_token")).await.expect(200);
        for older in before.iter().rev().take(3) {
            self.client().refresh(older).await.expect(401);
        }
    }
}
