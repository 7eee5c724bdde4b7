//! The application: use cases put together by hand from the parts.

use super::parts::{Parts, Store};
use epic_http_warp::Api;
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
use epic_inbound::request_ids::RequestIds;
use epic_inbound::salts::LookUpSalts;
use epic_inbound::sessions::{OwnSessions, OwnSessionsPorts};
use epic_inbound::sign_in::{SignIn, SignInPorts};
use epic_inbound::sign_out::{SignOut, SignOutPorts};
use epic_inbound::step_up::StepUp;
use epic_inbound::{Fault, Minting, Recorder, TokenIssuer};
use std::path::PathBuf;
use std::sync::Arc;

/// Everything there is to serve and to keep in order.
pub struct Application {
    /// What the HTTP API exposes.
    pub api: Api,
    /// What the server does by itself.
    pub housekeeping: Housekeeping,
    /// The file to which signed heads of the audit log are added.
    pub audit_heads_file: PathBuf,
    /// The store, to be closed last.
    pub store: Store,
}

/// What several use cases share.
struct Common {
    minting: Minting,
    recorder: Recorder,
    issuer: TokenIssuer,
    gate: Gate,
}

impl Application {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`Fault`] when there is no randomness.
    pub fn assemble(parts: Parts) -> Result<Self, Fault> {
        let minting = Minting::new(Arc::clone(&parts.entropy));
        let common = Common {
            recorder: Recorder::new(Arc::clone(&parts.audit), minting.clone()),
            issuer: TokenIssuer::new(Arc::clone(&parts.tokens), minting.clone(), parts.session_policy),
            gate: Gate::new(Arc::clone(&parts.limiter), Arc::clone(&parts.clock)),
            minting,
        };
        let api = parts.api(&common)?;
        let housekeeping = Housekeeping::new(
            parts.housekeeping_ports(),
            Arc::clone(&parts.audit),
            Arc::clone(&parts.head_signer),
            common.recorder,
            parts.session_policy,
        );
        Ok(Self { api, housekeeping, audit_heads_file: parts.audit_heads_file, store: parts.store })
    }
}

impl Parts {
    fn api(&self, common: &Common) -> Result<Api, Fault> {
        let Common { minting, recorder, issuer, gate } = common;
        let (minting, recorder, issuer, gate) =
            (|| minting.clone(), || recorder.clone(), || issuer.clone(), || gate.clone());
        let (users, hasher, clock) =
            (|| Arc::clone(&self.users), || Arc::clone(&self.hasher), || Arc::clone(&self.clock));
        let revocations = || Arc::clone(&self.revocations);
        let passes = || Arc::clone(&self.passes);
        Ok(Api {
            register: Register::new(self.register_ports(), minting(), recorder(), self.quota_bytes),
            sign_in: SignIn::new(self.sign_in_ports(), passes(), minting(), recorder(), issuer()),
            refresh: Refresh::new(self.refresh_ports(), recorder(), issuer()),
            sign_out: SignOut::new(self.sign_out_ports(), recorder(), issuer()),
            own_sessions: OwnSessions::new(self.own_sessions_ports(), recorder(), issuer()),
            step_up: StepUp::new(self.sign_in_ports(), minting(), recorder(), issuer()),
            freshness: Freshness::new(clock(), self.session_policy),
            change_credentials: ChangeCredentials::new(self.change_credentials_ports(), recorder(), issuer()),
            replace_totp: ReplaceTotp::new(self.sign_in_ports(), minting(), recorder(), issuer()),
            renew_recovery_codes: RenewRecoveryCodes::new(users(), hasher(), clock(), minting(), recorder()),
            set_recovery_key: SetRecoveryKey::new(users(), hasher(), clock(), recorder()),
            recover: Recover::new(self.sign_in_ports(), passes(), minting(), recorder(), issuer()),
            delete_account: DeleteAccount::new(users(), revocations(), clock(), recorder(), issuer()),
            audit_trail: AuditTrail::new(Arc::clone(&self.audit)),
            public_keys: LookUpPublicKeys::new(users()),
            introspect: Introspect::new(self.introspect_ports(), self.introspection_clients.clone(), gate()),
            published_keys: PublishedKeys::new(Arc::clone(&self.tokens)),
            authenticate: Authenticate::new(self.authenticate_ports(), gate()),
            salts: LookUpSalts::new(users(), clock(), self.decoys.clone()),
            readiness: Readiness::new(Arc::clone(&self.audit)),
            gate: gate(),
            request_ids: Arc::new(RequestIds::new(clock(), self.entropy.as_ref())?),
        })
    }

    fn register_ports(&self) -> RegisterPorts {
        RegisterPorts {
            users: Arc::clone(&self.users),
            limiter: Arc::clone(&self.limiter),
            hasher: Arc::clone(&self.hasher),
            sealer: Arc::clone(&self.sealer),
            otp: Arc::clone(&self.otp),
            clock: Arc::clone(&self.clock),
        }
    }

    fn sign_in_ports(&self) -> SignInPorts {
        SignInPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            limiter: Arc::clone(&self.limiter),
            hasher: Arc::clone(&self.hasher),
            sealer: Arc::clone(&self.sealer),
            otp: Arc::clone(&self.otp),
            clock: Arc::clone(&self.clock),
        }
    }

    fn refresh_ports(&self) -> RefreshPorts {
        RefreshPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            tokens: Arc::clone(&self.tokens),
            clock: Arc::clone(&self.clock),
        }
    }

    fn sign_out_ports(&self) -> SignOutPorts {
        SignOutPorts {
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            clock: Arc::clone(&self.clock),
        }
    }

    fn own_sessions_ports(&self) -> OwnSessionsPorts {
        OwnSessionsPorts {
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            clock: Arc::clone(&self.clock),
        }
    }

    fn change_credentials_ports(&self) -> ChangeCredentialsPorts {
        ChangeCredentialsPorts {
            users: Arc::clone(&self.users),
            hasher: Arc::clone(&self.hasher),
            revocations: Arc::clone(&self.revocations),
            clock: Arc::clone(&self.clock),
        }
    }

    fn introspect_ports(&self) -> IntrospectPorts {
        IntrospectPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            tokens: Arc::clone(&self.tokens),
            clock: Arc::clone(&self.clock),
        }
    }

    fn authenticate_ports(&self) -> AuthenticatePorts {
        AuthenticatePorts {
            users: Arc::clone(&self.users),
            revocations: Arc::clone(&self.revocations),
            tokens: Arc::clone(&self.tokens),
            access_log: Arc::clone(&self.access_log),
            clock: Arc::clone(&self.clock),
        }
    }

    fn housekeeping_ports(&self) -> HousekeepingPorts {
        HousekeepingPorts {
            users: Arc::clone(&self.users),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            limiter: Arc::clone(&self.limiter),
            access_log: Arc::clone(&self.access_log),
            clock: Arc::clone(&self.clock),
        }
    }
}
