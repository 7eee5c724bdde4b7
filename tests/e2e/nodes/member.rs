//! Someone with several sessions, signed in at several nodes.

use super::{encode, wall_millis};
use crate::support::{Client, Person, Reply};
use serde_json::{Value, json};

/// A session's tokens.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) access_token: String,
    pub(super) refresh_token: String,
}

/// Someone who has signed in once, and may do so as often again as there are recovery codes.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) person: Person,
    pub(super) first: Session,
    recovery_codes: Vec<String>,
}

impl Session {
    pub(super) fn of(reply: &Reply) -> Self {
        Self { access_token: reply.text("access_token"), refresh_token: reply.text("refresh_token") }
    }
}

impl Member {
    pub(super) async fn sign_up(client: &Client, username: &str) -> Self {
        let mut person = Person::new(username);
        person.register(client).await.expect(201);
        let login = person.login_with(client, &person.code_at(wall_millis())).await.expect(200);
        let codes = login.json()["recovery_codes"].as_array().unwrap().clone();
        let recovery_codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        Self { person, first: Session::of(&login), recovery_codes }
    }

    /// Someone with so many sessions, at the nodes in turn. The first node knows them first.
    pub(super) async fn with_sessions(
        clients: &[Client],
        username: &str,
        count: usize,
    ) -> (Self, Vec<Session>) {
        let mut member = Self::sign_up(&clients[0], username).await;
        let mut sessions = vec![member.first.clone()];
        for client in clients.iter().cycle().skip(1).take(count - 1) {
            sessions.push(member.sign_in(client).await);
        }
        (member, sessions)
    }

    pub(super) fn next_code(&mut self) -> Option<String> {
        self.recovery_codes.pop()
    }

    pub(super) async fn sign_in(&mut self, client: &Client) -> Session {
        let code = self.next_code().expect("a recovery code is left");
        Session::of(&self.person.login_with(client, &code).await.expect(200))
    }

    /// Changes the password, in a session that was opened a moment ago.
    pub(super) async fn change_credentials(&mut self, client: &Client, session: &Session) {
        let mut changed = Person::new(&self.person.username);
        changed.otpauth_uri.clone_from(&self.person.otpauth_uri);
        let mut body = changed.register_body();
        for name in ["username", "public_key", "signing_key"] {
            body.as_object_mut().unwrap().remove(name);
        }
        let token = &session.access_token;
        let etag = client.profile(token).await.expect(200).header("etag").unwrap().to_owned();
        client.put_as(token, "/api/user/credentials", &etag, &body).await.expect(204);
        self.person = changed;
    }

    /// Proves anew who they are, by a recovery code.
    pub(super) async fn step_up(&mut self, client: &Client, session: &Session) -> String {
        let otp = self.next_code().expect("a recovery code is left");
        let body: Value = json!({ "auth_key": encode(&self.person.auth_key), "otp": otp });
        let reply = client.post_as(&session.access_token, "/api/auth/step-up", &body).await.expect(200);
        reply.text("access_token")
    }
}
