//! Known devices: what one's own pass is good for, and what no other pass does.

use crate::support::{Ports, World, auth_key, elsewhere, origin, sign_in_request};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Subject};
use epic_domain::secret::SecretText;
use epic_domain::user::SecondFactor;
use epic_inbound::sign_in::{SignInError, SignedIn};
use epic_outbound::clock::Clock;
use epic_outbound::entry_limiter::MockEntryLimiter;
use epic_outbound::passes::{Pass, PassKind, Passes};
use epic_tests::builders::username;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The most attempts at one account in a minute.
const ACCOUNT_LIMIT: u8 = 30;

const KNOWN_FOR: Duration = Duration::from_secs(90 * 24 * 3_600);

async fn sign_in_with_pass(
    world: &World,
    seed: u64,
    from: IpPrefix,
    device_pass: Option<&str>,
    factor: SecondFactor,
) -> Result<SignedIn, SignInError> {
    let mut request = sign_in_request(seed, factor);
    request.origin = from;
    request.device_pass = device_pass.map(|text| SecretText::new(text.to_owned()));
    world.ports().sign_in().sign_in(request).await.result
}

/// A wrong key for the account of a seed from an address of a number.
async fn attack(world: &World, seed: u64, number: u8) -> Result<SignedIn, SignInError> {
    let mut request = sign_in_request(seed, world.wrong_code(seed));
    request.auth_key = auth_key(666);
    request.origin = IpPrefix::of([203, 0, 113, number].into());
    world.ports().sign_in().sign_in(request).await.result
}

/// Uses up what all attempts at the account share, from one address each.
async fn exhaust(world: &World, seed: u64) {
    for number in 0..ACCOUNT_LIMIT {
        assert!(matches!(attack(world, seed, number).await, Err(SignInError::Refused)));
    }
    assert_limited_by_account(&attack(world, seed, ACCOUNT_LIMIT).await);
}

fn assert_limited_by_account(result: &Result<SignedIn, SignInError>) -> Duration {
    match result {
        Err(SignInError::Limited(denial)) if denial.action == Action::LoginAccount => denial.retry_after,
        other => panic!("not limited by the account: {other:?}"),
    }
}

#[tokio::test]
async fn d19_ones_own_device_gets_in_at_once_and_an_unknown_one_within_a_minute() {
    let world = World::limited();
    let (signed_in, _) = world.confirmed(1).await;
    world.clock.advance(Duration::from_secs(300));
    let mut evaluated = 0;
    for _ in 0..5 {
        for number in 0..20 {
            evaluated += u32::from(matches!(attack(&world, 1, number).await, Err(SignInError::Refused)));
        }
    }
    assert_eq!(evaluated, u32::from(ACCOUNT_LIMIT), "of a hundred attempts at once");

    let pass = signed_in.device_pass.expose();
    let known = sign_in_with_pass(&world, 1, origin(), Some(pass), world.code(1)).await;
    assert!(known.is_ok(), "{known:?}");
    world.next_step();
    let unknown = sign_in_with_pass(&world, 1, elsewhere(), None, world.code(1)).await;
    let wait = assert_limited_by_account(&unknown);
    assert!(wait <= Duration::from_secs(60), "{wait:?}");
    world.clock.advance(wait);
    let unknown = sign_in_with_pass(&world, 1, elsewhere(), None, world.code(1)).await;
    assert!(unknown.is_ok(), "{unknown:?}");
}

#[tokio::test]
async fn d19_a_hundred_failures_that_were_all_looked_at_delay_nobody_either() {
    let world = World::limited();
    let (signed_in, _) = world.confirmed(1).await;
    world.clock.advance(Duration::from_secs(300));
    let mut evaluated = 0;
    while evaluated < 100 {
        for number in 0..20 {
            evaluated += u32::from(matches!(attack(&world, 1, number).await, Err(SignInError::Refused)));
        }
        world.clock.advance(Duration::from_secs(10));
        world.ports().housekeeping().prune_memory();
    }
    let pass = signed_in.device_pass.expose();
    let known = sign_in_with_pass(&world, 1, origin(), Some(pass), world.code(1)).await;
    assert!(known.is_ok(), "{known:?}");
    world.next_step();
    assert!(sign_in_with_pass(&world, 1, elsewhere(), None, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_device_stays_known_for_ninety_days_and_not_a_millisecond_longer() {
    let world = World::limited();
    let opened_at = world.clock.now();
    let (signed_in, _) = world.confirmed(1).await;
    let pass = signed_in.device_pass.expose();
    let expires_at = opened_at.saturating_add(KNOWN_FOR);
    world.clock.advance(Duration::from_secs(60));
    world.clock.set_wall(expires_at);
    exhaust(&world, 1).await;
    let expired = sign_in_with_pass(&world, 1, elsewhere(), Some(pass), world.code(1)).await;
    assert_limited_by_account(&expired);
    world.clock.set_wall(expires_at.saturating_sub(Duration::from_millis(1)));
    let known = sign_in_with_pass(&world, 1, elsewhere(), Some(pass), world.code(1)).await;
    assert!(known.is_ok(), "{known:?}");
}

#[tokio::test]
async fn no_other_pass_gets_past_an_account_whose_budget_is_used_up() {
    let world = World::limited();
    world.confirmed(1).await;
    let (other, _) = world.confirmed(2).await;
    let user = world.user(1);
    let expires_at = world.clock.now().saturating_add(KNOWN_FOR);
    let pass = |kind, user_id| Pass { kind, user_id, version: user.version, expires_at };
    let recovery = world.passes.issue(&pass(PassKind::Recovery, user.id)).unwrap();
    exhaust(&world, 1).await;
    for text in [
        "",
        "fake-pass-999",
        "forged",
        other.device_pass.expose(),
        recovery.expose(),
        other.tokens.access_token.expose(),
    ] {
        let hashes = world.hasher.computed();
        let refused = sign_in_with_pass(&world, 1, elsewhere(), Some(text), world.code(1)).await;
        assert_limited_by_account(&refused);
        assert_eq!(world.hasher.computed(), hashes, "{text}");
    }
}

#[tokio::test]
async fn someone_elses_pass_is_counted_as_none_and_does_not_open_unknown_names_either() {
    let world = World::limited();
    world.confirmed(1).await;
    let (other, _) = world.confirmed(2).await;
    let pass = other.device_pass.expose();
    world.clock.advance(Duration::from_secs(300));
    for seed in [1, 9] {
        for number in 0..ACCOUNT_LIMIT {
            let from = IpPrefix::of([203, 0, 113, number].into());
            let factor = crate::support::code_of(77, world.clock.now());
            let refused = sign_in_with_pass(&world, seed, from, Some(pass), factor).await;
            assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
        }
        let factor = crate::support::code_of(77, world.clock.now());
        let limited = sign_in_with_pass(&world, seed, elsewhere(), Some(pass), factor).await;
        assert_limited_by_account(&limited);
    }
}

#[tokio::test]
async fn a_known_device_is_limited_by_its_address_as_any_other() {
    let world = World::limited();
    let (signed_in, _) = world.confirmed(1).await;
    world.clock.advance(Duration::from_secs(300));
    let pass = signed_in.device_pass.expose();
    for _ in 0..5 {
        assert!(sign_in_with_pass(&world, 1, origin(), Some(pass), world.code(1)).await.is_ok());
        world.next_step();
    }
    let limited = sign_in_with_pass(&world, 1, origin(), Some(pass), world.code(1)).await;
    assert!(
        matches!(&limited, Err(SignInError::Limited(denial)) if denial.action == Action::Login),
        "{limited:?}"
    );
}

#[tokio::test]
async fn a_known_device_does_not_help_with_the_wrong_key_or_code() {
    let world = World::limited();
    let (signed_in, _) = world.confirmed(1).await;
    let mut request = sign_in_request(1, world.code(1));
    request.auth_key = auth_key(2);
    request.device_pass = Some(SecretText::new(signed_in.device_pass.expose().to_owned()));
    let answer = world.ports().sign_in().sign_in(request).await;
    assert!(matches!(answer.result, Err(SignInError::Refused)));
    let pass = signed_in.device_pass.expose();
    let refused = sign_in_with_pass(&world, 1, origin(), Some(pass), world.wrong_code(1)).await;
    assert!(matches!(refused, Err(SignInError::Refused)));
}

#[tokio::test]
async fn each_sign_in_gives_a_pass_that_names_the_account_and_lasts_ninety_days() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let now = world.clock.now();
    let mut seen = BTreeSet::new();
    for _ in 0..2 {
        let signed_in = world.sign_in(1, world.code(1)).await.unwrap();
        let text = signed_in.device_pass.expose();
        let pass = world.passes.read(PassKind::KnownDevice, text).unwrap();
        let user = world.user(1);
        assert_eq!((pass.user_id, pass.version), (user.id, user.version));
        assert_eq!(pass.expires_at, world.clock.now().saturating_add(KNOWN_FOR));
        assert!(seen.insert(text.to_owned()), "given twice");
        world.next_step();
    }
    assert!(world.clock.now() > now);
}

#[tokio::test]
async fn a_known_device_is_not_counted_against_the_name() {
    let world = World::unlimited();
    let (signed_in, _) = world.confirmed(1).await;
    let checks: Arc<Mutex<Vec<Vec<Attempt>>>> = Arc::default();
    let seen = Arc::clone(&checks);
    let mut limiter = MockEntryLimiter::new();
    limiter.expect_check().returning(move |attempts| {
        seen.lock().unwrap().push(attempts.to_vec());
        Ok(Decision::Allowed(None))
    });
    limiter.expect_give_back().returning(|_| Ok(()));
    let ports = Ports { entry_limiter: Arc::new(limiter), ..world.ports() };
    let mut request = sign_in_request(1, world.code(1));
    request.device_pass = Some(signed_in.device_pass);
    ports.sign_in().sign_in(request).await.result.unwrap();
    let of_device = [
        Attempt::new(Action::Login, Subject::Address(origin())),
        Attempt::new(Action::Login, Subject::NameFrom(username("user-1"), origin())),
    ];
    let of_code = [Attempt::new(Action::Totp, Subject::Account(world.user(1).id))];
    assert_eq!(*checks.lock().unwrap(), [of_device.to_vec(), of_code.to_vec()]);
}
