//! Sample requests, and doubles that many tests share.

use epic_domain::Timestamp;
use epic_domain::audit::{Event, EventKind, FailureReason};
use epic_domain::id::SessionId;
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Decision, Denial, DenialCause, Quota, Quotas};
use epic_domain::secret::Secret;
use epic_domain::session::{DeviceName, Revocation, SessionPolicy};
use epic_domain::user::{AuthKey, OtpCode, OtpStep, SecondFactor, TotpSecret, User, Username};
use epic_inbound::change_credentials::NewCredentials;
use epic_inbound::register::Registration;
use epic_inbound::sign_in::SignInRequest;
use epic_outbound::StoreError;
use epic_outbound::audit::MockAudit;
use epic_outbound::entry_limiter::MockEntryLimiter;
use epic_outbound::hasher::{MockHasher, Verification};
use epic_outbound::otp::Otp;
use epic_outbound::revocations::MockRevocations;
use epic_outbound::sealer::Sealer;
use epic_outbound::users::MockUsers;
use epic_tests::builders::{self, UserBuilder, seeded_bytes};
use epic_tests::fakes::{FakeClock, FakeEntryLimiter, FakeLimiter, FakeOtp, FakeSealer};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

/// Where sample requests come from.
pub(crate) fn origin() -> IpPrefix {
    IpPrefix::of([192, 0, 2, 1].into())
}

/// Another address.
pub(crate) fn elsewhere() -> IpPrefix {
    IpPrefix::of([198, 51, 100, 7].into())
}

/// The name of the person of a seed.
pub(crate) fn name_of(seed: u64) -> Username {
    builders::username(&format!("user-{seed}"))
}

/// The key of the person of a seed.
pub(crate) fn auth_key(seed: u64) -> AuthKey {
    AuthKey::parse(&seeded_bytes::<32>(seed)).unwrap()
}

fn totp_secret(seed: u64) -> TotpSecret {
    TotpSecret::new(Secret::new(seeded_bytes(seed)))
}

/// The account of a seed, with an authenticator that the fake sealer opens.
pub(crate) fn enrolled(seed: u64) -> UserBuilder {
    builders::user(seed).with(|user| {
        user.enrolment.sealed_secret = FakeSealer::default().seal_totp(user.id, &totp_secret(seed)).unwrap();
    })
}

/// The active account of a seed.
pub(crate) fn active_user(seed: u64) -> User {
    enrolled(seed).build()
}

/// What the authenticator of [`enrolled`] shows at a time.
pub(crate) fn code_of(seed: u64, at: Timestamp) -> SecondFactor {
    SecondFactor::Code(code_in_step(seed, OtpStep::at(at)))
}

/// A code that the authenticator of [`enrolled`] shows a thousand steps later.
pub(crate) fn wrong_code_of(seed: u64, at: Timestamp) -> SecondFactor {
    SecondFactor::Code(code_in_step(seed, OtpStep::from_number(OtpStep::at(at).number() + 1_000)))
}

fn code_in_step(seed: u64, step: OtpStep) -> OtpCode {
    FakeOtp::default().code_at(&totp_secret(seed), step).unwrap()
}

/// What the person of a seed sends to register.
pub(crate) fn registration(seed: u64) -> Registration {
    let User { username, credentials, keys, .. } = builders::user(seed).build();
    Registration {
        username,
        salts: credentials.salts,
        kdf: credentials.kdf,
        auth_key: auth_key(seed),
        keys,
        origin: origin(),
    }
}

/// What the person of a seed sends to sign in.
pub(crate) fn sign_in_request(seed: u64, factor: SecondFactor) -> SignInRequest {
    SignInRequest {
        username: name_of(seed),
        auth_key: auth_key(seed),
        factor,
        device_name: Some(DeviceName::parse("a test").unwrap()),
        origin: origin(),
        device_pass: None,
    }
}

/// What a person sends to take over the key, salts and wrapped keys of a seed.
pub(crate) fn new_credentials(seed: u64) -> NewCredentials {
    let User { credentials, keys, .. } = builders::user(seed).build();
    NewCredentials {
        salts: credentials.salts,
        kdf: credentials.kdf,
        auth_key: auth_key(seed),
        encrypted_mek: keys.encrypted_mek,
        encrypted_private_key: keys.encrypted_private_key,
    }
}

/// A store that does not answer.
pub(crate) fn unanswered() -> StoreError {
    StoreError::Unavailable("the disk is gone".into())
}

/// A store without room.
pub(crate) fn full() -> StoreError {
    StoreError::Full("no room".into())
}

/// A refusal of the limiter.
pub(crate) fn denial(action: Action) -> Denial {
    Denial {
        action,
        quota: Quota::new(5, Duration::from_secs(300)).unwrap(),
        retry_after: Duration::from_secs(12),
        cause: DenialCause::QuotaUsed,
    }
}

/// A limiter that limits nothing.
pub(crate) fn allowing_limiter() -> FakeLimiter {
    FakeLimiter::new(
        Action::ALL.into_iter().fold(Quotas::DEFAULT, |quotas, action| quotas.with(action, None)),
    )
}

/// A limiter of the ways in that limits nothing.
pub(crate) fn allowing_entry_limiter() -> FakeEntryLimiter {
    FakeEntryLimiter::new(Arc::new(allowing_limiter()), Arc::<FakeClock>::default())
}

/// One that is asked once, for `action` first, and refuses.
pub(crate) fn denying_entry_limiter(action: Action) -> MockEntryLimiter {
    let mut limiter = MockEntryLimiter::new();
    limiter
        .expect_check()
        .withf(move |attempts| attempts.first().is_some_and(|attempt| attempt.action == action))
        .times(1)
        .returning(move |_| Ok(Decision::Denied(denial(action))));
    limiter
}

/// Accounts among which the name of `seed` is looked up once.
pub(crate) fn users_with(seed: u64, found: Option<User>) -> MockUsers {
    let mut users = MockUsers::new();
    let name = name_of(seed);
    users
        .expect_find_by_username()
        .withf(move |username| *username == name)
        .times(1)
        .return_once(|_| Ok(found.map(Arc::new)));
    users
}

/// A hasher that is asked once, for the key of `seed` and the hash of `user`, and finds that they match.
pub(crate) fn matching_hasher(seed: u64, user: &User) -> MockHasher {
    let stored = user.credentials.auth_key_hash.clone();
    let mut hasher = MockHasher::new();
    hasher
        .expect_verify()
        .withf(move |key, hash| *key == auth_key(seed) && hash.as_ref() == Some(&stored))
        .times(1)
        .returning(|_, _| Ok(Verification::Match { outdated: false }));
    hasher
}

/// An audit log that takes one batch: events of these kinds and reasons, from [`origin`].
pub(crate) fn recording(expected: &'static [(EventKind, Option<FailureReason>)]) -> MockAudit {
    let mut audit = MockAudit::new();
    audit
        .expect_append()
        .withf(move |events: &[Event]| {
            events.iter().map(|event| (event.kind, event.reason)).eq(expected.iter().copied())
                && events.iter().all(|event| event.origin == Some(origin()) && event.count == 1)
        })
        .times(1)
        .returning(|_| Ok(()));
    audit
}

/// An index that is told once, in its place in an order, that these sessions ended at `at`.
pub(crate) fn announcing(order: &mut Sequence, ended: &[SessionId], at: Timestamp) -> MockRevocations {
    let until = SessionPolicy::DEFAULT.revoked_until(at);
    let expected: Vec<_> =
        ended.iter().map(|session_id| Revocation { session_id: *session_id, until }).collect();
    let mut revocations = MockRevocations::new();
    revocations
        .expect_announce()
        .withf(move |all| all == expected)
        .times(1)
        .in_sequence(order)
        .return_const(());
    revocations
}
