//! Signing in: what happens before what.

use crate::support::{
    Ports, active_user, auth_key, code_of, denial, enrolled, matching_hasher, origin, recording,
    sign_in_request, users_with, wrong_code_of,
};
use epic_domain::Timestamp;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::id::SessionId;
use epic_domain::rate_limit::{Action, Attempt, Decision, Subject};
use epic_domain::session::{Revocation, SessionPolicy};
use epic_domain::user::{OtpStep, RecoveryCode, SecondFactor, User};
use epic_inbound::sign_in::SignInError;
use epic_outbound::audit::MockAudit;
use epic_outbound::entry_limiter::MockEntryLimiter;
use epic_outbound::hasher::{MockHasher, Verification};
use epic_outbound::otp::{MockOtp, Otp};
use epic_outbound::revocations::MockRevocations;
use epic_outbound::sealer::{MockSealer, Sealer};
use epic_outbound::sessions::{MockSessions, Opening, OpeningOutcome};
use epic_outbound::users::{Consumption, MockUsers};
use epic_tests::builders::{self, T0};
use epic_tests::fakes::{FakeOtp, FakePasses, FakeSealer, FakeTokens};
use mockall::Sequence;
use std::sync::Arc;
use std::time::Duration;

/// Doubles of the ports that signing in calls, all in one order.
#[derive(Default)]
struct Script {
    order: Sequence,
    users: MockUsers,
    sessions: MockSessions,
    revocations: MockRevocations,
    audit: MockAudit,
    entry_limiter: MockEntryLimiter,
    hasher: MockHasher,
    sealer: MockSealer,
    otp: MockOtp,
}

impl Script {
    /// The attempt is counted against the address and the name, the account is found and its key verified.
    fn up_to_the_factor(user: &User) -> Self {
        let mut script = Self::default();
        let name = user.username.clone();
        script.count(vec![
            Attempt::new(Action::Login, Subject::Address(origin())),
            Attempt::new(Action::Login, Subject::NameFrom(name.clone(), origin())),
            Attempt::new(Action::LoginAccount, Subject::Name(name.clone())),
        ]);
        let found = Arc::new(user.clone());
        script
            .users
            .expect_find_by_username()
            .withf(move |username| *username == name)
            .times(1)
            .in_sequence(&mut script.order)
            .returning(move |_| Ok(Some(Arc::clone(&found))));
        let stored = user.credentials.auth_key_hash.clone();
        script
            .hasher
            .expect_verify()
            .withf(move |key, hash| *key == auth_key(1) && hash.as_ref() == Some(&stored))
            .times(1)
            .in_sequence(&mut script.order)
            .returning(|_, _| Ok(Verification::Match { outdated: false }));
        script
    }

    fn count(&mut self, expected: Vec<Attempt>) {
        self.entry_limiter
            .expect_check()
            .withf(move |attempts| attempts == expected)
            .times(1)
            .in_sequence(&mut self.order)
            .returning(|_| Ok(Decision::Allowed(None)));
    }

    fn give_back(&mut self, user: &User) {
        let expected = [guess_of(user)];
        self.entry_limiter
            .expect_give_back()
            .withf(move |attempts| attempts == expected)
            .times(1)
            .in_sequence(&mut self.order)
            .returning(|_| Ok(()));
    }

    /// A guess is counted, the secret is opened and the codes of both accepted steps are computed.
    fn look_at_the_code(&mut self, user: &User, now: Timestamp) {
        self.count(vec![guess_of(user)]);
        let (user_id, sealed) = (user.id, user.enrolment.sealed_secret.clone());
        self.sealer
            .expect_open_totp()
            .withf(move |id, envelope| *id == user_id && *envelope == sealed)
            .times(1)
            .in_sequence(&mut self.order)
            .returning(|id, envelope| FakeSealer::default().open_totp(id, envelope));
        for step in OtpStep::accepted_at(now) {
            self.otp
                .expect_code_at()
                .withf(move |_, asked| *asked == step)
                .times(1)
                .in_sequence(&mut self.order)
                .returning(|secret, asked| FakeOtp::default().code_at(secret, asked));
        }
    }

    fn spend_step(&mut self, user: &User, step: OtpStep, codes: usize, confirmed: bool) {
        let user_id = user.id;
        self.users
            .expect_consume_otp_step()
            .withf(move |id, spent, digests, now| {
                *id == user_id && *spent == step && digests.len() == codes && *now == T0
            })
            .times(1)
            .in_sequence(&mut self.order)
            .returning(move |_, _, _, _| Ok(Consumption::Consumed { confirmed }));
    }

    fn open_session(&mut self, user: &User) {
        self.open_session_in_place_of(user, &[]);
    }

    /// The session is stored, these sessions end to make room for it, and that is announced.
    fn open_session_in_place_of(&mut self, user: &User, ended: &[SessionId]) {
        let (user_id, version) = (user.id, user.version);
        let outcome = OpeningOutcome::Opened { ended: ended.to_vec() };
        self.sessions
            .expect_open()
            .withf(move |opening| {
                let Opening { session, user_version, sessions_max, revoked_until } = opening;
                session.user_id == user_id
                    && *user_version == version
                    && *sessions_max == SessionPolicy::DEFAULT.sessions_max()
                    && *revoked_until == SessionPolicy::DEFAULT.revoked_until(T0)
                    && session.origin == origin()
                    && session.created_at == T0
                    && session.ends_at == builders::seconds_after_t0(30 * 24 * 3_600).floor_to_second()
                    && session.superseded.is_none()
            })
            .times(1)
            .in_sequence(&mut self.order)
            .returning(move |_| Ok(outcome.clone()));
        let until = SessionPolicy::DEFAULT.revoked_until(T0);
        let expected: Vec<_> =
            ended.iter().map(|session_id| Revocation { session_id: *session_id, until }).collect();
        self.revocations
            .expect_announce()
            .withf(move |all| all == expected)
            .times(1)
            .in_sequence(&mut self.order)
            .return_const(());
    }

    fn record(&mut self, user: &User, kinds: &'static [EventKind], reason: Option<FailureReason>) {
        let user_id = user.id;
        self.audit
            .expect_append()
            .withf(move |events| {
                events.iter().map(|event| event.kind).eq(kinds.iter().copied())
                    && events.iter().all(|event| event.user_id == Some(user_id) && event.reason == reason)
            })
            .times(1)
            .in_sequence(&mut self.order)
            .returning(|_| Ok(()));
    }

    fn ports(self) -> Ports {
        Ports {
            users: Arc::new(self.users),
            sessions: Arc::new(self.sessions),
            revocations: Arc::new(self.revocations),
            audit: Arc::new(self.audit),
            entry_limiter: Arc::new(self.entry_limiter),
            hasher: Arc::new(self.hasher),
            sealer: Arc::new(self.sealer),
            otp: Arc::new(self.otp),
            tokens: Arc::new(FakeTokens::default()),
            passes: Arc::new(FakePasses::default()),
            ..Ports::untouched()
        }
    }
}

fn guess_of(user: &User) -> Attempt {
    Attempt::new(Action::Totp, Subject::Account(user.id))
}

#[tokio::test]
async fn a_guess_is_counted_before_the_code_is_looked_at_and_the_session_stored_before_it_is_recorded() {
    let user = active_user(1);
    let mut script = Script::up_to_the_factor(&user);
    script.look_at_the_code(&user, T0);
    script.spend_step(&user, OtpStep::at(T0), 0, false);
    script.give_back(&user);
    script.open_session(&user);
    script.record(&user, &[EventKind::Login], None);
    let answer = script.ports().sign_in().sign_in(sign_in_request(1, code_of(1, T0))).await;
    let signed_in = answer.result.unwrap();
    assert_eq!(signed_in.encrypted_mek, user.keys.encrypted_mek);
    assert_eq!(signed_in.encrypted_private_key, user.keys.encrypted_private_key);
    assert_eq!(signed_in.recovery_codes, None);
}

#[tokio::test]
async fn b10_sessions_that_end_to_make_room_are_announced_before_the_login_is_recorded_and_recorded_after_it()
{
    let user = active_user(1);
    let mut script = Script::up_to_the_factor(&user);
    script.look_at_the_code(&user, T0);
    script.spend_step(&user, OtpStep::at(T0), 0, false);
    script.give_back(&user);
    script.open_session_in_place_of(&user, &[builders::session_id(5), builders::session_id(6)]);
    script.record(&user, &[EventKind::Login, EventKind::SessionEvicted, EventKind::SessionEvicted], None);
    let answer = script.ports().sign_in().sign_in(sign_in_request(1, code_of(1, T0))).await;
    assert!(answer.result.is_ok(), "{:?}", answer.result);
}

#[tokio::test]
async fn c06_the_code_of_the_step_before_is_spent_as_that_step() {
    let user = active_user(1);
    let earlier = T0.saturating_sub(Duration::from_secs(OtpStep::SECONDS));
    let mut script = Script::up_to_the_factor(&user);
    script.look_at_the_code(&user, T0);
    script.spend_step(&user, OtpStep::at(earlier), 0, false);
    script.give_back(&user);
    script.open_session(&user);
    script.record(&user, &[EventKind::Login], None);
    let answer = script.ports().sign_in().sign_in(sign_in_request(1, code_of(1, earlier))).await;
    assert!(answer.result.is_ok(), "{:?}", answer.result);
}

#[tokio::test]
async fn c06_the_codes_of_the_step_after_and_of_two_before_are_wrong() {
    let step = Duration::from_secs(OtpStep::SECONDS);
    for strange in [T0.saturating_add(step), T0.saturating_sub(2 * step)] {
        a_code_is_refused(code_of(1, strange)).await;
    }
}

#[tokio::test]
async fn a_wrong_code_is_counted_as_a_failure_recorded_and_not_given_back() {
    a_code_is_refused(wrong_code_of(1, T0)).await;
}

async fn a_code_is_refused(code: SecondFactor) {
    let user = active_user(1);
    let mut script = Script::up_to_the_factor(&user);
    script.look_at_the_code(&user, T0);
    let user_id = user.id;
    script
        .users
        .expect_record_code_failure()
        .withf(move |id| *id == user_id)
        .times(1)
        .in_sequence(&mut script.order)
        .returning(|_| Ok(1));
    script.record(&user, &[EventKind::LoginFailed], Some(FailureReason::WrongCode));
    let answer = script.ports().sign_in().sign_in(sign_in_request(1, code)).await;
    assert!(matches!(answer.result, Err(SignInError::Refused)), "{:?}", answer.result);
}

#[tokio::test]
async fn the_first_login_stores_ten_recovery_codes_with_the_step_and_records_the_confirmation_first() {
    let user = enrolled(1).pending_until(builders::seconds_after_t0(1)).build();
    let mut script = Script::up_to_the_factor(&user);
    script.look_at_the_code(&user, T0);
    let user_id = user.id;
    script
        .hasher
        .expect_recovery_code_digest()
        .withf(move |id, _| *id == user_id)
        .times(RecoveryCode::PER_SET)
        .returning(|_, code| builders::recovery_code_digest(u64::from(code.expose()[0])));
    script.spend_step(&user, OtpStep::at(T0), RecoveryCode::PER_SET, true);
    script.give_back(&user);
    script.open_session(&user);
    script.record(&user, &[EventKind::Confirmed, EventKind::Login], None);
    let answer = script.ports().sign_in().sign_in(sign_in_request(1, code_of(1, T0))).await;
    let codes = answer.result.unwrap().recovery_codes.unwrap();
    assert_eq!(codes.len(), RecoveryCode::PER_SET);
    assert!(
        codes.iter().enumerate().all(|(place, code)| !codes[..place].contains(code)),
        "a code came twice"
    );
}

#[tokio::test]
async fn c16_a_recovery_code_is_spent_as_no_guess_and_without_the_secret_and_recorded_before_the_login() {
    let user = active_user(1);
    let code = RecoveryCode::from_randomness(&[3; 12]);
    let digest = builders::recovery_code_digest(3);
    let mut script = Script::up_to_the_factor(&user);
    let (user_id, given) = (user.id, code.clone());
    script
        .hasher
        .expect_recovery_code_digest()
        .withf(move |id, code| *id == user_id && *code == given)
        .times(1)
        .in_sequence(&mut script.order)
        .return_const(digest);
    script
        .users
        .expect_consume_recovery_code()
        .withf(move |id, spent, now| *id == user_id && *spent == digest && *now == T0)
        .times(1)
        .in_sequence(&mut script.order)
        .returning(|_, _, _| Ok(true));
    script.open_session(&user);
    script.record(&user, &[EventKind::RecoveryCodeUsed, EventKind::Login], None);
    let request = sign_in_request(1, SecondFactor::Recovery(code));
    let answer = script.ports().sign_in().sign_in(request).await;
    assert_eq!(answer.result.unwrap().recovery_codes, None);
}

#[tokio::test]
async fn a_wrong_recovery_code_counts_as_neither_a_guess_nor_a_failure() {
    let user = active_user(1);
    let mut script = Script::up_to_the_factor(&user);
    script.hasher.expect_recovery_code_digest().return_const(builders::recovery_code_digest(3));
    script
        .users
        .expect_consume_recovery_code()
        .times(1)
        .in_sequence(&mut script.order)
        .returning(|_, _, _| Ok(false));
    script.record(&user, &[EventKind::LoginFailed], Some(FailureReason::WrongCode));
    let request = sign_in_request(1, SecondFactor::Recovery(RecoveryCode::from_randomness(&[3; 12])));
    let answer = script.ports().sign_in().sign_in(request).await;
    assert!(matches!(answer.result, Err(SignInError::Refused)), "{:?}", answer.result);
}

#[tokio::test]
async fn too_many_guesses_are_refused_like_any_other_failure_and_the_code_is_not_looked_at() {
    let user = active_user(1);
    let mut limiter = MockEntryLimiter::new();
    limiter.expect_check().times(2).returning(|attempts| match attempts {
        [Attempt { action: Action::Totp, .. }] => Ok(Decision::Denied(denial(Action::Totp))),
        _ => Ok(Decision::Allowed(None)),
    });
    let ports = Ports {
        users: Arc::new(users_with(1, Some(user.clone()))),
        entry_limiter: Arc::new(limiter),
        hasher: Arc::new(matching_hasher(1, &user)),
        tokens: Arc::new(FakeTokens::default()),
        passes: Arc::new(FakePasses::default()),
        audit: Arc::new(recording(&[(EventKind::LoginFailed, Some(FailureReason::CodesHeld))])),
        ..Ports::untouched()
    };
    let answer = ports.sign_in().sign_in(sign_in_request(1, code_of(1, T0))).await;
    assert!(matches!(answer.result, Err(SignInError::Refused)), "{:?}", answer.result);
}
