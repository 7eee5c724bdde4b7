//! Hashes made with weaker parameters than today's: replaced when their key comes by, at no risk to the login.

use crate::support::{
    Ports, World, active_user, allowing_entry_limiter, auth_key, code_of, sign_in_request, users_with,
};
use epic_domain::user::User;
use epic_inbound::sign_in::{SignInError, SignedIn};
use epic_outbound::StoreError;
use epic_outbound::audit::MockAudit;
use epic_outbound::hasher::{HasherError, MockHasher, Verification};
use epic_outbound::sessions::{MockSessions, OpeningOutcome};
use epic_outbound::users::{Consumption, MockUsers};
use epic_tests::builders::{T0, auth_key_hash};
use epic_tests::fakes::{FakeOtp, FakePasses, FakeRevocations, FakeSealer, FakeTokens};
use std::sync::Arc;
use std::time::Duration;

/// A sign-in with the right key and code on these accounts and this hasher, which finds the hash `outdated` or not.
async fn sign_in(users: MockUsers, mut hasher: MockHasher, outdated: bool) -> Result<SignedIn, SignInError> {
    hasher.expect_verify().times(1).returning(move |_, _| Ok(Verification::Match { outdated }));
    let mut sessions = MockSessions::new();
    sessions.expect_open().returning(|_| Ok(OpeningOutcome::Opened { ended: Vec::new() }));
    let mut audit = MockAudit::new();
    audit.expect_append().times(1).returning(|_| Ok(()));
    let ports = Ports {
        users: Arc::new(users),
        sessions: Arc::new(sessions),
        audit: Arc::new(audit),
        entry_limiter: Arc::new(allowing_entry_limiter()),
        hasher: Arc::new(hasher),
        sealer: Arc::new(FakeSealer::default()),
        otp: Arc::new(FakeOtp::default()),
        tokens: Arc::new(FakeTokens::default()),
        passes: Arc::new(FakePasses::default()),
        revocations: Arc::new(FakeRevocations::default()),
        ..Ports::untouched()
    };
    ports.sign_in().sign_in(sign_in_request(1, code_of(1, T0))).await.result
}

fn spending(user: &User, consumption: Consumption) -> MockUsers {
    let mut users = users_with(1, Some(user.clone()));
    users.expect_consume_otp_step().times(1).returning(move |_, _, _, _| Ok(consumption));
    users
}

const PASSED: Consumption = Consumption::Consumed { confirmed: false };

fn hashing(result: fn() -> Result<(), HasherError>) -> MockHasher {
    let mut hasher = MockHasher::new();
    hasher
        .expect_hash()
        .withf(|key| *key == auth_key(1))
        .times(1)
        .returning(move |_| result().map(|()| auth_key_hash(50)));
    hasher
}

/// Accounts in which the hash of `user` is replaced once by the new one, with this answer.
fn replacing(user: &User, answer: fn() -> Result<bool, StoreError>) -> MockUsers {
    let mut users = spending(user, PASSED);
    let (user_id, stored) = (user.id, user.credentials.auth_key_hash.clone());
    users
        .expect_replace_hash()
        .withf(move |id, old, new| *id == user_id && *old == stored && *new == auth_key_hash(50))
        .times(1)
        .returning(move |_, _, _| answer());
    users
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_and_a_current_one_left_alone() {
    let user = active_user(1);
    assert!(sign_in(replacing(&user, || Ok(true)), hashing(|| Ok(())), true).await.is_ok());
    assert!(sign_in(spending(&user, PASSED), MockHasher::new(), false).await.is_ok());
}

#[tokio::test]
async fn a_rehash_that_fails_or_comes_too_late_does_not_fail_the_login() {
    let user = active_user(1);
    let gone = || Err(StoreError::Unavailable("the disk is gone".into()));
    assert!(sign_in(replacing(&user, gone), hashing(|| Ok(())), true).await.is_ok());
    assert!(sign_in(replacing(&user, || Ok(false)), hashing(|| Ok(())), true).await.is_ok());
    for failure in
        [(|| Err(HasherError::Overloaded { retry_after: Duration::from_secs(1) })) as fn() -> _, || {
            Err(HasherError::Unavailable("no memory".into()))
        }]
    {
        assert!(sign_in(spending(&user, PASSED), hashing(failure), true).await.is_ok());
    }
}

#[tokio::test]
async fn nothing_is_rehashed_for_someone_who_is_not_let_in() {
    let user = active_user(1);
    for consumption in [Consumption::AlreadySpent, Consumption::NotAllowed] {
        let refused = sign_in(spending(&user, consumption), MockHasher::new(), true).await;
        assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_hash_is_renewed_once_and_the_key_stays_good_and_the_version_the_same() {
    let world = World::unlimited();
    world.confirmed(1).await;
    let before = world.user(1);
    world.hasher.strengthen();
    for expected in [2, 1] {
        let hashes = world.hasher.computed();
        world.signed_in(1).await;
        assert_eq!(world.hasher.computed() - hashes, expected);
    }
    let after = world.user(1);
    assert_ne!(after.credentials.auth_key_hash, before.credentials.auth_key_hash);
    assert_eq!(after.version, before.version);
    assert_eq!(world.store.all_sessions().len(), 3, "no session ended for it");
}
