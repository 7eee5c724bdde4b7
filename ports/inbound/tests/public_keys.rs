//! Public keys: those of people, found by those who are signed in; and those of the server.

use crate::support::{Ports, World, unanswered, users_with};
use epic_domain::key_id::KeyId;
use epic_domain::user::Status;
use epic_inbound::Fault;
use epic_inbound::public_keys::PublicKeys;
use epic_outbound::tokens::{MockTokens, VerifyingKey};
use epic_outbound::users::MockUsers;
use epic_tests::builders::{self, T0, username};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn the_keys_of_an_active_account_are_found_and_no_others() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let active = builders::user(2);
    let expected = PublicKeys {
        public_key: active.clone().build().keys.public_key,
        signing_key: active.clone().build().keys.signing_key,
    };
    for (found, expected) in [
        (Some(active.clone().build()), Some(expected)),
        (Some(active.clone().pending_until(T0.saturating_add(Duration::from_secs(60))).build()), None),
        (Some(active.status(Status::Disabled).build()), None),
        (None, None),
    ] {
        let ports = Ports { users: Arc::new(users_with(2, found)), ..Ports::untouched() };
        let keys = ports.look_up_public_keys().look_up(&caller, &username("user-2")).await.unwrap();
        assert_eq!(keys, expected);
    }
}

#[tokio::test]
async fn the_name_of_a_pair_changes_with_either_key() {
    let pair = |seed: u64| {
        let keys = builders::user(seed).build().keys;
        PublicKeys { public_key: keys.public_key, signing_key: keys.signing_key }
    };
    let (one, other) = (pair(1), pair(2));
    let mixed = [
        one,
        other,
        PublicKeys { public_key: one.public_key, signing_key: other.signing_key },
        PublicKeys { public_key: other.public_key, signing_key: one.signing_key },
    ];
    for (place, keys) in mixed.iter().enumerate() {
        assert_eq!(keys.key_id(), keys.key_id());
        assert!(mixed[..place].iter().all(|before| before.key_id() != keys.key_id()));
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_no_absence() {
    let world = World::unlimited();
    let caller = world.caller(1).await;
    let mut users = MockUsers::new();
    users.expect_find_by_username().times(1).returning(|_| Err(unanswered()));
    let ports = Ports { users: Arc::new(users), ..Ports::untouched() };
    let result = ports.look_up_public_keys().look_up(&caller, &username("user-2")).await;
    assert!(matches!(result, Err(Fault::Unavailable(_))), "{result:?}");
}

#[test]
fn the_servers_keys_are_published_as_the_issuer_has_them() {
    let key = |name: &str, byte| VerifyingKey { key_id: KeyId::parse(name).unwrap(), ed25519: [byte; 32] };
    for keys in [Vec::new(), vec![key("new", 2), key("old", 1)]] {
        let mut tokens = MockTokens::new();
        tokens.expect_verifying_keys().times(1).return_const(keys.clone());
        let ports = Ports { tokens: Arc::new(tokens), ..Ports::untouched() };
        assert_eq!(ports.published_keys().list(), keys);
    }
}
