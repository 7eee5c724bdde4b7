//! Builds use cases from a bundle of ports: doubles that allow no call, or fakes that work.

mod doubles;
mod world;

pub(crate) use doubles::{
    active_user, allowing_limiter, auth_key, code_of, denial, denying_limiter, elsewhere, enrolled, full,
    matching_hasher, origin, recording, registration, sign_in_request, unanswered, users_with, wrong_code_of,
};
pub(crate) use world::World;

use epic_domain::decoy::DecoySalts;
use epic_domain::secret::Secret;
use epic_domain::session::SessionPolicy;
use epic_inbound::authenticate::{Authenticate, AuthenticatePorts};
use epic_inbound::gate::{Admission, Gate};
use epic_inbound::housekeeping::{Housekeeping, HousekeepingPorts};
use epic_inbound::readiness::Readiness;
use epic_inbound::refresh::{Refresh, RefreshPorts};
use epic_inbound::register::{Register, RegisterPorts};
use epic_inbound::salts::LookUpSalts;
use epic_inbound::sign_in::{SignIn, SignInPorts};
use epic_inbound::sign_out::{SignOut, SignOutPorts};
use epic_inbound::{Minting, Recorder, TokenIssuer};
use epic_outbound::access_log::{AccessLog, MockAccessLog};
use epic_outbound::audit::{Audit, MockAudit};
use epic_outbound::clock::Clock;
use epic_outbound::entropy::Entropy;
use epic_outbound::hasher::{Hasher, MockHasher};
use epic_outbound::limiter::{Limiter, MockLimiter};
use epic_outbound::otp::{MockOtp, Otp};
use epic_outbound::revocations::{MockRevocations, Revocations};
use epic_outbound::sealer::{MockSealer, Sealer};
use epic_outbound::sessions::{MockSessions, Sessions};
use epic_outbound::tokens::{MockTokens, Tokens};
use epic_outbound::users::{MockUsers, Users};
use epic_tests::fakes::{FakeClock, FakeEntropy};
use std::sync::Arc;

/// What an account may store.
pub(crate) const QUOTA_LIMIT_BYTES: u64 = 5 << 30;

/// The key of decoys.
pub(crate) const DECOY_KEY: [u8; 32] = [7; 32];

/// Every port. A test names those it is about and fills up with `..Ports::untouched()` or `..world.ports()`.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) users: Arc<dyn Users>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) audit: Arc<dyn Audit>,
    pub(crate) limiter: Arc<dyn Limiter>,
    pub(crate) hasher: Arc<dyn Hasher>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) otp: Arc<dyn Otp>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) revocations: Arc<dyn Revocations>,
    pub(crate) access_log: Arc<dyn AccessLog>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Ports {
    /// Ports of which any call fails the test; only the clock, which stands at `T0`, and randomness work.
    pub(crate) fn untouched() -> Self {
        Self {
            users: Arc::new(MockUsers::new()),
            sessions: Arc::new(MockSessions::new()),
            audit: Arc::new(MockAudit::new()),
            limiter: Arc::new(MockLimiter::new()),
            hasher: Arc::new(MockHasher::new()),
            sealer: Arc::new(MockSealer::new()),
            otp: Arc::new(MockOtp::new()),
            tokens: Arc::new(MockTokens::new()),
            revocations: Arc::new(MockRevocations::new()),
            access_log: Arc::new(MockAccessLog::new()),
            entropy: Arc::new(FakeEntropy::seeded(1)),
            clock: Arc::new(FakeClock::default()),
        }
    }

    fn minting(&self) -> Minting {
        Minting::new(Arc::clone(&self.entropy))
    }

    fn recorder(&self) -> Recorder {
        Recorder::new(Arc::clone(&self.audit), self.minting())
    }

    fn issuer(&self) -> TokenIssuer {
        TokenIssuer::new(Arc::clone(&self.tokens), self.minting(), SessionPolicy::DEFAULT)
    }

    pub(crate) fn gate(&self) -> Gate {
        Gate::new(Arc::clone(&self.limiter), Arc::clone(&self.clock))
    }

    pub(crate) fn authenticate(self) -> Authenticate {
        let gate = self.gate();
        let Self { users, revocations, tokens, access_log, clock, .. } = self;
        Authenticate::new(AuthenticatePorts { users, revocations, tokens, access_log, clock }, gate)
    }

    pub(crate) fn register(self) -> Register {
        let (minting, recorder) = (self.minting(), self.recorder());
        let Self { users, limiter, hasher, sealer, otp, clock, .. } = self;
        let ports = RegisterPorts { users, limiter, hasher, sealer, otp, clock };
        Register::new(ports, minting, recorder, QUOTA_LIMIT_BYTES)
    }

    pub(crate) fn sign_in(self) -> SignIn {
        let (minting, recorder, issuer) = (self.minting(), self.recorder(), self.issuer());
        let Self { users, sessions, limiter, hasher, sealer, otp, clock, .. } = self;
        let ports = SignInPorts { users, sessions, limiter, hasher, sealer, otp, clock };
        SignIn::new(ports, minting, recorder, issuer)
    }

    pub(crate) fn refresh(self) -> Refresh {
        let (recorder, issuer) = (self.recorder(), self.issuer());
        let Self { users, sessions, revocations, tokens, clock, .. } = self;
        Refresh::new(RefreshPorts { users, sessions, revocations, tokens, clock }, recorder, issuer)
    }

    pub(crate) fn sign_out(self) -> SignOut {
        let (recorder, issuer) = (self.recorder(), self.issuer());
        let Self { sessions, revocations, clock, .. } = self;
        SignOut::new(SignOutPorts { sessions, revocations, clock }, recorder, issuer)
    }

    pub(crate) fn housekeeping(self) -> Housekeeping {
        let recorder = self.recorder();
        let Self { users, sessions, revocations, limiter, access_log, clock, .. } = self;
        let ports = HousekeepingPorts { users, sessions, revocations, limiter, access_log, clock };
        Housekeeping::new(ports, recorder)
    }

    pub(crate) fn look_up_salts(self) -> LookUpSalts {
        LookUpSalts::new(self.users, self.clock, DecoySalts::new(Secret::new(DECOY_KEY)))
    }

    pub(crate) fn readiness(self) -> Readiness {
        Readiness::new(self.audit)
    }
}

/// Proof that a call was let in.
pub(crate) fn admission() -> Admission {
    let ports = Ports { limiter: Arc::new(allowing_limiter()), ..Ports::untouched() };
    ports.gate().admit_address(origin()).unwrap()
}
