//! Registering: one slow hash on every path, one winner, and a retry for a lost reply.

use crate::support::{
    Ports, QUOTA_LIMIT_BYTES, World, allowing_entry_limiter, auth_key, denial, denying_entry_limiter,
    enrolled, full, matching_hasher, origin, recording, registration, unanswered, users_with,
};
use epic_domain::audit::EventKind;
use epic_domain::rate_limit::Action;
use epic_domain::user::{Status, User, Version};
use epic_inbound::Fault;
use epic_inbound::register::{RegisterError, Registered};
use epic_inbound::sign_in::SignInError;
use epic_outbound::audit::MockAudit;
use epic_outbound::hasher::{HasherError, MockHasher, Verification};
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_outbound::users::{Insertion, MockUsers, Replacement};
use epic_tests::builders::{T0, seconds_after_t0};
use epic_tests::fakes::{FakeEntropy, FakeOtp, FakeSealer};
use std::sync::Arc;
use std::time::Duration;

/// A pending account of seed 1, registered a minute ago.
fn pending() -> User {
    let minute_ago = T0.saturating_sub(Duration::from_secs(60));
    enrolled(1).pending_until(seconds_after_t0(3_600)).updated_at(minute_ago).build()
}

/// Ports on which registering as seed 1 works as far as these doubles let it.
fn ports(users: MockUsers, hasher: MockHasher) -> Ports {
    Ports {
        users: Arc::new(users),
        hasher: Arc::new(hasher),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        sealer: Arc::new(FakeSealer::default()),
        otp: Arc::new(FakeOtp::default()),
        ..Ports::untouched()
    }
}

/// A hasher that hashes the key of seed 1 once and verifies nothing.
fn hashing_once() -> MockHasher {
    let mut hasher = MockHasher::new();
    hasher
        .expect_hash()
        .withf(|key| *key == auth_key(1))
        .times(1)
        .returning(|_| Ok(enrolled(9).build().credentials.auth_key_hash));
    hasher
}

async fn register(ports: Ports) -> Result<Registered, RegisterError> {
    ports.register().register(registration(1)).await.result
}

async fn fault_of(ports: Ports) -> Fault {
    match register(ports).await {
        Err(RegisterError::Fault(fault)) => fault,
        other => panic!("no fault: {other:?}"),
    }
}

async fn is_taken(ports: Ports) -> bool {
    matches!(register(ports).await, Err(RegisterError::NameTaken))
}

#[tokio::test]
async fn nothing_is_read_or_hashed_when_the_limiter_denies() {
    let limiter = denying_entry_limiter(Action::Register);
    let ports = Ports { entry_limiter: Arc::new(limiter), ..Ports::untouched() };
    let answer = ports.register().register(registration(1)).await;
    assert!(matches!(answer.result, Err(RegisterError::Limited(given)) if given == denial(Action::Register)));
    assert_eq!(answer.standing, None);
}

#[tokio::test]
async fn a_new_account_is_hashed_once_stored_pending_and_recorded() {
    let mut users = users_with(1, None);
    users
        .expect_insert_if_absent()
        .withf(|user, now| {
            let asked = registration(1);
            user.username == asked.username
                && user.credentials.salts == asked.salts
                && user.credentials.auth_key_hash == enrolled(9).build().credentials.auth_key_hash
                && user.keys == asked.keys
                && user.status == Status::registered(T0)
                && user.quota.limit_bytes == QUOTA_LIMIT_BYTES
                && user.version == Version::FIRST
                && *now == T0
        })
        .times(1)
        .returning(|_, _| Ok(Insertion::Inserted));
    let audit = recording(&[(EventKind::Registered, None)]);
    let ports = Ports { audit: Arc::new(audit), ..ports(users, hashing_once()) };
    assert!(register(ports).await.is_ok());
}

#[tokio::test]
async fn a_name_taken_during_the_hash_is_refused_after_that_one_hash() {
    let mut users = users_with(1, None);
    users.expect_insert_if_absent().times(1).returning(|_, _| Ok(Insertion::NameTaken));
    assert!(is_taken(ports(users, hashing_once())).await);
}

#[tokio::test]
async fn a_taken_name_costs_one_verification_whoever_has_it() {
    for user in [pending(), enrolled(1).build(), enrolled(1).status(Status::Disabled).build()] {
        let stored = user.credentials.auth_key_hash.clone();
        let mut hasher = MockHasher::new();
        hasher
            .expect_verify()
            .withf(move |key, hash| *key == auth_key(1) && hash.as_ref() == Some(&stored))
            .times(1)
            .returning(|_, _| Ok(Verification::Mismatch));
        assert!(is_taken(ports(users_with(1, Some(user)), hasher)).await);
    }
}

#[tokio::test]
async fn the_right_key_renews_no_account_that_is_confirmed_or_shut() {
    for status in [Status::Active, Status::Disabled] {
        let user = enrolled(1).status(status).build();
        assert!(is_taken(ports(users_with(1, Some(user.clone())), matching_hasher(1, &user))).await);
    }
}

#[tokio::test]
async fn the_right_key_renews_no_account_written_after_the_request_began() {
    let user = User { updated_at: T0.saturating_add(Duration::from_millis(1)), ..pending() };
    assert!(is_taken(ports(users_with(1, Some(user.clone())), matching_hasher(1, &user))).await);
}

#[tokio::test]
async fn the_holder_of_the_key_renews_a_pending_account_against_its_version() {
    let user = User { version: Version::from_number(4), ..pending() };
    let mut users = users_with(1, Some(user.clone()));
    let before = user.clone();
    users
        .expect_replace_pending()
        .withf(move |renewed, expected, now| {
            renewed.id == before.id
                && renewed.credentials.auth_key_hash == before.credentials.auth_key_hash
                && renewed.enrolment.sealed_secret != before.enrolment.sealed_secret
                && renewed.created_at == before.created_at
                && renewed.updated_at == T0
                && renewed.status == Status::registered(T0)
                && renewed.version == Version::from_number(5)
                && *expected == Version::from_number(4)
                && *now == T0
        })
        .times(1)
        .returning(|_, _, _| Ok(Replacement::Replaced));
    let audit = recording(&[(EventKind::RegistrationRenewed, None)]);
    let ports = Ports { audit: Arc::new(audit), ..ports(users, matching_hasher(1, &user)) };
    assert_eq!(register(ports).await.unwrap().user_id, user.id);
}

#[tokio::test]
async fn a_renewal_that_comes_too_late_finds_the_name_taken() {
    let user = pending();
    let mut users = users_with(1, Some(user.clone()));
    users.expect_replace_pending().times(1).returning(|_, _, _| Ok(Replacement::Stale));
    assert!(is_taken(ports(users, matching_hasher(1, &user))).await);
}

#[tokio::test]
async fn an_expired_account_holds_no_name() {
    let expired = enrolled(1).pending_until(T0).build();
    let mut users = users_with(1, Some(expired.clone()));
    users
        .expect_insert_if_absent()
        .withf(move |user, _| user.id != expired.id)
        .times(1)
        .returning(|_, _| Ok(Insertion::Inserted));
    let audit = recording(&[(EventKind::Registered, None)]);
    let ports = Ports { audit: Arc::new(audit), ..ports(users, hashing_once()) };
    assert!(register(ports).await.is_ok());
}

#[tokio::test]
async fn a_store_that_cannot_look_the_name_up_ends_it_before_any_hash() {
    let mut users = MockUsers::new();
    users.expect_find_by_username().times(1).returning(|_| Err(unanswered()));
    assert!(matches!(fault_of(ports(users, MockHasher::new())).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn an_overloaded_hasher_stores_nothing() {
    let retry_after = Duration::from_secs(2);
    let mut hasher = MockHasher::new();
    hasher.expect_hash().times(1).returning(move |_| Err(HasherError::Overloaded { retry_after }));
    let fault = fault_of(ports(users_with(1, None), hasher)).await;
    assert!(matches!(fault, Fault::Overloaded { retry_after: given } if given == retry_after), "{fault:?}");
}

#[tokio::test]
async fn an_account_that_cannot_be_stored_is_not_recorded() {
    let mut users = users_with(1, None);
    users.expect_insert_if_absent().times(1).returning(|_, _| Err(full()));
    assert!(matches!(fault_of(ports(users, hashing_once())).await, Fault::Full(_)));
}

#[tokio::test]
async fn a_renewal_that_cannot_be_stored_is_not_recorded() {
    let user = pending();
    let mut users = users_with(1, Some(user.clone()));
    users.expect_replace_pending().times(1).returning(|_, _, _| Err(unanswered()));
    assert!(matches!(fault_of(ports(users, matching_hasher(1, &user))).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn h04_the_secret_is_not_shown_when_the_registration_cannot_be_recorded() {
    let mut users = users_with(1, None);
    users.expect_insert_if_absent().times(1).returning(|_, _| Ok(Insertion::Inserted));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Err(full()));
    let ports = Ports { audit: Arc::new(audit), ..ports(users, hashing_once()) };
    assert!(matches!(fault_of(ports).await, Fault::Full(_)));
}

#[tokio::test]
async fn i17_without_randomness_nothing_is_stored() {
    let entropy = FakeEntropy::default();
    entropy.set_failing(true);
    let fresh = Ports { entropy: Arc::new(entropy), ..ports(users_with(1, None), hashing_once()) };
    assert!(matches!(fault_of(fresh).await, Fault::Unavailable(_)));

    let user = pending();
    let entropy = FakeEntropy::default();
    entropy.set_failing(true);
    let users = users_with(1, Some(user.clone()));
    let renewed = Ports { entropy: Arc::new(entropy), ..ports(users, matching_hasher(1, &user)) };
    assert!(matches!(fault_of(renewed).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn a_secret_that_cannot_be_sealed_or_shown_is_not_stored() {
    let sealer = FakeSealer::default();
    sealer.set_failing(true);
    let unsealed = Ports { sealer: Arc::new(sealer), ..ports(users_with(1, None), hashing_once()) };
    assert!(matches!(fault_of(unsealed).await, Fault::Unavailable(_)));

    let otp = FakeOtp::default();
    otp.set_failing(true);
    let unshown = Ports { otp: Arc::new(otp), ..ports(users_with(1, None), hashing_once()) };
    assert!(matches!(fault_of(unshown).await, Fault::Unavailable(_)));
}

#[tokio::test]
async fn the_uri_shown_is_that_of_the_secret_stored() {
    let world = World::unlimited();
    let registered = world.register(1).await.unwrap();
    let user = world.user(1);
    assert_eq!(registered.user_id, user.id);
    let secret = world.sealer.open_totp(user.id, &user.enrolment.sealed_secret).unwrap();
    let uri = world.otp.enrolment_uri(&secret, &user.username).unwrap();
    assert_eq!(registered.otpauth_uri.expose(), uri.expose());
    let events = world.audit.events();
    assert_eq!((events[0].user_id, events[0].origin), (Some(user.id), Some(origin())));
}

#[tokio::test]
async fn a_retry_gets_a_fresh_secret_and_the_old_one_stops_working() {
    let world = World::unlimited();
    let first = world.register(1).await.unwrap();
    let old_code = world.code(1);
    world.clock.advance(Duration::from_secs(1));
    let second = world.register(1).await.unwrap();
    assert_eq!(second.user_id, first.user_id);
    assert_ne!(second.otpauth_uri.expose(), first.otpauth_uri.expose());
    assert!(matches!(world.sign_in(1, old_code).await, Err(SignInError::Refused)));
    assert!(world.sign_in(1, world.code(1)).await.is_ok());
}

#[tokio::test]
async fn a_rival_with_another_key_finds_the_name_taken_and_changes_nothing() {
    let world = World::unlimited();
    world.register(1).await.unwrap();
    let before = world.user(1);
    let mut rival = registration(2);
    rival.username = before.username.clone();
    let answer = world.ports().register().register(rival).await;
    assert!(matches!(answer.result, Err(RegisterError::NameTaken)), "{:?}", answer.result);
    assert_eq!(world.store.all_users(), [before]);
    assert_eq!(world.kinds(), [EventKind::Registered]);
}

#[tokio::test]
async fn taken_and_free_names_cost_the_same_number_of_hashes() {
    let world = World::unlimited();
    world.register(1).await.unwrap();
    let after_free = world.hasher.computed();
    let mut rival = registration(2);
    rival.username = world.user(1).username;
    assert!(world.ports().register().register(rival).await.result.is_err());
    assert_eq!(world.hasher.computed() - after_free, after_free);
    assert_eq!(after_free, 1);
}

#[tokio::test]
async fn the_fourth_registration_in_an_hour_from_one_address_is_denied() {
    let world = World::limited();
    for seed in 1..=3 {
        assert!(world.register(seed).await.is_ok());
    }
    let denied = world.register(4).await;
    let Err(RegisterError::Limited(denial)) = denied else { panic!("not denied: {denied:?}") };
    world.clock.advance(denial.retry_after.saturating_sub(Duration::from_millis(1)));
    assert!(matches!(world.register(4).await, Err(RegisterError::Limited(_))));
    world.clock.advance(Duration::from_millis(1));
    assert!(world.register(4).await.is_ok());
}
