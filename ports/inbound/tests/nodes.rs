//! Several nodes on one store: what one of them ends or changes holds at the others after their next step, and whatever
//! becomes of the feed no node goes on trusting what it cannot know.

use crate::support::{Ports, World, origin};
use epic_cache_memory::{CachedUsers, RevocationIndex};
use epic_domain::introspection::{ClientCredentials, ClientId, ClientSecret};
use epic_domain::user::Status;
use epic_inbound::authenticate::{AuthenticateError, Authenticated};
use epic_inbound::introspect::IntrospectError;
use epic_inbound::node_sync::{LastHeard, NodeSync, NodeSyncPorts, Step, TRUSTED_FOR};
use epic_inbound::refresh::RefreshError;
use epic_inbound::sign_out::SignOutScope;
use epic_inbound::{Fault, TokenPair};
use epic_outbound::changes::UpToDate;
use epic_tests::fakes::Fault::BeforeWrite;
use epic_tests::fakes::{FakeChanges, MemoryStore};
use std::sync::Arc;
use std::time::Duration;

/// What a node has of its own; store, keys and clock are the world's.
struct Node {
    users: Arc<CachedUsers>,
    revocations: Arc<RevocationIndex>,
    last_heard: Arc<LastHeard>,
    line: Arc<FakeChanges>,
    sync: NodeSync,
}

impl Node {
    /// A node that has just started.
    fn start(world: &World) -> Self {
        let last_heard = Arc::new(LastHeard::new(Arc::clone(&world.clock) as _));
        let stored = Arc::clone(&world.store) as _;
        let users = Arc::new(CachedUsers::new(stored, 100).trusted_while(Arc::clone(&last_heard) as _));
        let revocations = Arc::<RevocationIndex>::default();
        let line = Arc::new(FakeChanges::of(Arc::<MemoryStore>::clone(&world.store)));
        let ports = NodeSyncPorts {
            changes: Arc::clone(&line) as _,
            sessions: Arc::clone(&world.store) as _,
            revocations: Arc::clone(&revocations) as _,
            account_memory: Arc::clone(&users) as _,
            clock: Arc::clone(&world.clock) as _,
        };
        let sync = NodeSync::new(ports, Arc::clone(&last_heard), world.policy);
        Self { users, revocations, last_heard, line, sync }
    }

    /// A node that knows what there is to know.
    async fn in_step(world: &World) -> Self {
        let node = Self::start(world);
        assert_eq!(node.sync.step().await.unwrap(), Step::Followed);
        node
    }

    fn ports(&self, world: &World) -> Ports {
        Ports {
            users: Arc::clone(&self.users) as _,
            revocations: Arc::clone(&self.revocations) as _,
            up_to_date: Some(Arc::clone(&self.last_heard) as _),
            ..world.ports()
        }
    }

    async fn caller(&self, world: &World, tokens: &TokenPair) -> Result<Authenticated, AuthenticateError> {
        let authenticate = self.ports(world).authenticate();
        authenticate.authenticate(Some(tokens.access_token.expose()), origin()).await
    }

    async fn lets_in(&self, world: &World, tokens: &TokenPair) -> Result<bool, Fault> {
        match self.caller(world, tokens).await {
            Ok(_) => Ok(true),
            Err(AuthenticateError::Refused(_)) => Ok(false),
            Err(AuthenticateError::Fault(fault)) => Err(fault),
            Err(other) => panic!("neither in nor out: {other}"),
        }
    }

    async fn sign_out(&self, world: &World, tokens: &TokenPair) {
        let caller = self.caller(world, tokens).await.unwrap();
        let sign_out = self.ports(world).sign_out();
        sign_out.sign_out(&caller, SignOutScope::Session, origin()).await.unwrap();
    }
}

/// Three nodes in step, and someone who is signed in and known to all of them.
async fn three_nodes() -> (World, [Node; 3], TokenPair) {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let nodes = [Node::in_step(&world).await, Node::in_step(&world).await, Node::in_step(&world).await];
    for node in &nodes {
        assert!(node.lets_in(&world, &signed_in.tokens).await.unwrap());
    }
    (world, nodes, signed_in.tokens)
}

fn disable(world: &World) {
    world.store.edit_user(world.user(1).id, |user| user.status = Status::Disabled);
}

#[tokio::test]
async fn a_logout_at_one_node_holds_at_the_others_after_the_next_answer_of_their_feeds() {
    let (world, nodes, tokens) = three_nodes().await;
    nodes[0].sign_out(&world, &tokens).await;
    assert!(!nodes[0].lets_in(&world, &tokens).await.unwrap());
    for node in &nodes[1..] {
        assert!(node.lets_in(&world, &tokens).await.unwrap(), "it has heard nothing yet");
        node.sync.step().await.unwrap();
        world.store.faults().fail_always(BeforeWrite);
        assert!(!node.lets_in(&world, &tokens).await.unwrap(), "known by heart");
        world.store.faults().recover();
    }
}

#[tokio::test]
async fn an_account_that_changes_is_read_anew_after_the_next_answer() {
    let (world, nodes, tokens) = three_nodes().await;
    disable(&world);
    for node in &nodes {
        assert!(node.lets_in(&world, &tokens).await.unwrap(), "it has heard nothing yet");
        node.sync.step().await.unwrap();
        assert!(!node.lets_in(&world, &tokens).await.unwrap());
    }
}

#[tokio::test]
async fn a_node_in_step_asks_the_store_nothing() {
    let (world, nodes, tokens) = three_nodes().await;
    for _ in 0..3 {
        world.clock.advance(TRUSTED_FOR - Duration::from_millis(1));
        world.store.faults().fail_always(BeforeWrite);
        assert!(nodes[1].lets_in(&world, &tokens).await.unwrap());
        nodes[1].sync.step().await.unwrap();
        world.store.faults().recover();
    }
}

#[tokio::test]
async fn a_node_that_lost_its_feed_goes_on_for_two_seconds_and_then_asks_the_store() {
    let (world, nodes, tokens) = three_nodes().await;
    let other = world.signed_in(1).await.tokens;
    let node = Node::in_step(&world).await;
    assert!(node.lets_in(&world, &tokens).await.unwrap());
    node.line.cut();
    assert!(node.sync.step().await.is_err());
    nodes[0].sync.step().await.unwrap();
    nodes[0].sign_out(&world, &tokens).await;
    world.clock.advance(TRUSTED_FOR - Duration::from_millis(1));
    assert!(node.lets_in(&world, &tokens).await.unwrap(), "the bound");
    world.clock.advance(Duration::from_millis(1));
    assert!(!node.lets_in(&world, &tokens).await.unwrap());
    assert!(node.lets_in(&world, &other).await.unwrap(), "who is signed in stays in");
    disable(&world);
    assert!(!node.lets_in(&world, &other).await.unwrap(), "the account is asked for too");
}

#[tokio::test]
async fn a_node_that_lost_its_feed_and_the_store_cannot_answer() {
    let (world, [node, other, _], tokens) = three_nodes().await;
    node.line.cut();
    assert!(node.sync.step().await.is_err());
    world.clock.advance(TRUSTED_FOR);
    world.store.faults().fail_always(BeforeWrite);
    assert!(matches!(node.lets_in(&world, &tokens).await, Err(Fault::Unavailable(_))));
    node.line.mend();
    assert!(node.sync.step().await.is_err(), "a feed alone does not tell what was missed");
    assert!(matches!(node.lets_in(&world, &tokens).await, Err(Fault::Unavailable(_))));
    world.store.faults().recover();
    assert!(node.lets_in(&world, &tokens).await.unwrap(), "the store answers again");
    node.sync.step().await.unwrap();
    assert!(node.lets_in(&world, &tokens).await.unwrap());
    world.store.faults().fail_always(BeforeWrite);
    assert!(node.lets_in(&world, &tokens).await.unwrap(), "back to memory");
    world.store.faults().recover();
    other.sync.step().await.unwrap();
    other.sign_out(&world, &tokens).await;
    node.sync.step().await.unwrap();
    assert!(!node.lets_in(&world, &tokens).await.unwrap(), "and the feed is followed again");
}

#[tokio::test]
async fn what_happened_while_the_feed_was_cut_is_taken_in_when_it_opens_again() {
    for gap in [0, 1, 100].map(Duration::from_secs) {
        let (world, [node, other, _], tokens) = three_nodes().await;
        let (second, _) = world.confirmed(2).await;
        node.sync.step().await.unwrap();
        assert!(node.lets_in(&world, &second.tokens).await.unwrap());
        node.line.cut();
        assert!(node.sync.step().await.is_err());
        other.sync.step().await.unwrap();
        other.sign_out(&world, &tokens).await;
        world.store.edit_user(world.user(2).id, |user| user.status = Status::Disabled);
        world.clock.advance(gap);
        node.line.mend();
        node.sync.step().await.unwrap();
        assert!(node.last_heard.is_up_to_date());
        assert!(!node.lets_in(&world, &tokens).await.unwrap(), "{gap:?}: the session");
        assert!(!node.lets_in(&world, &second.tokens).await.unwrap(), "{gap:?}: the account");
    }
}

#[tokio::test]
async fn a_node_whose_feed_is_behind_does_not_trust_what_it_has_heard() {
    let (world, [node, other, _], tokens) = three_nodes().await;
    node.line.hold_up(true);
    other.sign_out(&world, &tokens).await;
    for _ in 0..4 {
        world.clock.advance(TRUSTED_FOR / 4);
        node.sync.step().await.unwrap();
    }
    assert!(!node.lets_in(&world, &tokens).await.unwrap());
    world.store.faults().fail_always(BeforeWrite);
    assert!(node.lets_in(&world, &tokens).await.is_err(), "it asked the store");
    node.line.hold_up(false);
    node.sync.step().await.unwrap();
    assert!(!node.lets_in(&world, &tokens).await.unwrap(), "now it knows by heart");
}

#[tokio::test]
async fn a_node_that_has_just_started_asks_the_store_until_its_feed_is_open() {
    let (world, nodes, tokens) = three_nodes().await;
    let (node, second) = (Node::start(&world), world.signed_in(1).await.tokens);
    nodes[0].sync.step().await.unwrap();
    nodes[0].sign_out(&world, &tokens).await;
    assert!(!node.lets_in(&world, &tokens).await.unwrap());
    assert!(node.lets_in(&world, &second).await.unwrap());
    node.sync.step().await.unwrap();
    assert!(node.lets_in(&world, &second).await.unwrap());
    world.store.faults().fail_always(BeforeWrite);
    assert!(!node.lets_in(&world, &tokens).await.unwrap());
    assert!(node.lets_in(&world, &second).await.unwrap());
}

#[tokio::test]
async fn where_there_is_no_feed_the_store_is_asked_again_and_again() {
    let (world, [other, ..], tokens) = three_nodes().await;
    let second = world.signed_in(1).await.tokens;
    let node = Node::start(&world);
    node.line.set_feed(false);
    assert_eq!(node.sync.step().await.unwrap(), Step::Asked);
    assert!(node.lets_in(&world, &tokens).await.unwrap());
    other.sync.step().await.unwrap();
    other.sign_out(&world, &tokens).await;
    assert_eq!(node.sync.step().await.unwrap(), Step::Asked);
    world.store.faults().fail_always(BeforeWrite);
    assert!(!node.lets_in(&world, &tokens).await.unwrap(), "known by heart");
    assert!(node.sync.step().await.is_err());
    world.store.faults().recover();
    assert!(node.lets_in(&world, &second).await.unwrap());
    disable(&world);
    assert!(node.lets_in(&world, &second).await.unwrap(), "it has asked nothing yet");
    assert_eq!(node.sync.step().await.unwrap(), Step::Asked);
    assert!(!node.lets_in(&world, &second).await.unwrap());
}

#[tokio::test]
async fn a_node_without_its_feed_gives_no_tokens_to_a_shut_account_or_an_ended_session() {
    let (world, [node, other, _], tokens) = three_nodes().await;
    node.line.cut();
    world.clock.advance(TRUSTED_FOR);
    other.sign_out(&world, &tokens).await;
    let refresh = |tokens: TokenPair| {
        let refresh = node.ports(&world).refresh();
        async move {
            let admission = crate::support::admission();
            refresh.refresh(&admission, tokens.refresh_token.expose(), origin()).await
        }
    };
    assert!(matches!(refresh(tokens).await, Err(RefreshError::Refused)));
    let second = world.signed_in(1).await.tokens;
    disable(&world);
    assert!(matches!(refresh(second).await, Err(RefreshError::Refused)));
}

#[tokio::test]
async fn a_node_without_its_feed_tells_services_what_the_store_says() {
    const SECRET: &str = "mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe";
    let (world, [node, other, _], tokens) = three_nodes().await;
    let clients = || {
        ClientCredentials::new(vec![(
            ClientId::parse("files").unwrap(),
            ClientSecret::parse(SECRET).unwrap(),
        )])
    };
    let token = tokens.access_token.expose();
    let is_active = async || {
        let introspect = node.ports(&world).introspect(clients());
        introspect.introspect("files", SECRET, token, origin()).await.map(|claims| claims.is_some())
    };
    node.line.cut();
    world.clock.advance(TRUSTED_FOR);
    assert!(is_active().await.unwrap());
    other.sync.step().await.unwrap();
    other.sign_out(&world, &tokens).await;
    assert!(!is_active().await.unwrap());
    world.store.faults().fail_always(BeforeWrite);
    assert!(matches!(is_active().await, Err(IntrospectError::Fault(_))));
    assert!(!node.last_heard.is_up_to_date());
}
