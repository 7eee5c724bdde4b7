//! Someone who knows the password and guesses codes: for a year, at the highest rate there is, and the owner's way back.

use crate::support::{Ports, World, new_credentials, origin, sign_in_request};
use epic_domain::audit::FailureReason;
use epic_domain::file::LinkToken;
use epic_domain::id::{LinkId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::secret::SecretText;
use epic_domain::user::{Enrolment, RecoveryCode, SealedSecret, SecondFactor, TotpSecret};
use epic_inbound::sign_in::{SignIn, SignInError, SignedIn};
use epic_outbound::audit::MockAudit;
use epic_outbound::passes::MockPasses;
use epic_outbound::sealer::{Sealer, SealerError};
use epic_outbound::tokens::MockTokens;
use epic_tests::fakes::FakeSealer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long three guesses last.
const WINDOW: Duration = Duration::from_secs(5 * 60);

const WINDOWS_IN_A_DAY: u32 = 24 * 3_600 / (5 * 60);

/// Counts how often a secret is opened: no code is judged without.
#[derive(Default)]
struct CountingSealer {
    sealer: FakeSealer,
    opened: AtomicU32,
}

impl Sealer for CountingSealer {
    fn seal_totp(&self, user_id: UserId, secret: &TotpSecret) -> Result<SealedSecret, SealerError> {
        self.sealer.seal_totp(user_id, secret)
    }

    fn open_totp(&self, user_id: UserId, sealed: &SealedSecret) -> Result<TotpSecret, SealerError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        self.sealer.open_totp(user_id, sealed)
    }

    fn seal_link_token(&self, link_id: LinkId, token: &LinkToken) -> Result<SealedSecret, SealerError> {
        self.sealer.seal_link_token(link_id, token)
    }

    fn open_link_token(&self, link_id: LinkId, sealed: &SealedSecret) -> Result<LinkToken, SealerError> {
        self.sealer.open_link_token(link_id, sealed)
    }
}

/// A server that keeps no note of what a year of guesses leaves behind: no log, no tokens.
fn forgetful(world: &World, sealer: &Arc<CountingSealer>) -> Ports {
    let mut audit = MockAudit::new();
    audit.expect_append().returning(|_| Ok(()));
    let mut tokens = MockTokens::new();
    let key_id = epic_domain::key_id::KeyId::parse("key-1").unwrap();
    tokens.expect_signing_key_id().return_const(key_id);
    tokens.expect_issue().returning(|_, _| Ok(SecretText::new("token".to_owned())));
    let mut passes = MockPasses::new();
    passes.expect_issue().returning(|_| Ok(SecretText::new("pass".to_owned())));
    Ports {
        audit: Arc::new(audit),
        tokens: Arc::new(tokens),
        passes: Arc::new(passes),
        sealer: Arc::clone(sealer) as _,
        ..world.ports()
    }
}

/// An address of its own for each number.
fn address(number: u32) -> IpPrefix {
    let [_, b, c, d] = number.to_be_bytes();
    IpPrefix::of([10, b, c, d].into())
}

/// Guesses for a day, with the right key and wrong codes, as often as the limits let through and once more in the first
/// window, each time from another address.
async fn guess_for_a_day(world: &World, sign_in: &SignIn, guess: &SecondFactor) {
    for window in 0..WINDOWS_IN_A_DAY {
        for number in 0..(if window == 0 { 4 } else { 3 }) {
            let mut request = sign_in_request(1, guess.clone());
            request.origin = address(window * 4 + number);
            let refused = sign_in.sign_in(request).await.result;
            assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
        }
        world.clock.advance(WINDOW);
        world.ports().housekeeping().prune_memory();
    }
}

#[tokio::test]
async fn c15_in_a_year_of_guesses_at_the_highest_rate_no_more_than_a_hundred_are_looked_at() {
    let world = World::limited();
    world.confirmed(1).await;
    let sealer = Arc::new(CountingSealer::default());
    let sign_in = forgetful(&world, &sealer).sign_in();
    let guess = world.wrong_code(1);
    for day in 1..=365 {
        guess_for_a_day(&world, &sign_in, &guess).await;
        assert_eq!(sealer.opened.load(Ordering::SeqCst), Enrolment::FAILURES_MAX, "after {day} days");
    }
}

#[tokio::test]
async fn c15_each_use_of_a_recovery_code_lets_no_more_than_a_hundred_further_guesses_through() {
    let world = World::limited();
    let (_, recovery_codes) = world.confirmed(1).await;
    let sealer = Arc::new(CountingSealer::default());
    let sign_in = forgetful(&world, &sealer).sign_in();
    let guess = world.wrong_code(1);
    for (runs, code) in (1..).zip(&recovery_codes) {
        guess_for_a_day(&world, &sign_in, &guess).await;
        assert_eq!(sealer.opened.load(Ordering::SeqCst), runs * Enrolment::FAILURES_MAX);
        world.sign_in(1, SecondFactor::Recovery(code.clone())).await.unwrap();
    }
}

/// The attacker tries the right key and a wrong code from forty addresses at once.
async fn keep_failing(world: &World) {
    for number in 0..40 {
        let mut request = sign_in_request(1, world.wrong_code(1));
        request.origin = address(number);
        assert!(world.ports().sign_in().sign_in(request).await.result.is_err());
    }
}

async fn on_known_device(
    world: &World,
    device: &SignedIn,
    factor: SecondFactor,
    key_of: u64,
) -> Result<SignedIn, SignInError> {
    let mut request = sign_in_request(1, factor);
    request.auth_key = crate::support::auth_key(key_of);
    request.device_pass = Some(SecretText::new(device.device_pass.expose().to_owned()));
    world.ports().sign_in().sign_in(request).await.result
}

#[tokio::test]
async fn c16_the_owner_gets_back_in_and_throws_the_attacker_out_while_the_attacker_keeps_failing() {
    let world = World::limited();
    let (device, recovery_codes) = world.confirmed(1).await;
    let recovery = |place: usize| SecondFactor::Recovery(RecoveryCode::clone(&recovery_codes[place]));
    while !world.user(1).enrolment.codes_are_held() {
        keep_failing(&world).await;
        world.clock.advance(WINDOW);
    }
    keep_failing(&world).await;
    let barred = on_known_device(&world, &device, world.code(1), 1).await;
    assert!(matches!(barred, Err(SignInError::Refused)), "codes are held: {barred:?}");
    let back = on_known_device(&world, &device, recovery(0), 1).await.unwrap();

    keep_failing(&world).await;
    let again = on_known_device(&world, &device, recovery(1), 1).await;
    assert!(again.is_ok(), "the attacker bars the owner: {again:?}");

    keep_failing(&world).await;
    let fresh = world.fresh(&back.tokens).await;
    let new = new_credentials(9);
    let expected = world.user(1).version;
    world.ports().change_credentials().change(&fresh, expected, new, origin()).await.unwrap();
    let failures = world.user(1).enrolment.consecutive_failures;
    world.clock.advance(WINDOW);
    keep_failing(&world).await;
    assert_eq!(world.user(1).enrolment.consecutive_failures, failures, "the key is not right any more");
    assert_eq!(world.audit.events().pop().unwrap().reason, Some(FailureReason::WrongKey));
    let at_peace = on_known_device(&world, &device, world.code(1), 9).await;
    assert!(at_peace.is_ok(), "codes work again: {at_peace:?}");
}
