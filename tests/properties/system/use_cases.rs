//! The use cases, put together by hand from the ports.

use super::parts::{Ports, policy};
use epic_domain::decoy::DecoySalts;
use epic_domain::introspection::{ClientCredentials, ClientId, ClientSecret};
use epic_domain::secret::Secret;
use epic_inbound::authenticate::{Authenticate, AuthenticatePorts};
use epic_inbound::change_credentials::{ChangeCredentials, ChangeCredentialsPorts};
use epic_inbound::delete_account::DeleteAccount;
use epic_inbound::fresh::Freshness;
use epic_inbound::gate::Gate;
use epic_inbound::housekeeping::{Housekeeping, HousekeepingPorts};
use epic_inbound::introspect::{Introspect, IntrospectPorts};
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

/// Who asks whether tokens are good.
pub(crate) const CLIENT: (&str, &str) = ("probe", "a-secret-of-thirty-two-characters");
const QUOTA_BYTES: u64 = 1 << 30;

/// The decoys of names that nobody has.
pub(crate) fn decoys() -> DecoySalts {
    DecoySalts::new(Secret::new([7; 32]))
}

/// Every use case that the stories call.
pub(crate) struct UseCases {
    pub(crate) gate: Gate,
    pub(crate) register: Register,
    pub(crate) sign_in: SignIn,
    pub(crate) salts: LookUpSalts,
    pub(crate) refresh: Refresh,
    pub(crate) authenticate: Authenticate,
    pub(crate) freshness: Freshness,
    pub(crate) own_sessions: OwnSessions,
    pub(crate) sign_out: SignOut,
    pub(crate) step_up: StepUp,
    pub(crate) change_credentials: ChangeCredentials,
    pub(crate) replace_totp: ReplaceTotp,
    pub(crate) renew_recovery_codes: RenewRecoveryCodes,
    pub(crate) set_recovery_key: SetRecoveryKey,
    pub(crate) recover: Recover,
    pub(crate) delete_account: DeleteAccount,
    pub(crate) housekeeping: Housekeeping,
    pub(crate) introspect: Introspect,
}

impl UseCases {
    pub(crate) fn of(ports: &Ports) -> Self {
        let minting = || Minting::new(ports.entropy.clone());
        let recorder = || Recorder::new(ports.audit.clone(), minting());
        let issuer = || TokenIssuer::new(ports.tokens.clone(), minting(), policy());
        let gate = || Gate::new(ports.limiter.clone(), ports.clock.clone());
        let sign_in = || ports.sign_in();
        let (users, hasher, clock) =
            (|| ports.users.clone(), || ports.hasher.clone(), || ports.clock.clone());
        let (revocations, passes) = (|| ports.revocations.clone(), || ports.passes.clone());
        Self {
            gate: gate(),
            register: Register::new(ports.register(), minting(), recorder(), QUOTA_BYTES),
            sign_in: SignIn::new(sign_in(), passes(), minting(), recorder(), issuer()),
            salts: LookUpSalts::new(users(), clock(), decoys()),
            refresh: Refresh::new(ports.refresh(), recorder(), issuer()),
            authenticate: Authenticate::new(ports.authenticate(), gate()),
            freshness: Freshness::new(clock(), policy()),
            own_sessions: OwnSessions::new(ports.own_sessions(), recorder(), issuer()),
            sign_out: SignOut::new(ports.sign_out(), recorder(), issuer()),
            step_up: StepUp::new(sign_in(), minting(), recorder(), issuer()),
            change_credentials: ChangeCredentials::new(ports.change_credentials(), recorder(), issuer()),
            replace_totp: ReplaceTotp::new(sign_in(), minting(), recorder(), issuer()),
            renew_recovery_codes: RenewRecoveryCodes::new(users(), hasher(), clock(), minting(), recorder()),
            set_recovery_key: SetRecoveryKey::new(users(), hasher(), clock(), recorder()),
            recover: Recover::new(sign_in(), passes(), minting(), recorder(), issuer()),
            delete_account: DeleteAccount::new(users(), revocations(), clock(), recorder(), issuer()),
            housekeeping: Housekeeping::new(
                ports.housekeeping(),
                ports.audit.clone(),
                ports.signer.clone(),
                recorder(),
                policy(),
            ),
            introspect: Introspect::new(ports.introspect(), clients(), gate()),
        }
    }
}

fn clients() -> ClientCredentials {
    let (id, secret) = CLIENT;
    ClientCredentials::new(vec![(ClientId::parse(id).unwrap(), ClientSecret::parse(secret).unwrap())])
}

/// Each use case's share of the ports.
impl Ports {
    fn register(&self) -> RegisterPorts {
        RegisterPorts {
            users: self.users.clone(),
            entry_limiter: self.entry_limiter.clone(),
            hasher: self.hasher.clone(),
            sealer: self.sealer.clone(),
            otp: self.otp.clone(),
            clock: self.clock.clone(),
        }
    }

    fn sign_in(&self) -> SignInPorts {
        SignInPorts {
            users: self.users.clone(),
            sessions: self.sessions.clone(),
            revocations: self.revocations.clone(),
            entry_limiter: self.entry_limiter.clone(),
            hasher: self.hasher.clone(),
            sealer: self.sealer.clone(),
            otp: self.otp.clone(),
            clock: self.clock.clone(),
        }
    }

    fn refresh(&self) -> RefreshPorts {
        RefreshPorts {
            users: self.users.clone(),
            sessions: self.sessions.clone(),
            revocations: self.revocations.clone(),
            tokens: self.tokens.clone(),
            clock: self.clock.clone(),
        }
    }

    fn authenticate(&self) -> AuthenticatePorts {
        AuthenticatePorts {
            users: self.users.clone(),
            revocations: self.revocations.clone(),
            sessions: self.sessions.clone(),
            up_to_date: None,
            tokens: self.tokens.clone(),
            access_log: self.access_log.clone(),
            clock: self.clock.clone(),
        }
    }

    fn own_sessions(&self) -> OwnSessionsPorts {
        OwnSessionsPorts {
            sessions: self.sessions.clone(),
            revocations: self.revocations.clone(),
            clock: self.clock.clone(),
        }
    }

    fn sign_out(&self) -> SignOutPorts {
        SignOutPorts {
            sessions: self.sessions.clone(),
            revocations: self.revocations.clone(),
            clock: self.clock.clone(),
        }
    }

    fn change_credentials(&self) -> ChangeCredentialsPorts {
        ChangeCredentialsPorts {
            users: self.users.clone(),
            hasher: self.hasher.clone(),
            revocations: self.revocations.clone(),
            clock: self.clock.clone(),
        }
    }

    fn housekeeping(&self) -> HousekeepingPorts {
        HousekeepingPorts {
            users: self.users.clone(),
            sessions: self.sessions.clone(),
            revocations: self.revocations.clone(),
            limiter: self.limiter.clone(),
            access_log: self.access_log.clone(),
            clock: self.clock.clone(),
        }
    }

    /// Past the faults: it is asked between commands.
    fn introspect(&self) -> IntrospectPorts {
        IntrospectPorts {
            users: self.users.clone(),
            sessions: self.sessions.clone(),
            revocations: self.revocations.clone(),
            up_to_date: None,
            tokens: self.tokens.clone(),
            clock: self.clock.clone(),
        }
    }
}
