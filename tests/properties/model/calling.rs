//! What callers with an access token may do.

use super::factor::Judged;
use super::{Account, Effect, Expected, Model, Plan};
use crate::request::{Calling, Errand, Reply};
use crate::system::policy;
use epic_domain::audit::{EventKind, FailureReason};
use epic_domain::id::{SessionId, UserId};
use epic_domain::network::IpPrefix;
use epic_domain::rate_limit::{Action, Attempt, Standing, Subject};
use epic_domain::session::{Claims, TokenKind};
use epic_domain::user::{OtpCode, SecondFactor};
use epic_inbound::sign_out::SignOutScope;
use std::time::Duration;

/// How long a proof of who someone is counts.
const FRESH_FOR: Duration = Duration::from_secs(180);
/// How long a proposed authenticator waits.
const CONFIRM_WITHIN: Duration = Duration::from_secs(900);

/// A recognised caller.
#[derive(Clone, Copy)]
struct Caller {
    user_id: UserId,
    session_id: SessionId,
    origin: IpPrefix,
}

impl Model {
    pub(super) fn plan_call(&mut self, calling: &Calling, errand: &Errand) -> Plan {
        let (claims, standing) = match self.recognise(calling) {
            Ok(recognised) => recognised,
            Err(plan) => return plan,
        };
        let caller =
            Caller { user_id: claims.user_id, session_id: claims.session_id, origin: calling.origin };
        let is_fresh = self.now < claims.auth_time.saturating_add(FRESH_FOR);
        let plan = if errand.needs_freshness() && !is_fresh {
            Plan::of(Reply::StepUpRequired)
        } else {
            self.plan_errand(caller, errand)
        };
        Plan { caller: Some((claims.user_id, claims.session_id)), ..plan.at(standing) }
    }

    fn recognise(&mut self, calling: &Calling) -> Result<(Claims, Option<Standing>), Plan> {
        let Some(token) = &calling.token else {
            return Err(Plan::of(Reply::Missing).at(self.admit_address(calling.origin)?));
        };
        let usable = |claims: &&Claims| {
            claims.kind == TokenKind::Access
                && self.now < claims.expires_at
                && !self.known_ends.contains_key(&claims.session_id)
        };
        let Some(claims) = token.claims.as_ref().filter(usable) else {
            return Err(Plan::of(Reply::Refused).at(self.admit_address(calling.origin)?));
        };
        let attempt = Attempt::new(Action::Api, Subject::Account(claims.user_id));
        let standing = self.check(&[attempt]).map_err(Plan::limited)?;
        if self.accounts.get(&claims.user_id).is_some_and(Account::is_active) {
            Ok((claims.clone(), standing))
        } else {
            Err(Plan::of(Reply::Refused).at(standing))
        }
    }

    fn plan_errand(&self, caller: Caller, errand: &Errand) -> Plan {
        match errand {
            Errand::Call => Plan::of(Reply::Done),
            Errand::ListSessions => Plan::of(Reply::Sessions(self.live_sessions(caller.user_id))),
            Errand::SignOut(scope) => self.plan_sign_out(caller, *scope),
            Errand::EndSession(target) => self.plan_ending(caller, *target),
            Errand::StepUp { key, factor } => self.plan_step_up(caller, *key, factor),
            Errand::ChangeCredentials { expected, key } => {
                self.plan_credentials(caller, expected.number(), *key)
            }
            Errand::ProposeTotp => Plan::of(Reply::Proposed)
                .with(Effect::ProposeTotp { user_id: caller.user_id })
                .recording(self.event(caller, EventKind::TotpProposed)),
            Errand::ConfirmTotp(code) => self.plan_confirmation(caller, code),
            Errand::RenewRecoveryCodes => Plan::of(Reply::Codes)
                .with(Effect::RenewRecoveryCodes { user_id: caller.user_id })
                .recording(self.event(caller, EventKind::RecoveryCodesRenewed)),
            Errand::SetRecoveryKey { expected, key } => {
                if self.accounts[&caller.user_id].version != expected.number() {
                    return Plan::of(Reply::Stale);
                }
                Plan::of(Reply::Done)
                    .with(Effect::SetRecoveryKey { user_id: caller.user_id, key: *key })
                    .recording(self.event(caller, EventKind::RecoveryKeySet))
            }
            Errand::DeleteAccount => {
                let (ended, until) = (self.sessions_of(caller.user_id), policy().revoked_until(self.now));
                Plan::of(Reply::Done)
                    .announcing(&ended, until)
                    .with(Effect::Remove { user_id: caller.user_id, ended, until })
                    .recording(self.event(caller, EventKind::AccountDeleted))
            }
        }
    }

    fn event(&self, caller: Caller, kind: EventKind) -> Expected {
        Expected::new(kind, self.now, caller.origin).of(caller.user_id).within(caller.session_id)
    }

    fn live_sessions(&self, user_id: UserId) -> Vec<SessionId> {
        let mut live = self.sessions_of(user_id);
        live.retain(|session_id| {
            let session = &self.sessions[session_id];
            self.now < session.ends_at && self.now < session.current.refresh_expires_at
        });
        live
    }

    fn all_but(&self, caller: Caller) -> Vec<SessionId> {
        let mut others = self.sessions_of(caller.user_id);
        others.retain(|session_id| *session_id != caller.session_id);
        others
    }

    fn plan_sign_out(&self, caller: Caller, scope: SignOutScope) -> Plan {
        let until = policy().revoked_until(self.now);
        let stored = |session_id: &SessionId| self.sessions.contains_key(session_id);
        let (ended, kind) = match scope {
            SignOutScope::Session => (vec![caller.session_id], EventKind::Logout),
            SignOutScope::Others => (self.all_but(caller), EventKind::LogoutOthers),
            SignOutScope::All => (self.sessions_of(caller.user_id), EventKind::LogoutAll),
        };
        let mut plan = Plan::of(Reply::Done).announcing(&ended, until);
        if scope != SignOutScope::Session {
            // Ends whose announcement was lost are made up for.
            let now = self.now;
            let earlier = self.durable_ends.iter().filter(|(_, until)| now < **until);
            plan.announced.extend(earlier.map(|(session_id, until)| (*session_id, *until)));
        }
        let ended: Vec<_> = ended.into_iter().filter(stored).collect();
        if !ended.is_empty() {
            plan = plan.with(Effect::End { ended, until });
        }
        plan.recording(self.event(caller, kind))
    }

    fn plan_ending(&self, caller: Caller, target: SessionId) -> Plan {
        let is_own = self.sessions.get(&target).is_some_and(|session| session.user_id == caller.user_id);
        if !is_own {
            return Plan::of(Reply::NotFound);
        }
        let until = policy().revoked_until(self.now);
        let caller = Caller { session_id: target, ..caller };
        Plan::of(Reply::Done)
            .announcing(&[target], until)
            .with(Effect::End { ended: vec![target], until })
            .recording(self.event(caller, EventKind::SessionEnded))
    }

    fn plan_step_up(&self, caller: Caller, key: u64, factor: &SecondFactor) -> Plan {
        let refused = |reason| {
            let kind = match reason {
                FailureReason::SpentCode => EventKind::OtpReplay,
                _ => EventKind::StepUpFailed,
            };
            Plan::of(Reply::Refused).recording(self.event(caller, kind).because(reason))
        };
        if self.accounts[&caller.user_id].key != key {
            return refused(FailureReason::WrongKey);
        }
        if !self.sessions.contains_key(&caller.session_id) {
            return Plan::of(Reply::Refused);
        }
        let verdict = self.judge(caller.user_id, factor);
        let stepped = self.event(caller, EventKind::StepUp);
        let after = match verdict.judged {
            Judged::Limited(denial) => Plan::limited(denial),
            Judged::Failed(reason) => refused(reason),
            Judged::Passed { .. } => Plan::of(Reply::SteppedUp).recording(stepped),
            Judged::Recovered => {
                let used = self.event(caller, EventKind::RecoveryCodeUsed);
                Plan::of(Reply::SteppedUp).with(Effect::Append(vec![used, stepped]))
            }
        };
        Plan {
            effects: verdict.effect.into_iter().chain(after.effects).collect(),
            counted: verdict.counted.into_iter().collect(),
            doubtful: verdict.doubtful.into_iter().collect(),
            ..Plan::of(after.reply)
        }
    }

    fn plan_credentials(&self, caller: Caller, expected: u64, key: u64) -> Plan {
        let user_id = caller.user_id;
        if self.accounts[&user_id].version != expected {
            return Plan::of(Reply::Stale);
        }
        let (ended, until) = (self.all_but(caller), policy().revoked_until(self.now));
        Plan::of(Reply::Done)
            .announcing(&ended, until)
            .with(Effect::ChangeCredentials { user_id, key, ended, until })
            .recording(self.event(caller, EventKind::CredentialsChanged))
    }

    fn plan_confirmation(&self, caller: Caller, code: &OtpCode) -> Plan {
        let user_id = caller.user_id;
        let proposed = self.accounts[&user_id].proposed.as_ref();
        let open = proposed.filter(|(_, at)| self.now < at.saturating_add(CONFIRM_WITHIN));
        let Some((secret, _)) = open else { return Plan::of(Reply::Refused) };
        let guess = Self::guess(user_id);
        if let Err(denial) = self.peek(&guess) {
            return Plan::limited(denial);
        }
        let Some(step) = self.step_of(secret, code) else {
            let failed = self.event(caller, EventKind::StepUpFailed).because(FailureReason::WrongCode);
            let plan = Plan::of(Reply::Refused).recording(failed);
            return Plan { counted: vec![guess.clone()], doubtful: vec![guess], ..plan };
        };
        let (ended, until) = (self.all_but(caller), policy().revoked_until(self.now));
        let plan = Plan::of(Reply::Done)
            .announcing(&ended, until)
            .with(Effect::ConfirmTotp { user_id, step, ended, until })
            .recording(self.event(caller, EventKind::TotpChanged));
        Plan { doubtful: vec![guess], ..plan }
    }
}
