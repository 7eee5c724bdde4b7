//! A whole server on fakes, and the people who use it.

use super::{
    Ports, admission, allowing_limiter, auth_key, code_of, name_of, origin, registration, sign_in_request,
};
use epic_domain::audit::EventKind;
use epic_domain::rate_limit::Quotas;
use epic_domain::secret::SecretText;
use epic_domain::session::SessionPolicy;
use epic_domain::user::{OtpStep, RecoveryCode, SecondFactor, User};
use epic_inbound::TokenPair;
use epic_inbound::authenticate::{AuthenticateError, Authenticated};
use epic_inbound::refresh::RefreshError;
use epic_inbound::register::{RegisterError, Registered};
use epic_inbound::sign_in::{SignInError, SignedIn};
use epic_inbound::sign_out::SignOutScope;
use epic_outbound::clock::Clock;
use epic_outbound::otp::Otp;
use epic_outbound::sealer::Sealer;
use epic_tests::fakes::{
    FakeAccessLog, FakeAudit, FakeBlobs, FakeClock, FakeEntropy, FakeEntryLimiter, FakeHasher,
    FakeHeadSigner, FakeLimiter, FakeOtp, FakePasses, FakeRevocations, FakeSealer, FakeTokens, MemoryStore,
};
use std::sync::Arc;
use std::time::Duration;

/// Every fake. People are numbered: their names, keys and salts follow from the number.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) blobs: Arc<FakeBlobs>,
    pub(crate) audit: Arc<FakeAudit>,
    pub(crate) limiter: Arc<FakeLimiter>,
    pub(crate) entry_limiter: Arc<FakeEntryLimiter>,
    pub(crate) hasher: Arc<FakeHasher>,
    pub(crate) sealer: Arc<FakeSealer>,
    pub(crate) otp: Arc<FakeOtp>,
    pub(crate) tokens: Arc<FakeTokens>,
    pub(crate) passes: Arc<FakePasses>,
    pub(crate) signer: Arc<FakeHeadSigner>,
    pub(crate) revocations: Arc<FakeRevocations>,
    pub(crate) access_log: Arc<FakeAccessLog>,
    pub(crate) entropy: Arc<FakeEntropy>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) policy: SessionPolicy,
}

impl World {
    /// A server that limits nothing.
    pub(crate) fn unlimited() -> Self {
        Self::with(allowing_limiter())
    }

    /// A server with the design's limits.
    pub(crate) fn limited() -> Self {
        Self::with_quotas(Quotas::DEFAULT)
    }

    /// A server with these limits.
    pub(crate) fn with_quotas(quotas: Quotas) -> Self {
        Self::with(FakeLimiter::new(quotas))
    }

    fn with(limiter: FakeLimiter) -> Self {
        let (clock, limiter) = (Arc::<FakeClock>::default(), Arc::new(limiter));
        let entry_limiter = FakeEntryLimiter::new(Arc::clone(&limiter) as _, Arc::clone(&clock) as _);
        Self {
            store: Arc::default(),
            blobs: Arc::new(FakeBlobs::with_clock(Arc::clone(&clock))),
            audit: Arc::default(),
            limiter,
            entry_limiter: Arc::new(entry_limiter),
            hasher: Arc::default(),
            sealer: Arc::default(),
            otp: Arc::default(),
            tokens: Arc::default(),
            passes: Arc::default(),
            signer: Arc::default(),
            revocations: Arc::default(),
            access_log: Arc::default(),
            entropy: Arc::default(),
            clock,
            policy: SessionPolicy::DEFAULT,
        }
    }

    pub(crate) fn ports(&self) -> Ports {
        Ports {
            users: Arc::clone(&self.store) as _,
            files: Arc::clone(&self.store) as _,
            usages: Arc::clone(&self.store) as _,
            uploads: Arc::clone(&self.store) as _,
            shares: Arc::clone(&self.store) as _,
            links: Arc::clone(&self.store) as _,
            ledger: Arc::clone(&self.store) as _,
            blobs: Arc::clone(&self.blobs) as _,
            sessions: Arc::clone(&self.store) as _,
            audit: Arc::clone(&self.audit) as _,
            limiter: Arc::clone(&self.limiter) as _,
            entry_limiter: Arc::clone(&self.entry_limiter) as _,
            hasher: Arc::clone(&self.hasher) as _,
            sealer: Arc::clone(&self.sealer) as _,
            otp: Arc::clone(&self.otp) as _,
            tokens: Arc::clone(&self.tokens) as _,
            passes: Arc::clone(&self.passes) as _,
            signer: Arc::clone(&self.signer) as _,
            revocations: Arc::clone(&self.revocations) as _,
            up_to_date: None,
            access_log: Arc::clone(&self.access_log) as _,
            entropy: Arc::clone(&self.entropy) as _,
            clock: Arc::clone(&self.clock) as _,
            policy: self.policy,
        }
    }

    /// Lets the next one-time code come.
    pub(crate) fn next_step(&self) {
        self.clock.advance(Duration::from_secs(OtpStep::SECONDS));
    }

    /// The account of a person.
    pub(crate) fn user(&self, seed: u64) -> User {
        let name = name_of(seed);
        self.store.all_users().into_iter().find(|user| user.username == name).unwrap()
    }

    /// What the person's authenticator shows now.
    pub(crate) fn code(&self, seed: u64) -> SecondFactor {
        self.code_in(seed, OtpStep::at(self.clock.now()))
    }

    /// What the person's authenticator shows in a step.
    pub(crate) fn code_in(&self, seed: u64, step: OtpStep) -> SecondFactor {
        let user = self.user(seed);
        let secret = self.sealer.open_totp(user.id, &user.enrolment.sealed_secret).unwrap();
        SecondFactor::Code(FakeOtp::default().code_at(&secret, step).unwrap())
    }

    /// A code that the person's authenticator shows much later.
    pub(crate) fn wrong_code(&self, seed: u64) -> SecondFactor {
        self.code_in(seed, OtpStep::from_number(OtpStep::at(self.clock.now()).number() + 1_000))
    }

    pub(crate) async fn register(&self, seed: u64) -> Result<Registered, RegisterError> {
        self.ports().register().register(registration(seed)).await.result
    }

    pub(crate) async fn sign_in(&self, seed: u64, factor: SecondFactor) -> Result<SignedIn, SignInError> {
        self.ports().sign_in().sign_in(sign_in_request(seed, factor)).await.result
    }

    /// Signs in under a name that nobody has registered.
    pub(crate) async fn sign_in_unknown(&self, seed: u64) -> Result<SignedIn, SignInError> {
        self.sign_in(seed, code_of(seed, self.clock.now())).await
    }

    /// Signs in with the right name and code and another person's key.
    pub(crate) async fn sign_in_with_key_of(&self, other: u64, seed: u64) -> Result<SignedIn, SignInError> {
        let mut request = sign_in_request(seed, self.code(seed));
        request.auth_key = auth_key(other);
        self.ports().sign_in().sign_in(request).await.result
    }

    /// Registers a person and signs in for the first time; afterwards the next code is ready.
    pub(crate) async fn confirmed(&self, seed: u64) -> (SignedIn, Vec<RecoveryCode>) {
        self.register(seed).await.unwrap();
        let mut signed_in = self.sign_in(seed, self.code(seed)).await.unwrap();
        let recovery_codes = signed_in.recovery_codes.take().unwrap();
        self.next_step();
        (signed_in, recovery_codes)
    }

    /// Signs in once more; afterwards the next code is ready.
    pub(crate) async fn signed_in(&self, seed: u64) -> SignedIn {
        let signed_in = self.sign_in(seed, self.code(seed)).await.unwrap();
        self.next_step();
        signed_in
    }

    pub(crate) async fn authenticate(&self, tokens: &TokenPair) -> Result<Authenticated, AuthenticateError> {
        self.ports().authenticate().authenticate(Some(tokens.access_token.expose()), origin()).await
    }

    /// Whether the access token opens anything.
    pub(crate) async fn lets_in(&self, tokens: &TokenPair) -> bool {
        self.opens(&tokens.access_token).await
    }

    /// Whether a text opens anything as an access token.
    pub(crate) async fn opens(&self, access_token: &SecretText) -> bool {
        match self.ports().authenticate().authenticate(Some(access_token.expose()), origin()).await {
            Ok(_) => true,
            Err(AuthenticateError::Refused(_)) => false,
            Err(other) => panic!("neither in nor out: {other}"),
        }
    }

    pub(crate) async fn refresh(&self, tokens: &TokenPair) -> Result<TokenPair, RefreshError> {
        self.ports().refresh().refresh(&admission(), tokens.refresh_token.expose(), origin()).await
    }

    pub(crate) async fn sign_out(
        &self,
        caller: &Authenticated,
        scope: SignOutScope,
    ) -> Result<(), epic_inbound::Fault> {
        self.ports().sign_out().sign_out(caller, scope, origin()).await
    }

    /// The kinds of all events so far.
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.audit.events().iter().map(|event| event.kind).collect()
    }
}
