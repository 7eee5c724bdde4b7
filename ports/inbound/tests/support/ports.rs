//! Every port in one bundle, and the use cases built from it.

use epic_domain::decoy::DecoySalts;
use epic_domain::introspection::ClientCredentials;
use epic_domain::secret::Secret;
use epic_domain::session::SessionPolicy;
use epic_inbound::audit_trail::AuditTrail;
use epic_inbound::authenticate::{Authenticate, AuthenticatePorts};
use epic_inbound::change_credentials::{ChangeCredentials, ChangeCredentialsPorts};
use epic_inbound::delete_account::DeleteAccount;
use epic_inbound::fresh::Freshness;
use epic_inbound::gate::Gate;
use epic_inbound::housekeeping::{Housekeeping, HousekeepingPorts};
use epic_inbound::introspect::{Introspect, IntrospectPorts};
use epic_inbound::public_keys::LookUpPublicKeys;
use epic_inbound::published_keys::PublishedKeys;
use epic_inbound::readiness::Readiness;
use epic_inbound::recover::Recover;
use epic_inbound::recovery_codes::RenewRecoveryCodes;
use epic_inbound::recovery_key::SetRecoveryKey;
use epic_inbound::refresh::{Refresh, RefreshPorts};
use epic_inbound::register::{Register, RegisterPorts};
use epic_inbound::replace_totp::ReplaceTotp;
use epic_inbound::salts::LookUpSalts;
use epic_inbound::sessions::{OwnSessions, OwnSessionsPorts};
use epic_inbound::sign_in::{SignIn, SignInPorts};
use epic_inbound::sign_out::{SignOut, SignOutPorts};
use epic_inbound::step_up::StepUp;
use epic_inbound::{Minting, Recorder, TokenIssuer};
use epic_outbound::access_log::{AccessLog, MockAccessLog};
use epic_outbound::audit::{Audit, MockAudit};
use epic_outbound::blobs::{Blobs, MockBlobs};
use epic_outbound::changes::UpToDate;
use epic_outbound::clock::Clock;
use epic_outbound::entropy::Entropy;
use epic_outbound::entry_limiter::{EntryLimiter, MockEntryLimiter};
use epic_outbound::files::{Files, MockFiles, MockUsages, Usages};
use epic_outbound::hasher::{Hasher, MockHasher};
use epic_outbound::head_signer::{HeadSigner, MockHeadSigner};
use epic_outbound::limiter::{Limiter, MockLimiter};
use epic_outbound::links::{Links, MockLinks};
use epic_outbound::otp::{MockOtp, Otp};
use epic_outbound::passes::{MockPasses, Passes};
use epic_outbound::revocations::{MockRevocations, Revocations};
use epic_outbound::sealer::{MockSealer, Sealer};
use epic_outbound::sessions::{MockSessions, Sessions};
use epic_outbound::shares::{MockShares, Shares};
use epic_outbound::tokens::{MockTokens, Tokens};
use epic_outbound::uploads::{BlobLedger, MockBlobLedger, MockUploads, Uploads};
use epic_outbound::users::{MockUsers, Users};
use epic_tests::fakes::{FakeClock, FakeEntropy};
use std::sync::Arc;

/// What an account may store.
pub(crate) const QUOTA_LIMIT_BYTES: u64 = 5 << 30;

/// The key of decoys.
pub(crate) const DECOY_KEY: [u8; 32] = [7; 32];

/// Every port, and the session policy. A test names those it is about and fills up with `..Ports::untouched()` or `..world.ports()`.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) users: Arc<dyn Users>,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) usages: Arc<dyn Usages>,
    pub(crate) uploads: Arc<dyn Uploads>,
    pub(crate) shares: Arc<dyn Shares>,
    pub(crate) links: Arc<dyn Links>,
    pub(crate) ledger: Arc<dyn BlobLedger>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) audit: Arc<dyn Audit>,
    pub(crate) limiter: Arc<dyn Limiter>,
    pub(crate) entry_limiter: Arc<dyn EntryLimiter>,
    pub(crate) hasher: Arc<dyn Hasher>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) otp: Arc<dyn Otp>,
    pub(crate) tokens: Arc<dyn Tokens>,
    pub(crate) passes: Arc<dyn Passes>,
    pub(crate) signer: Arc<dyn HeadSigner>,
    pub(crate) revocations: Arc<dyn Revocations>,
    /// None: one node.
    pub(crate) up_to_date: Option<Arc<dyn UpToDate>>,
    pub(crate) access_log: Arc<dyn AccessLog>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: SessionPolicy,
}

impl Ports {
    /// Ports of which any call fails the test; only the clock, which stands at `T0`, and randomness work.
    pub(crate) fn untouched() -> Self {
        Self {
            users: Arc::new(MockUsers::new()),
            files: Arc::new(MockFiles::new()),
            usages: Arc::new(MockUsages::new()),
            uploads: Arc::new(MockUploads::new()),
            shares: Arc::new(MockShares::new()),
            links: Arc::new(MockLinks::new()),
            ledger: Arc::new(MockBlobLedger::new()),
            blobs: Arc::new(MockBlobs::new()),
            sessions: Arc::new(MockSessions::new()),
            audit: Arc::new(MockAudit::new()),
            limiter: Arc::new(MockLimiter::new()),
            entry_limiter: Arc::new(MockEntryLimiter::new()),
            hasher: Arc::new(MockHasher::new()),
            sealer: Arc::new(MockSealer::new()),
            otp: Arc::new(MockOtp::new()),
            tokens: Arc::new(MockTokens::new()),
            passes: Arc::new(MockPasses::new()),
            signer: Arc::new(MockHeadSigner::new()),
            revocations: Arc::new(MockRevocations::new()),
            up_to_date: None,
            access_log: Arc::new(MockAccessLog::new()),
            entropy: Arc::new(FakeEntropy::seeded(1)),
            clock: Arc::new(FakeClock::default()),
            policy: SessionPolicy::DEFAULT,
        }
    }

    pub(crate) fn minting(&self) -> Minting {
        Minting::new(Arc::clone(&self.entropy))
    }

    pub(super) fn recorder(&self) -> Recorder {
        Recorder::new(Arc::clone(&self.audit), self.minting())
    }

    fn issuer(&self) -> TokenIssuer {
        TokenIssuer::new(Arc::clone(&self.tokens), self.minting(), self.policy)
    }

    pub(crate) fn gate(&self) -> Gate {
        Gate::new(Arc::clone(&self.limiter), Arc::clone(&self.clock))
    }

    pub(crate) fn authenticate(self) -> Authenticate {
        let gate = self.gate();
        let Self { users, revocations, sessions, up_to_date, tokens, access_log, clock, .. } = self;
        let ports = AuthenticatePorts { users, revocations, sessions, up_to_date, tokens, access_log, clock };
        Authenticate::new(ports, gate)
    }

    pub(crate) fn register(self) -> Register {
        let (minting, recorder) = (self.minting(), self.recorder());
        let Self { users, entry_limiter, hasher, sealer, otp, clock, .. } = self;
        let ports = RegisterPorts { users, entry_limiter, hasher, sealer, otp, clock };
        Register::new(ports, minting, recorder, QUOTA_LIMIT_BYTES)
    }

    pub(crate) fn sign_in(self) -> SignIn {
        let (minting, recorder, issuer) = (self.minting(), self.recorder(), self.issuer());
        let passes = Arc::clone(&self.passes);
        SignIn::new(self.sign_in_ports(), passes, minting, recorder, issuer)
    }

    fn sign_in_ports(self) -> SignInPorts {
        let Self { users, sessions, revocations, entry_limiter, hasher, sealer, otp, clock, .. } = self;
        SignInPorts { users, sessions, revocations, entry_limiter, hasher, sealer, otp, clock }
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
        let Self { users, sessions, revocations, limiter, access_log, clock, audit, signer, policy, .. } =
            self;
        let ports = HousekeepingPorts { users, sessions, revocations, limiter, access_log, clock };
        Housekeeping::new(ports, audit, signer, recorder, policy)
    }

    pub(crate) fn look_up_salts(self) -> LookUpSalts {
        LookUpSalts::new(self.users, self.clock, DecoySalts::new(Secret::new(DECOY_KEY)))
    }

    pub(crate) fn readiness(self) -> Readiness {
        Readiness::new(self.audit, self.blobs)
    }

    pub(crate) fn freshness(&self) -> Freshness {
        Freshness::new(Arc::clone(&self.clock), self.policy)
    }

    pub(crate) fn step_up(self) -> StepUp {
        let (minting, recorder, issuer) = (self.minting(), self.recorder(), self.issuer());
        StepUp::new(self.sign_in_ports(), minting, recorder, issuer)
    }

    pub(crate) fn change_credentials(self) -> ChangeCredentials {
        let (recorder, issuer) = (self.recorder(), self.issuer());
        let Self { users, hasher, revocations, clock, .. } = self;
        ChangeCredentials::new(ChangeCredentialsPorts { users, hasher, revocations, clock }, recorder, issuer)
    }

    pub(crate) fn replace_totp(self) -> ReplaceTotp {
        let (minting, recorder, issuer) = (self.minting(), self.recorder(), self.issuer());
        ReplaceTotp::new(self.sign_in_ports(), minting, recorder, issuer)
    }

    pub(crate) fn renew_recovery_codes(self) -> RenewRecoveryCodes {
        let (minting, recorder) = (self.minting(), self.recorder());
        RenewRecoveryCodes::new(self.users, self.hasher, self.clock, minting, recorder)
    }

    pub(crate) fn set_recovery_key(self) -> SetRecoveryKey {
        let recorder = self.recorder();
        SetRecoveryKey::new(self.users, self.hasher, self.clock, recorder)
    }

    pub(crate) fn recover(self) -> Recover {
        let (minting, recorder, issuer) = (self.minting(), self.recorder(), self.issuer());
        let passes = Arc::clone(&self.passes);
        Recover::new(self.sign_in_ports(), passes, minting, recorder, issuer)
    }

    pub(crate) fn delete_account(self) -> DeleteAccount {
        let (recorder, issuer) = (self.recorder(), self.issuer());
        DeleteAccount::new(self.users, self.revocations, self.clock, recorder, issuer)
    }

    pub(crate) fn own_sessions(self) -> OwnSessions {
        let (recorder, issuer) = (self.recorder(), self.issuer());
        let Self { sessions, revocations, clock, .. } = self;
        OwnSessions::new(OwnSessionsPorts { sessions, revocations, clock }, recorder, issuer)
    }

    pub(crate) fn audit_trail(self) -> AuditTrail {
        AuditTrail::new(self.audit)
    }

    pub(crate) fn look_up_public_keys(self) -> LookUpPublicKeys {
        LookUpPublicKeys::new(self.users)
    }

    pub(crate) fn published_keys(self) -> PublishedKeys {
        PublishedKeys::new(self.tokens)
    }

    pub(crate) fn introspect(self, clients: ClientCredentials) -> Introspect {
        let gate = self.gate();
        let Self { users, sessions, revocations, up_to_date, tokens, clock, .. } = self;
        let ports = IntrospectPorts { users, sessions, revocations, up_to_date, tokens, clock };
        Introspect::new(ports, clients, gate)
    }
}
