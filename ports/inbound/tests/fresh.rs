//! Freshness: who has just proved who they are, and who must do so again.

use crate::support::World;
use epic_domain::session::SessionPolicy;
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_sign_in_is_fresh_up_to_its_age_and_stale_exactly_at_it() {
    for seconds in [10, 300, 3_600] {
        let mut world = World::unlimited();
        let max_age = Duration::from_secs(seconds);
        world.policy = SessionPolicy::DEFAULT.with_step_up(max_age).unwrap();
        let (signed_in, _) = world.confirmed(1).await;
        let caller = world.authenticate(&signed_in.tokens).await.unwrap();
        let caller_again = world.authenticate(&signed_in.tokens).await.unwrap();
        let stale_at = caller.claims().auth_time.saturating_add(max_age);

        world.clock.set_wall(stale_at.saturating_sub(MILLISECOND));
        let fresh = world.ports().freshness().require(caller).unwrap();
        assert_eq!(fresh.caller().claims().session_id, signed_in.tokens.session_id);

        world.clock.set_wall(stale_at);
        let stale = world.ports().freshness().require(caller_again).unwrap_err();
        assert_eq!(stale.max_age, max_age);
        assert_eq!(stale.caller.claims().session_id, signed_in.tokens.session_id);
    }
}

#[tokio::test]
async fn a_step_up_makes_fresh_and_a_refresh_does_not() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    world.clock.advance(SessionPolicy::DEFAULT.step_up());
    let renewed = world.refresh(&signed_in.tokens).await.unwrap();
    let caller = world.authenticate(&renewed).await.unwrap();
    assert!(world.ports().freshness().require(caller).is_err());

    let caller = world.authenticate(&renewed).await.unwrap();
    let stepped_up = world.step_up(&caller, 1, world.code(1)).await.unwrap();
    let authenticate = world.ports().authenticate();
    let caller =
        authenticate.authenticate(Some(stepped_up.access_token.expose()), crate::support::origin()).await;
    assert!(world.ports().freshness().require(caller.unwrap()).is_ok());
}
