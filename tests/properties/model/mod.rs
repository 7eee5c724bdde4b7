//! The reference: the rules of the service written out over plain maps.
//!
//! For a request it foresees the answer, the writes in their order, and what is then remembered in memory alone. The
//! writes are applied only when the system is seen to have made them, so a lost answer leaves the model as the store is.

mod account;
mod apply;
mod calling;
mod factor;
mod housekeeping;
mod plan;
mod recovery;
mod refreshing;
mod registering;
mod signing_in;

pub(crate) use account::Account;
pub(crate) use apply::{Seen, Stored};
pub(crate) use plan::{Effect, Expected, Named, Plan};

use crate::request::{Held, Reply, Request};
use crate::system::quotas;
use epic_domain::audit::Anchor;
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Decision, Denial, Standing, Subject};
use epic_domain::session::Session;
use epic_domain::user::OtpCode;
use epic_domain::{Monotonic, Timestamp};
use epic_outbound::limiter::Limiter;
use epic_outbound::otp::Otp;
use epic_tests::fakes::FakeLimiter;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The use of a session since the last drain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    pub(crate) user_id: UserId,
    pub(crate) at: Timestamp,
    pub(crate) count: u32,
}

/// What should be so.
pub(crate) struct Model {
    pub(crate) now: Timestamp,
    pub(crate) monotonic: Monotonic,
    /// Stored accounts, pending ones past their end included until they are swept.
    pub(crate) accounts: BTreeMap<UserId, Account>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    /// Ended sessions as the store remembers them, and until when.
    pub(crate) durable_ends: BTreeMap<SessionId, Timestamp>,
    /// The same in memory.
    pub(crate) known_ends: BTreeMap<SessionId, Timestamp>,
    pub(crate) limits: FakeLimiter,
    pub(crate) notes: BTreeMap<SessionId, Note>,
    /// Where the audit chain stands, and what must follow.
    pub(crate) anchor: Anchor,
    pub(crate) due_events: Vec<Expected>,
    signed_length: u64,
    last_inserted: Option<UserId>,
    last_opened: Option<SessionId>,
    /// The standard: which code belongs to which step.
    otp: Arc<dyn Otp>,
}

impl Model {
    pub(crate) fn new(otp: Arc<dyn Otp>) -> Self {
        Self {
            now: Timestamp::MIN,
            monotonic: Monotonic::from_millis(0),
            accounts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            durable_ends: BTreeMap::new(),
            known_ends: BTreeMap::new(),
            limits: FakeLimiter::new(quotas()),
            notes: BTreeMap::new(),
            anchor: Anchor::empty(),
            due_events: Vec::new(),
            signed_length: 0,
            last_inserted: None,
            last_opened: None,
            otp,
        }
    }

    /// Foresees a request. Limits that are counted before anything else are counted here.
    pub(crate) fn plan(&mut self, request: &Request) -> Plan {
        match request {
            Request::Register { who, key, origin } => self.plan_registration(*who, *key, *origin),
            Request::SignIn { .. } => self.plan_sign_in(request),
            Request::StartRecovery { who, key, factor, origin } => {
                self.plan_recovery(*who, *key, factor, *origin)
            }
            Request::CompleteRecovery { pass, key, origin } => self.plan_completion(pass, *key, *origin),
            Request::Refresh { token, origin } => self.plan_refresh(token, *origin),
            Request::LookUpSalts { who, origin } => self.plan_salts(*who, *origin),
            Request::Call(calling, errand) => self.plan_call(calling, errand),
            Request::KeepHouse(round) => self.plan_round(*round),
        }
    }

    /// Forgets what was only in memory, and takes up what the store remembers.
    pub(crate) fn restart(&mut self) {
        self.limits = FakeLimiter::new(quotas());
        self.notes.clear();
        let now = self.now;
        self.known_ends = self.durable_ends.clone();
        self.known_ends.retain(|_, until| now < *until);
    }

    /// The account that holds or held a name, whether or not it still exists.
    pub(crate) fn named(&self, who: u8) -> Option<(UserId, &Account)> {
        self.accounts.iter().find(|(_, account)| account.who == who).map(|(id, account)| (*id, account))
    }

    pub(crate) fn sessions_of(&self, user_id: UserId) -> Vec<SessionId> {
        self.sessions
            .values()
            .filter(|session| session.user_id == user_id)
            .map(|session| session.id)
            .collect()
    }

    /// Whether a token opens anything now, or buys the next pair.
    pub(crate) fn is_good(&self, token: &Held) -> bool {
        let Some(claims) = &token.claims else { return false };
        self.now < claims.expires_at
            && !self.known_ends.contains_key(&claims.session_id)
            && self.accounts.get(&claims.user_id).is_some_and(Account::is_active)
            && match claims.kind {
                epic_domain::session::TokenKind::Access => true,
                epic_domain::session::TokenKind::Refresh => self
                    .sessions
                    .get(&claims.session_id)
                    .is_some_and(|session| session.current.refresh_id == claims.token_id),
            }
    }

    fn check(&self, attempts: &[Attempt]) -> Result<Option<Standing>, Denial> {
        match self.limits.check(attempts, self.monotonic) {
            Decision::Allowed(standing) => Ok(standing),
            Decision::Denied(denial) => Err(denial),
        }
    }

    fn peek(&self, attempt: &Attempt) -> Result<(), Denial> {
        match self.limits.peek(core::slice::from_ref(attempt), self.monotonic) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(denial) => Err(denial),
        }
    }

    fn admit_address(&self, origin: IpPrefix) -> Result<Option<Standing>, Plan> {
        self.check(&[Attempt::new(Action::Api, Subject::Address(origin))]).map_err(Plan::limited)
    }

    /// The accepted step that a code belongs to: the present one or the one before.
    fn step_of(&self, secret: &epic_domain::user::TotpSecret, code: &OtpCode) -> Option<u64> {
        let present = self.now.as_seconds() / 30;
        [present.saturating_sub(1), present].into_iter().find(|step| self.code(secret, *step) == *code)
    }

    pub(crate) fn code(&self, secret: &epic_domain::user::TotpSecret, step: u64) -> OtpCode {
        self.otp.code_at(secret, epic_domain::user::OtpStep::from_number(step)).unwrap()
    }

    fn plan_salts(&mut self, who: u8, origin: IpPrefix) -> Plan {
        let standing = match self.admit_address(origin) {
            Ok(standing) => standing,
            Err(plan) => return plan,
        };
        let holder = self.named(who).filter(|(_, account)| account.exists_at(self.now));
        let salts = match holder {
            Some((_, account)) => account.public_salts(),
            None => account::decoy_of(who),
        };
        Plan::of(Reply::Salts(salts)).at(standing)
    }
}
