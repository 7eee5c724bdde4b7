//! What the HTTP API needs of the core.

use epic_inbound::authenticate::Authenticate;
use epic_inbound::gate::Gate;
use epic_inbound::readiness::Readiness;
use epic_inbound::refresh::Refresh;
use epic_inbound::register::Register;
use epic_inbound::request_ids::RequestIds;
use epic_inbound::salts::LookUpSalts;
use epic_inbound::sign_in::SignIn;
use epic_inbound::sign_out::SignOut;
use std::sync::Arc;

/// The use cases that the API exposes.
#[derive(Clone)]
pub struct Api {
    /// Register an account.
    pub register: Register,
    /// Sign in.
    pub sign_in: SignIn,
    /// Renew a session's tokens.
    pub refresh: Refresh,
    /// End sessions.
    pub sign_out: SignOut,
    /// Find out who is calling.
    pub authenticate: Authenticate,
    /// Look salts up.
    pub salts: LookUpSalts,
    /// Ask whether the server can work.
    pub readiness: Readiness,
    /// The limit of ordinary calls.
    pub gate: Gate,
    /// Names for requests.
    pub request_ids: Arc<RequestIds>,
}
