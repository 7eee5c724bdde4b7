//! An account that changes at one node, or in the database, is the changed one at every node within the bound.

use super::member::{Member, Session};
use super::{wall_millis, within_the_bound};
use crate::support::mongodb::NamedDatabase;
use crate::support::nodes::{NO_LIMITS, Nodes};
use crate::support::person::encode;
use crate::support::{Client, Person};
use mongodb::bson::{Document, doc};
use serde_json::json;

struct World {
    clients: Vec<Client>,
    _nodes: Nodes,
    database: NamedDatabase,
}

impl World {
    fn start() -> Self {
        let database = NamedDatabase::new();
        let nodes = Nodes::start(3, &database.uri(), &[NO_LIMITS]);
        Self { clients: nodes.clients(), _nodes: nodes, database }
    }

    /// Lets every node know an account by heart.
    async fn look(&self, session: &Session) {
        for client in &self.clients {
            client.profile(&session.access_token).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_disabled_in_the_database_is_refused_by_every_node() {
    let world = World::start();
    let (mut alice, sessions) = Member::with_sessions(&world.clients, "alice", 3).await;
    for session in &sessions {
        world.look(session).await;
    }
    let users = world.database.raw().await.collection::<Document>("users");
    let disabled = doc! { "$set": { "status": "disabled" } };
    let updated = users.update_one(doc! { "username": "alice" }, disabled).await.unwrap();
    assert_eq!(updated.modified_count, 1);
    for (client, session) in world.clients.iter().zip(&sessions) {
        let took = within_the_bound("a disabled account is refused", async || {
            client.profile(&session.access_token).await.status == 401
        });
        println!("a disabled account is refused after {:?}", took.await);
        client.refresh(&session.refresh_token).await.expect(401);
        let code = alice.next_code().unwrap();
        alice.person.login_with(client, &code).await.expect(401);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_of_a_name_and_another_version_of_an_account_are_shown_by_every_node() {
    let world = World::start();
    let (_, of_alice) = Member::with_sessions(&world.clients, "alice", 1).await;
    let (mut bob, of_bob) = Member::with_sessions(&world.clients, "bob", 1).await;
    world.look(&of_alice[0]).await;
    world.look(&of_bob[0]).await;
    let key_path = "/api/user/alice/public-key";
    let first = world.clients[2].get_as(&of_bob[0].access_token, key_path).await.expect(200).text("key_id");

    bob.change_credentials(&world.clients[0], &of_bob[0]).await;
    let version = world.clients[0].profile(&of_bob[0].access_token).await.expect(200);
    world.clients[0].delete_as(&of_alice[0].access_token, "/api/user").await.expect(202);
    let mut other = Person::new("alice");
    let mut body = other.register_body();
    // The base point of X25519 with another u: 9 becomes 16.
    body["public_key"] =
        encode(&core::array::from_fn::<u8, 32, _>(|place| if place == 0 { 16 } else { 0 })).into();
    let registered = world.clients[0].post("/api/auth/register", &body).await.expect(201);
    other.otpauth_uri = registered.text("otpauth_uri");
    let login = other.login_with(&world.clients[0], &other.code_at(wall_millis())).await.expect(200);

    for client in &world.clients {
        within_the_bound("the keys of the name are the other ones", async || {
            let reply = client.get_as(&of_bob[0].access_token, key_path).await;
            reply.status == 200 && reply.text("key_id") != first
        })
        .await;
        within_the_bound("the profile is of the new version", async || {
            let profile = client.profile(&of_bob[0].access_token).await.expect(200);
            profile.header("etag") == version.header("etag")
        })
        .await;
        client.profile(&login.text("access_token")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_authenticator_is_proposed_at_one_node_confirmed_at_another_and_asked_for_at_all() {
    let world = World::start();
    let (mut alice, sessions) = Member::with_sessions(&world.clients, "alice", 3).await;
    for session in &sessions {
        world.look(session).await;
    }
    let fresh = alice.step_up(&world.clients[0], &sessions[0]).await;
    let proposed = world.clients[0].post_as(&fresh, "/api/user/totp", &json!({})).await.expect(200);
    let former = alice.person.clone();
    alice.person.otpauth_uri = proposed.text("otpauth_uri");
    // By the code before the present one, so that the present one is the authenticator's next.
    within_the_bound("what was proposed elsewhere is confirmed", async || {
        let body = json!({ "otp": alice.person.code_at(wall_millis() - 30_000) });
        world.clients[1].post_as(&fresh, "/api/user/totp/confirm", &body).await.status == 204
    })
    .await;

    for (client, session) in world.clients.iter().zip(&sessions).skip(1) {
        within_the_bound("the other sessions have ended", async || {
            client.profile(&session.access_token).await.status == 401
        })
        .await;
        former.login_with(client, &former.code_at(wall_millis())).await.expect(401);
    }
    world.clients[2].profile(&sessions[0].access_token).await.expect(200);
    let code = alice.person.code_at(wall_millis());
    alice.person.login_with(&world.clients[2], &code).await.expect(200);
    alice.person.login_with(&world.clients[0], &code).await.expect(401);
}
