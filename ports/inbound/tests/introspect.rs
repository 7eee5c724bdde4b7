//! Introspection: services that may ask learn whether a token is good now, and nothing of why it is not.

use crate::support::{Ports, World, origin, unanswered};
use epic_domain::introspection::{ClientCredentials, ClientId, ClientSecret};
use epic_domain::rate_limit::{Action, Quotas};
use epic_domain::user::Status;
use epic_inbound::Fault;
use epic_inbound::introspect::IntrospectError;
use epic_inbound::sign_out::SignOutScope;
use epic_outbound::tokens::{MockTokens, TokenError, Tokens};
use epic_outbound::users::MockUsers;
use std::sync::Arc;
use std::time::Duration;

const SECRET: &str = "mF9aQ2xV7cLw0ZtR4yKp8sHn3bJd6gUe";

fn clients() -> ClientCredentials {
    ClientCredentials::new(vec![(ClientId::parse("files").unwrap(), ClientSecret::parse(SECRET).unwrap())])
}

async fn is_active(world: &World, token: &str) -> bool {
    let introspect = world.ports().introspect(clients());
    match introspect.introspect("files", SECRET, token, origin()).await {
        Ok(Some(claims)) => {
            assert_eq!(claims, world.tokens.read(token).unwrap());
            true
        }
        Ok(None) => false,
        Err(other) => panic!("neither active nor inactive: {other}"),
    }
}

#[tokio::test]
async fn a_known_client_is_told_the_claims_of_both_tokens_of_a_live_session() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    assert!(is_active(&world, signed_in.tokens.access_token.expose()).await);
    assert!(is_active(&world, signed_in.tokens.refresh_token.expose()).await);
    for token in ["", "nonsense", signed_in.device_pass.expose()] {
        assert!(!is_active(&world, token).await, "{token}");
    }
}

#[tokio::test]
async fn an_unknown_client_is_counted_by_its_address_and_no_token_is_read_for_it() {
    let world = World::with_quotas(Quotas::DEFAULT);
    let ports = Ports { tokens: Arc::new(MockTokens::new()), ..world.ports() };
    let introspect = ports.introspect(clients());
    let wrong = [("files", "wrong"), ("mail", SECRET), ("", SECRET), ("a b", SECRET), ("files", "")];
    for (id, secret) in wrong.into_iter().cycle().take(100) {
        let refused = introspect.introspect(id, secret, "token", origin()).await;
        assert!(matches!(refused, Err(IntrospectError::UnknownClient)), "{id}: {refused:?}");
    }
    let limited = introspect.introspect("files", "wrong", "token", origin()).await;
    assert!(
        matches!(&limited, Err(IntrospectError::Limited(denial)) if denial.action == Action::Api),
        "{limited:?}"
    );
    assert!(matches!(
        introspect.introspect("files", "wrong", "token", crate::support::elsewhere()).await,
        Err(IntrospectError::UnknownClient)
    ));
}

#[tokio::test]
async fn a_known_client_is_not_limited_even_where_unknown_ones_are() {
    let world = World::limited();
    let (signed_in, _) = world.confirmed(1).await;
    let introspect = world.ports().introspect(clients());
    for _ in 0..101 {
        drop(introspect.introspect("files", "wrong", "token", origin()).await);
    }
    for _ in 0..200 {
        assert!(is_active(&world, signed_in.tokens.access_token.expose()).await);
    }
}

#[tokio::test]
async fn a_refresh_token_is_active_only_while_it_is_the_live_one() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let renewed = world.refresh(&signed_in.tokens).await.unwrap();
    assert!(!is_active(&world, signed_in.tokens.refresh_token.expose()).await, "it was replaced");
    assert!(is_active(&world, renewed.refresh_token.expose()).await);
    assert!(is_active(&world, signed_in.tokens.access_token.expose()).await, "it opens routes still");
}

#[tokio::test]
async fn neither_token_of_a_dead_session_is_active() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let caller = world.authenticate(&signed_in.tokens).await.unwrap();
    world.sign_out(&caller, SignOutScope::Session).await.unwrap();
    assert!(!is_active(&world, signed_in.tokens.access_token.expose()).await);
    assert!(!is_active(&world, signed_in.tokens.refresh_token.expose()).await);
}

#[tokio::test]
async fn a_token_is_inactive_from_the_instant_of_its_expiry() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    for token in [&signed_in.tokens.access_token, &signed_in.tokens.refresh_token] {
        let expires_at = world.tokens.read(token.expose()).unwrap().expires_at;
        world.clock.set_wall(expires_at.saturating_sub(Duration::from_millis(1)));
        assert!(is_active(&world, token.expose()).await);
        world.clock.set_wall(expires_at);
        assert!(!is_active(&world, token.expose()).await);
    }
}

#[tokio::test]
async fn no_token_of_a_disabled_or_renamed_or_removed_account_is_active() {
    for change in
        [(|user: &mut epic_domain::user::User| user.status = Status::Disabled) as fn(&mut _), |user| {
            user.username = epic_tests::builders::username("somebody-else");
        }]
    {
        let world = World::unlimited();
        let (signed_in, _) = world.confirmed(1).await;
        world.store.edit_user(world.user(1).id, change);
        assert!(!is_active(&world, signed_in.tokens.access_token.expose()).await);
        assert!(!is_active(&world, signed_in.tokens.refresh_token.expose()).await);
    }
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let mut users = MockUsers::new();
    users.expect_find_by_id().times(1).returning(|_| Ok(None));
    let introspect = Ports { users: Arc::new(users), ..world.ports() }.introspect(clients());
    let token = signed_in.tokens.access_token.expose();
    assert!(introspect.introspect("files", SECRET, token, origin()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_fault_is_no_inactive_token() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let mut users = MockUsers::new();
    users.expect_find_by_id().times(1).returning(|_| Err(unanswered()));
    let mut tokens = MockTokens::new();
    tokens.expect_read().times(1).returning(|_| Err(TokenError::Unavailable("no key".into())));
    let token = signed_in.tokens.access_token.expose();
    for ports in [
        Ports { users: Arc::new(users), ..world.ports() },
        Ports { tokens: Arc::new(tokens), ..world.ports() },
    ] {
        let result = ports.introspect(clients()).introspect("files", SECRET, token, origin()).await;
        assert!(matches!(result, Err(IntrospectError::Fault(Fault::Unavailable(_)))), "{result:?}");
    }
}

#[tokio::test]
async fn with_no_clients_nobody_may_ask() {
    let world = World::unlimited();
    let introspect = world.ports().introspect(ClientCredentials::default());
    let refused = introspect.introspect("files", SECRET, "token", origin()).await;
    assert!(matches!(refused, Err(IntrospectError::UnknownClient)));
}
