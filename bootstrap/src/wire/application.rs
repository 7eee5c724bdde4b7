//! The application: use cases put together by hand from the parts.

use super::parts::{Parts, Store};
use epic_http_warp::Api;
use epic_inbound::authenticate::{Authenticate, AuthenticatePorts};
use epic_inbound::gate::Gate;
use epic_inbound::housekeeping::{Housekeeping, HousekeepingPorts};
use epic_inbound::readiness::Readiness;
use epic_inbound::refresh::{Refresh, RefreshPorts};
use epic_inbound::register::{Register, RegisterPorts};
use epic_inbound::request_ids::RequestIds;
use epic_inbound::salts::LookUpSalts;
use epic_inbound::sign_in::{SignIn, SignInPorts};
use epic_inbound::sign_out::{SignOut, SignOutPorts};
use epic_inbound::{Fault, Minting, Recorder, TokenIssuer};
use std::sync::Arc;

/// Everything there is to serve and to keep in order.
pub struct Application {
    /// What the HTTP API exposes.
    pub api: Api,
    /// What the server does by itself.
    pub housekeeping: Housekeeping,
    /// The store, to be closed last.
    pub store: Store,
}

impl Application {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`Fault`] when there is no randomness.
    pub fn assemble(parts: Parts) -> Result<Self, Fault> {
        let minting = Minting::new(Arc::clone(&parts.entropy));
        let recorder = Recorder::new(Arc::clone(&parts.audit), minting.clone());
        let issuer = TokenIssuer::new(Arc::clone(&parts.tokens), minting.clone(), parts.session_policy);
        let gate = Gate::new(Arc::clone(&parts.limiter), Arc::clone(&parts.clock));
        let api = Api {
            register: Register::new(
                parts.register_ports(),
                minting.clone(),
                recorder.clone(),
                parts.quota_bytes,
            ),
            sign_in: SignIn::new(parts.sign_in_ports(), minting, recorder.clone(), issuer.clone()),
            refresh: Refresh::new(parts.refresh_ports(), recorder.clone(), issuer.clone()),
            sign_out: SignOut::new(parts.sign_out_ports(), recorder.clone(), issuer),
            authenticate: Authenticate::new(parts.authenticate_ports(), gate.clone()),
            salts: LookUpSalts::new(Arc::clone(&parts.users), Arc::clone(&parts.clock), parts.decoys.clone()),
            readiness: Readiness::new(Arc::clone(&parts.audit)),
            gate,
            request_ids: Arc::new(RequestIds::new(Arc::clone(&parts.clock), parts.entropy.as_ref())?),
        };
        let housekeeping = Housekeeping::new(parts.housekeeping_ports(), recorder);
        Ok(Self { api, housekeeping, store: parts.store })
    }
}

impl Parts {
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
