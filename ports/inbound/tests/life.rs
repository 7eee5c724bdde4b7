//! The life of an account, from its registration to its recovery, on fakes.

use crate::support::{World, sign_in_request};
use epic_domain::audit::EventKind;
use epic_domain::rate_limit::Action;
use epic_domain::session::SessionPolicy;
use epic_domain::user::{RecoveryCode, SecondFactor, Status};
use epic_inbound::refresh::RefreshError;
use epic_inbound::register::RegisterError;
use epic_inbound::sign_in::SignInError;
use epic_inbound::sign_out::SignOutScope;
use std::time::Duration;

#[tokio::test]
async fn an_account_is_registered_confirmed_used_signed_out_and_recovered() {
    let world = World::unlimited();
    let (first, recovery_codes) = world.confirmed(1).await;
    assert_eq!(world.user(1).status, Status::Active);
    let second = world.signed_in(1).await;
    assert_eq!(second.recovery_codes, None);
    let renewed = world.refresh(&first.tokens).await.unwrap();
    assert!(world.lets_in(&renewed).await && world.lets_in(&second.tokens).await);

    let caller = world.authenticate(&renewed).await.unwrap();
    world.sign_out(&caller, SignOutScope::Others).await.unwrap();
    assert!(world.lets_in(&renewed).await && !world.lets_in(&second.tokens).await);
    world.sign_out(&caller, SignOutScope::All).await.unwrap();
    assert!(!world.lets_in(&renewed).await);

    let recovered = world.sign_in(1, SecondFactor::Recovery(recovery_codes[0].clone())).await.unwrap();
    assert!(world.lets_in(&recovered.tokens).await);
    let expected = [
        EventKind::Registered,
        EventKind::Confirmed,
        EventKind::Login,
        EventKind::Login,
        EventKind::Refresh,
        EventKind::LogoutOthers,
        EventKind::LogoutAll,
        EventKind::RecoveryCodeUsed,
        EventKind::Login,
    ];
    assert_eq!(world.kinds(), expected);
}

#[tokio::test]
async fn c02_a_code_opens_one_session_and_its_replay_is_recorded_as_one() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let code = world.code(1);
    assert!(world.sign_in(1, code.clone()).await.is_ok());
    assert!(matches!(world.sign_in(1, code).await, Err(SignInError::Refused)));
    assert_eq!(world.kinds().last(), Some(&EventKind::OtpReplay));
    assert_eq!(world.store.all_sessions().len(), 2);
}

#[tokio::test]
async fn c11_the_code_that_confirmed_an_account_opens_nothing_more() {
    let world = World::unlimited();
    world.register(1).await.unwrap();
    let code = world.code(1);
    assert!(world.sign_in(1, code.clone()).await.is_ok());
    assert!(matches!(world.sign_in(1, code).await, Err(SignInError::Refused)));
}

#[tokio::test]
async fn each_recovery_code_works_once_and_for_its_owner_alone() {
    let world = World::unlimited();
    let (_, recovery_codes) = world.confirmed(1).await;
    world.confirmed(2).await;
    let factor = |code: &RecoveryCode| SecondFactor::Recovery(code.clone());
    assert!(world.sign_in(2, factor(&recovery_codes[0])).await.is_err());
    for code in &recovery_codes {
        assert!(world.sign_in(1, factor(code)).await.is_ok());
        assert!(matches!(world.sign_in(1, factor(code)).await, Err(SignInError::Refused)));
    }
}

#[tokio::test]
async fn an_account_that_was_never_confirmed_is_gone_after_a_day_and_its_name_free() {
    let world = World::unlimited();
    let first = world.register(1).await.unwrap();
    world.clock.advance(Status::PENDING_FOR);
    assert!(matches!(world.sign_in(1, world.code(1)).await, Err(SignInError::Refused)));
    let second = world.register(1).await.unwrap();
    assert_ne!(second.user_id, first.user_id);
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_confirmed_name_stays_taken_even_for_its_own_key() {
    let world = World::unlimited();
    world.confirmed(1).await;
    assert!(matches!(world.register(1).await, Err(RegisterError::NameTaken)));
}

#[tokio::test]
async fn e01_the_sixth_login_in_five_minutes_is_denied_even_when_all_were_right() {
    let world = World::limited();
    world.register(1).await.unwrap();
    let started_at = world.code(1);
    assert!(world.sign_in(1, started_at).await.is_ok());
    for left in (0..4).rev() {
        world.next_step();
        let request = sign_in_request(1, world.code(1));
        let answer = world.ports().sign_in().sign_in(request).await;
        assert!(answer.result.is_ok(), "{:?}", answer.result);
        let standing = answer.standing.unwrap();
        assert_eq!((standing.action, standing.remaining), (Action::Login, left));
    }
    world.next_step();
    let hashes = world.hasher.computed();
    let denied = world.sign_in(1, world.code(1)).await;
    let Err(SignInError::Limited(denial)) = denied else { panic!("not denied: {denied:?}") };
    assert_eq!(world.hasher.computed(), hashes);
    world.clock.advance(denial.retry_after);
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_refused_login_stands_with_its_limit_as_a_good_one_does() {
    let world = World::limited();
    world.register(1).await.unwrap();
    let good = world.ports().sign_in().sign_in(sign_in_request(1, world.code(1))).await;
    let other = World::limited();
    let bad = other.ports().sign_in().sign_in(sign_in_request(1, world.code(1))).await;
    assert!(good.result.is_ok() && bad.result.is_err());
    assert_eq!(good.standing, bad.standing);
}

#[tokio::test]
async fn a_session_left_alone_for_a_week_is_over() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let expires_at = world.store.all_sessions()[0].current.refresh_expires_at;
    world.clock.set_wall(expires_at);
    assert!(matches!(world.refresh(&signed_in.tokens).await, Err(RefreshError::Refused)));
    world.clock.set_wall(expires_at.saturating_sub(Duration::from_millis(1)));
    assert!(world.refresh(&signed_in.tokens).await.is_ok());
}

#[tokio::test]
async fn b02_a_chain_of_refreshes_has_one_live_end() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let mut tokens = signed_in.tokens;
    for _ in 0..5 {
        world.clock.advance(SessionPolicy::DEFAULT.reuse_grace());
        let next = world.refresh(&tokens).await.unwrap();
        assert_ne!(next.refresh_token.expose(), tokens.refresh_token.expose());
        tokens = next;
    }
    assert_eq!(world.store.all_sessions().len(), 1);
    assert!(world.lets_in(&tokens).await);
}
